"""One pool per service; the organisation is bound to every transaction, or no row is seen.

Two ways to the same database: raw asyncpg (`Database.transaction`, `fetch`) for everything that
is a statement or a few, and an ORM session (`Database.session`) where rules need objects.
Both bind `app.organisation_id`, which the row-level policies read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from guanxi_shared.errors import Unavailable
from guanxi_shared.grouped.gathering import Gathering
from guanxi_shared.queue_bell import QueueBell

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# The organisation is bound by the statement itself, before any row is read: OFFSET 0 keeps the
# planner from flattening the lateral part, which refers to `bound` and so must run after it (a plain
# cross join may start with the table). Without a binding the policies compare with NULL.
BOUND = (
    "WITH bound AS MATERIALIZED (SELECT set_config('app.organisation_id', $1::text, true) AS id)"
)

# What asyncpg raises when the server goes away under a request: not all of it is a PostgresError.
AWAY = (
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,  # its roles are being changed
    asyncpg.DiskFullError,
    ConnectionError,
)

Connection = asyncpg.Connection | PoolConnectionProxy
LOGS = "INSERT INTO events"  # in each statement that logs a change; see events.logged
QUEUES = "INSERT INTO pgqueuer AS job"  # in pgqueuer's statement that adds an entry
LOOKUP_CONNECTIONS = 2
# Of a kind, in one statement: more make a row little cheaper, and then all wait at once.
MOST_TOGETHER = 8


def new_metadata() -> MetaData:
    """A metadata of one service: its own registry, constraint names that errors can be told by."""
    return MetaData(naming_convention=NAMING)


class Kept(asyncpg.Connection):
    """A pool's connection that knows when a statement was given up on it.

    asyncpg prepares without a Sync. Whoever is cancelled between that and the execution leaves Postgres
    within a command, whose clock (`statement_timeout`) would run out on the next who asks there."""

    __slots__ = ("has_logged", "has_queued", "is_given_up")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.is_given_up = False
        self.has_logged = self.has_queued = False  # a change, a job, since the transaction began

    async def _execute(self, query: str, *args: Any, **more: Any) -> Any:
        self.has_logged = self.has_logged or LOGS in query
        self.has_queued = self.has_queued or QUEUES in query
        try:
            return await super()._execute(query, *args, **more)  # type: ignore[misc]
        except asyncio.CancelledError:
            self.is_given_up = True
            raise

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if query.startswith("BEGIN"):
            self.has_logged = self.has_queued = False
        self.has_logged = self.has_logged or LOGS in query
        done: str = await super().execute(query, *args, timeout=timeout)
        return done


class Database:
    def __init__(self, url: str, *, pool_size: int = 16, statement_timeout_ms: int = 5000) -> None:
        self._url = url
        self._pool_size = pool_size
        self._statement_timeout_ms = statement_timeout_ms
        self._pool: asyncpg.Pool | None = None
        self._points: asyncpg.Pool | None = None
        self._walks: asyncpg.Pool | None = None
        self._lookups: asyncpg.Pool | None = None
        self._engine: AsyncEngine | None = None
        self._opened = AsyncExitStack()
        self.after_commit: Callable[[], None] = lambda: None  # wakes the feed's readers
        self.gathering = Gathering(most=MOST_TOGETHER)  # single statements; see grouped/
        self.queue_bell = QueueBell(lambda: self.points)

    @property
    def pool(self) -> asyncpg.Pool:
        if self._pool is None:
            raise Unavailable("The database pool is not open yet.")
        return self._pool

    @property
    def points(self) -> asyncpg.Pool:
        """For single statements whose best plan never changes (one row by its key, one row written):
        they keep their prepared plan. Nothing waits while it holds one of these, so that a request
        may ask for one in the middle of its transaction without waiting for its own kind for ever. `pool` plans anew each time, because the plan of a list depends on
        its values: owners among 300 took 77 ms by a kept plan, 0.4 ms by a fresh one."""
        if self._points is None:
            raise Unavailable("The database pool is not open yet.")
        return self._points

    @property
    def walks(self) -> asyncpg.Pool:
        """For lists that walk one index in its order, whatever their values are: planned once. Left to itself
        Postgres would go on planning them anew, for longer than it takes to answer (of a filter's list it
        does not know it expects ten values, so the plan that it has seems dear)."""
        if self._walks is None:
            raise Unavailable("The database pool is not open yet.")
        return self._walks

    async def open(self) -> None:
        """All of it or nothing: whoever tries again and again must not leave connections behind."""
        try:
            self._pool = await self._open_pool("force_custom_plan", self._pool_size)
            self._points = await self._open_pool("auto", self._pool_size)
            self._walks = await self._open_pool("force_generic_plan", self._pool_size, least=0)
            self._lookups = await self._open_pool("auto", LOOKUP_CONNECTIONS)
        except BaseException:
            await self.close()
            raise

    async def _open_pool(self, plans: str, size: int, *, least: int = 2) -> asyncpg.Pool:
        pool = await asyncpg.create_pool(
            self._url,
            min_size=min(least, size),
            max_size=size,
            command_timeout=self._statement_timeout_ms / 1000 + 5,
            server_settings=self._server_settings() | {"plan_cache_mode": plans},
            connection_class=Kept,
            reset=keep,
        )
        self._opened.push_async_callback(pool.close)
        return pool

    async def close(self) -> None:
        """Each pool is closed, whatever became of the others."""
        await self.queue_bell.close()
        async with self._opened:
            if self._engine is not None:
                await self._engine.dispose()

    def _server_settings(self) -> dict[str, str]:
        return {
            "timezone": "UTC",
            "statement_timeout": str(self._statement_timeout_ms),
            "lock_timeout": str(min(self._statement_timeout_ms, 4000)),
            "idle_in_transaction_session_timeout": "30000",
            "jit": "off",
            "pg_trgm.word_similarity_threshold": "0.35",
        }

    async def ping(self) -> None:
        async with self.pool.acquire(timeout=2) as connection:
            await connection.fetchval("SELECT 1", timeout=1)

    async def fetch(self, organisation_id: UUID, select: str, *args: Any) -> list[asyncpg.Record]:
        """Rows of one SELECT (its own parameters start at $2), bound in the same statement."""
        return await self.points.fetch(bound(select), str(organisation_id), *args)

    async def fetchrow(
        self, organisation_id: UUID, select: str, *args: Any
    ) -> asyncpg.Record | None:
        return await self.points.fetchrow(bound(select), str(organisation_id), *args)

    async def lookup(self, organisation_id: UUID, select: str, *args: Any) -> list[asyncpg.Record]:
        """`fetch` for what a transaction under way may have to wait for (scopes, definitions).

        On connections of its own, which no transaction holds: as many writers as there are
        connections, each waiting for one more, would wait for ever.
        """
        if self._lookups is None:
            raise Unavailable("The database pool is not open yet.")
        return await self._lookups.fetch(bound(select), str(organisation_id), *args)

    @asynccontextmanager
    async def transaction(self, organisation_id: UUID | None) -> AsyncIterator[Connection]:
        """One transaction bound to an organisation; commits on leaving, rolls back on any error.

        BEGIN and the binding travel together, so it costs two round trips, not three.
        """
        async with self.pool.acquire(timeout=2) as connection:
            await connection.execute(begin_statement(organisation_id))
            try:
                yield connection
            except BaseException:
                if connection.is_in_transaction():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
            self.committed(connection)

    def committed(self, connection: Connection) -> None:
        """Wakes who waits for what was written: readers of the feed if a change was logged, workers if a job
        was queued. Most of a consumer's transactions, and all of a limit's, have nothing for either."""
        if getattr(connection, "has_logged", True):
            self.after_commit()
        if getattr(connection, "has_queued", True):
            self.queue_bell.ring()

    @asynccontextmanager
    async def snapshot(self, organisation_id: UUID) -> AsyncIterator[Connection]:
        """Reads of one moment, bound to an organisation: all statements see the same rows."""
        async with self.pool.acquire(timeout=2) as connection:
            begin = begin_statement(organisation_id).removeprefix("BEGIN")
            await connection.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY{begin}")
            try:
                yield connection
            finally:
                if connection.is_in_transaction():
                    await connection.execute("ROLLBACK")

    @asynccontextmanager
    async def session(self, organisation_id: UUID | None) -> AsyncIterator[AsyncSession]:
        """An ORM session in one bound transaction; relationships never load by themselves."""
        async with self._sessions()() as session, session.begin():
            if organisation_id is not None:
                connection = await session.connection()
                await connection.execute(
                    text("SELECT set_config('app.organisation_id', :id, true)"),
                    {"id": str(organisation_id)},
                )
            yield session
        self.after_commit()

    def _sessions(self) -> async_sessionmaker[AsyncSession]:
        if self._engine is None:
            url = self._url.replace("postgresql://", "postgresql+asyncpg://", 1)
            self._engine = create_async_engine(
                url,
                pool_size=4,
                max_overflow=self._pool_size,
                pool_pre_ping=True,
                pool_timeout=2,
                connect_args={"server_settings": self._server_settings()},
            )
        return async_sessionmaker(self._engine, class_=AsyncSession, expire_on_commit=False)


async def raw(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection under a session, inside the session's own transaction."""
    await session.flush()
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    if driver is None:
        raise Unavailable("The session has lost its connection.")
    return driver  # type: ignore[no-any-return]


@asynccontextmanager
async def savepoint(connection: Connection) -> AsyncIterator[None]:
    """Undo one step of a transaction and keep the rest (asyncpg refuses to nest into our BEGIN)."""
    await connection.execute("SAVEPOINT step")
    try:
        yield
    except Exception:
        await connection.execute("ROLLBACK TO SAVEPOINT step")
        raise
    await connection.execute("RELEASE SAVEPOINT step")


def bound(select: str) -> str:
    found = f"SELECT inner_.* FROM ({select}) AS inner_ WHERE bound.id IS NOT NULL OFFSET 0"
    return f"{BOUND} SELECT found.* FROM bound, LATERAL ({found}) AS found"


def begin_statement(organisation_id: UUID | None) -> str:
    """BEGIN and the binding in one round trip; the id is a UUID by type, so it needs no quoting."""
    if organisation_id is None:
        return "BEGIN"
    return f"BEGIN; SELECT set_config('app.organisation_id', '{UUID(str(organisation_id))}', true)"


async def keep(connection: asyncpg.Connection) -> None:
    """Nothing outlives a transaction here (all settings are local), so a reset would cost a round
    trip for nothing; what a cancelled request left open is closed all the same."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
    elif isinstance(connection, Kept) and connection.is_given_up:
        await connection.execute("SELECT 1")
        connection.is_given_up = False
