"""The organisation is bound before any row is read, and nothing of it stays on the connection."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from guanxi_shared import deferred
from guanxi_shared.db import BOUND, Database, bound, raw, savepoint
from guanxi_shared.errors import NotFound
from guanxi_shared.grouped import updates
from guanxi_shared.grouped.gathering import Own
from guanxi_shared.grouped.rows import Row, Shape, document
from guanxi_shared.identifiers import new_id
from guanxi_shared.record_statements import update_ctes
from tests.factories import Clients, Organisation
from tests.library.books import book, shelve
from tests.prepared import Clone

SWITCHES = (
    "enable_nestloop",
    "enable_hashjoin",
    "enable_mergejoin",
    "enable_material",
    "enable_seqscan",
    "enable_indexscan",
    "enable_bitmapscan",
    "enable_memoize",
)
SELECTS = {
    "one": "SELECT id, title FROM books WHERE organisation_id = $2 AND id = $3",
    "many": "SELECT id, title FROM books WHERE organisation_id = $2 AND owner_id = ANY($3::uuid[]) ORDER BY updated_at DESC LIMIT 50",
    "all": "SELECT id, title FROM books WHERE organisation_id = $2 AND $3::text IS NULL",
    "count": "SELECT count(*) AS n FROM books WHERE organisation_id = $2 AND $3::text IS NULL",
    "keyed": "SELECT id, title FROM books WHERE organisation_id = $2 AND id = ANY(ARRAY(SELECT s.id FROM books_search s WHERE s.organisation_id = $2 AND $3::text IS NULL))",
    "join": "SELECT b.id FROM books b JOIN events e ON e.subject_id = b.id WHERE b.organisation_id = $2 AND $3::text IS NULL",
}  # fmt: skip


@pytest.fixture
async def connection(database: Clone) -> AsyncIterator[asyncpg.Connection]:
    """A fresh connection of the request role."""
    connection = await asyncpg.connect(database.urls["library"].request)
    yield connection
    await connection.close()


@pytest.fixture
async def shelf(client: Clients, organisation: Organisation) -> list[dict[str, Any]]:
    return await shelve(client(organisation.rep), [{"title": str(n)} for n in range(5)])


def _third(name: str, shelf: list[dict[str, Any]]) -> Any:
    return {"one": shelf[0]["id"], "many": [shelf[0]["owner_id"]]}.get(name)


@pytest.mark.parametrize("plans", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("name", SELECTS)
async def test_under_no_plan_a_row_is_read_before_the_binding(
    connection: asyncpg.Connection, organisation: Organisation, shelf: list[dict[str, Any]],
    name: str, plans: str,
) -> None:  # fmt: skip
    """A plan that read the rows first would find none: the policy would compare with nothing."""
    sql, third = bound(SELECTS[name]), _third(name, shelf)
    await connection.execute(f"SET plan_cache_mode = {plans}")
    expected = {"one": 1, "count": 1}.get(name, 5)
    for off in _switched_off():
        await connection.execute(
            "".join(f"SET {s} = {'off' if s in off else 'on'};" for s in SWITCHES)
        )
        rows = await connection.fetch(sql, str(organisation.id), organisation.id, third)
        assert len(rows) == expected, off
        if name == "count":
            assert rows[0]["n"] == 5
        plan = await connection.fetchval(
            f"EXPLAIN (FORMAT JSON) {sql}", str(organisation.id), organisation.id, third
        )
        top = orjson.loads(plan)[0]["Plan"]
        assert _reads_binding_first(top), plan


@pytest.mark.parametrize("plans", ["force_generic_plan", "force_custom_plan"])
async def test_under_no_plan_a_record_to_write_is_looked_for_before_the_binding(
    connection: asyncpg.Connection, client: Clients, organisation: Organisation,
    shelf: list[dict[str, Any]], plans: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The update of one, and that of several: a plan that began with the table would write nothing."""
    seen: list[tuple[Shape, Sequence[Row]]] = []

    async def left_alone(_: Any, __: UUID, shape: Shape, rows: Sequence[Row]) -> list[Own]:
        seen.append((shape, rows))
        return [Own.WAY for _ in rows]

    monkeypatch.setattr(deferred, "update_together", left_alone)
    rep = client(organisation.rep)
    for _ in range(2):  # the second time everything is known, and all arrive in one turn
        asked = (rep.patch(f"/v1/books/{b['id']}", json={"title": f"T{new_id()}"}) for b in shelf)
        assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}
    shape, rows = max(seen, key=lambda each: len(each[1]))
    assert len(rows) > 1
    versions = {b["id"]: (await rep.get(f"/v1/books/{b['id']}")).json()["version"] for b in shelf}
    rows = [
        replace(row, at=versions[str(row.id)], event=[*row.event[:1], new_id(), *row.event[2:]])
        for row in rows  # their own events are written already
    ]
    target = deferred.ALONE_TARGET.format(table=shape.table.name)
    alone = f"{BOUND}, {target}, {update_ctes(*shape.written)(4)}"
    first = rows[0]
    await connection.execute(f"SET plan_cache_mode = {plans}")
    for off in _switched_off():
        await connection.execute(
            "".join(f"SET {s} = {'off' if s in off else 'on'};" for s in SWITCHES)
        )
        for sql, arguments, ids in (
            (
                alone,
                (first.id, first.at, *shape.parameters(first.columns), *first.event),
                {first.id},
            ),
            (updates.statement(shape), (_json_of(shape, rows),), {row.id for row in rows}),
        ):
            await connection.execute("BEGIN")
            found = await connection.fetch(sql, str(organisation.id), *arguments)
            await connection.execute("ROLLBACK")
            assert {record["id"] for record in found} == ids, off


def _json_of(shape: Shape, rows: Sequence[Row]) -> str:
    documents = [document(shape, row) or b"" for row in rows]
    return (b"[" + b",".join(documents) + b"]").decode()


def _switched_off() -> Iterator[tuple[str, ...]]:
    yield ()
    yield from ((switch,) for switch in SWITCHES)
    yield from itertools.combinations(SWITCHES[:6], 2)
    yield SWITCHES


def _reads_binding_first(plan: dict[str, Any]) -> bool:
    """Scans in the order of the tree: the binding's comes before that of any table."""
    order = list(_scans(plan))
    return bool(order) and order[0] == "bound"


def _scans(plan: dict[str, Any]) -> Iterator[str]:
    children = plan.get("Plans", [])
    if plan["Node Type"] == "CTE Scan":
        yield plan["CTE Name"]
    elif "Relation Name" in plan:
        yield plan["Relation Name"]
    for child in children:
        if child.get("Parent Relationship") == "InitPlan":
            continue
        yield from _scans(child)


async def test_nothing_of_a_binding_stays_on_the_connection(
    connection: asyncpg.Connection, organisation: Organisation, shelf: list[dict[str, Any]]
) -> None:
    sql = bound(SELECTS["all"])
    assert len(await connection.fetch(sql, str(organisation.id), organisation.id, None)) == 5
    assert not await connection.fetchval("SELECT current_setting('app.organisation_id', true)")
    assert await connection.fetch("SELECT id FROM books") == []
    failing = bound("SELECT 1 / (count(*) - count(*)) FROM books WHERE organisation_id = $2")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.fetch(failing, str(organisation.id), organisation.id)
    assert await connection.fetch("SELECT id FROM books") == []


async def test_a_transaction_binds_until_its_end_however_it_ends(
    service_database: Database, organisation: Organisation, shelf: list[dict[str, Any]]
) -> None:
    for error in (None, ValueError, NotFound):
        try:
            async with service_database.transaction(organisation.id) as connection:
                assert await connection.fetchval("SELECT count(*) FROM books") == 5
                if error is not None:
                    raise error("x")
        except (ValueError, NotFound):
            assert error is not None
        async with service_database.transaction(None) as connection:
            assert await connection.fetchval("SELECT count(*) FROM books") == 0


async def test_a_session_binds_its_transaction(
    service_database: Database, organisation: Organisation, shelf: list[dict[str, Any]]
) -> None:
    async with service_database.session(organisation.id) as session:
        assert await (await raw(session)).fetchval("SELECT count(*) FROM books") == 5
    async with service_database.session(None) as session:
        assert await (await raw(session)).fetchval("SELECT count(*) FROM books") == 0


async def test_a_forgotten_binding_sees_and_changes_nothing(
    connection: asyncpg.Connection, organisation: Organisation, shelf: list[dict[str, Any]]
) -> None:
    for table in ("books", "events", "idempotency", "jobs", "directory_users", "custom_fields"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    assert await connection.execute("UPDATE books SET title = 'x'") == "UPDATE 0"
    assert await connection.execute("DELETE FROM books") == "DELETE 0"
    insert = "INSERT INTO books (organisation_id, id, title) VALUES ($1, $2, 'x')"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(insert, organisation.id, new_id())


@pytest.mark.parametrize(
    "binding", ["", "x", "00000000-0000-0000-0000-000000000000", "' OR true --"]
)
async def test_a_binding_to_nobody_sees_nothing(
    connection: asyncpg.Connection, shelf: list[dict[str, Any]], binding: str
) -> None:
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.organisation_id', $1, true)", binding)
        try:
            assert await connection.fetchval("SELECT count(*) FROM books") == 0
        except asyncpg.InvalidTextRepresentationError:
            assert binding in ("x", "' OR true --")


async def test_a_row_cannot_be_moved_or_written_into_another_organisation(
    service_database: Database, organisation: Organisation, shelf: list[dict[str, Any]]
) -> None:
    foreign = uuid4()
    async with service_database.transaction(organisation.id) as connection:
        for statement, *values in (
            ("UPDATE books SET organisation_id = $1", foreign),
            (
                "INSERT INTO books (organisation_id, id, title) VALUES ($1, $2, 'x')",
                foreign,
                new_id(),
            ),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with savepoint(connection):
                    await connection.execute(statement, *values)


FORBIDDEN = (
    "UPDATE events SET type = 'x'",
    "DELETE FROM events",
    "TRUNCATE books",
    "TRUNCATE events",
    "UPDATE feed_head SET position = 0",
    "DROP TABLE books",
    "ALTER TABLE books DISABLE ROW LEVEL SECURITY",
    "CREATE TABLE mine (id int)",
    "CREATE TABLE public.mine (id int)",
    "SET ROLE library_owner",
    "SET ROLE library_feed",
    "SET SESSION AUTHORIZATION postgres",
    "SELECT * FROM contacts.accounts",
    "SELECT * FROM gateway.users",
    "COPY books TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "ALTER ROLE library BYPASSRLS",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_request_role_may_not(
    connection: asyncpg.Connection, organisation: Organisation, shelf: Any, statement: str
) -> None:
    async with connection.transaction():
        await connection.execute(
            "SELECT set_config('app.organisation_id', $1, true)", str(organisation.id)
        )
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError)):
            async with connection.transaction():
                await connection.execute(statement)


async def test_row_security_switched_off_by_a_session_shows_an_error_and_no_rows(
    connection: asyncpg.Connection, shelf: list[dict[str, Any]]
) -> None:
    await connection.execute("SET row_security = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("SELECT * FROM books")


async def test_the_feed_role_reads_events_and_nothing_else(
    database: Clone, client: Clients, organisation: Organisation
) -> None:
    made = await book(client(organisation.rep))
    feed = await asyncpg.connect(database.urls["library"].feed)
    try:
        found = await feed.fetchval(
            "SELECT count(*) FROM events WHERE subject_id = $1", UUID(made["id"])
        )
        assert found == 1
        for statement in (
            "SELECT * FROM books", "SELECT * FROM idempotency", "SELECT * FROM directory_users",
            "UPDATE events SET after = '{}'", "DELETE FROM events", "INSERT INTO feed_cursors VALUES ('x')",
            "UPDATE feed_head SET epoch = gen_random_uuid()", "SELECT * FROM contacts.events",
        ):  # fmt: skip
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError)):
                await feed.execute(statement)
    finally:
        await feed.close()


async def test_the_owner_itself_is_held_by_the_policies(
    database: Clone, shelf: list[dict[str, Any]]
) -> None:
    owner = await asyncpg.connect(database.urls["library"].owner)
    try:
        assert await owner.fetchval("SELECT count(*) FROM books") == 0
    finally:
        await owner.close()


async def test_a_month_of_the_log_is_not_reached_around_its_parent(
    connection: asyncpg.Connection, organisation: Organisation, shelf: list[dict[str, Any]]
) -> None:
    months = await connection.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass"
    )
    assert len(months) >= 13
    for month in months:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {month['name']}")


async def test_a_statement_given_up_before_it_ran_costs_the_next_one_nothing(
    database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prepared and never run, it leaves the clock of `statement_timeout` running in Postgres."""
    prepare = asyncpg.Connection._get_statement  # type: ignore[attr-defined]

    async def given_up(*args: Any, **how: Any) -> Any:
        statement = await prepare(*args, **how)
        task = asyncio.current_task()
        if "given up" in args[1] and task is not None:
            task.cancel()
            await asyncio.sleep(0)
        return statement

    monkeypatch.setattr(asyncpg.Connection, "_get_statement", given_up)
    opened = Database(database.urls["library"].request, pool_size=1, statement_timeout_ms=2_000)
    await opened.open()
    try:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(opened.pool.fetch("SELECT 'given up', $1::int", 1))
        await asyncio.sleep(1.5)
        assert await opened.pool.fetchval("SELECT pg_sleep(1) IS NOT NULL AND $1", True)
    finally:
        await opened.close()


async def test_a_database_that_cannot_be_opened_wholly_leaves_no_connection_behind(
    database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker tries again each second until its server is there."""
    create_pool, made = asyncpg.create_pool, list[asyncpg.Pool]()

    async def at_most_two(*args: Any, **how: Any) -> asyncpg.Pool:
        if len(made) == 2:
            raise asyncpg.TooManyConnectionsError("sorry, too many clients already")
        made.append(await create_pool(*args, **how))
        return made[-1]

    monkeypatch.setattr(asyncpg, "create_pool", at_most_two)
    opened = Database(database.urls["library"].request, pool_size=2)
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await opened.open()
    assert [pool.is_closing() for pool in made] == [True, True]
    monkeypatch.undo()
    await opened.open()
    await opened.ping()
    await opened.close()
