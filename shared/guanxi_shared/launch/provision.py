"""Roles, schemas, extensions and rights, made alike at every start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
from asyncpg import Connection

from guanxi_shared.launch.binaries import OLDEST_MAJOR
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.leakproof import mark_leakproof, unmarked_functions
from guanxi_shared.launch.roles import ensure_roles, roles_of

EXTENSIONS = ("pg_trgm", "btree_gin")
LOCK = 4_771_001  # any number, the same for everybody who provisions


@dataclass(frozen=True)
class ServiceUrls:
    request: str
    feed: str
    owner: str


@dataclass(frozen=True)
class Provisioned:
    admin_url: str
    urls: Mapping[str, ServiceUrls]
    warnings: tuple[str, ...]


async def provision(
    admin_url: str,
    services: Sequence[str],
    passwords: Mapping[str, str],
    *,
    database: str | None = "guanxi",
) -> Provisioned:
    """Idempotent; `passwords` by role name. `database=None`: the one that the URL names.

    Works as superuser, or with less and warnings; LaunchError when that is too little.
    """
    connection = await _connect(admin_url)
    try:
        # Roles belong to the whole cluster: two starts at once would trip over each other.
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await _require_version(connection)
        await ensure_roles(connection, services, passwords=passwords)
        if database is None:
            warnings = await _equip(connection, services)
        else:
            await _ensure_database(connection, database)
            admin_url = with_database(admin_url, database)
            warnings = await _equip_other(admin_url, services)
    finally:
        await connection.close()
    return Provisioned(admin_url, service_urls(admin_url, services, passwords), warnings)


def service_urls(
    admin_url: str, services: Sequence[str], passwords: Mapping[str, str]
) -> dict[str, ServiceUrls]:
    """Same server, database and options as the administrator's, other users."""

    def url(role: str) -> str:
        parts = urlsplit(admin_url)
        place = parts.netloc.rpartition("@")[2]
        user = f"{role}:{quote(passwords[role], safe='')}"
        return urlunsplit(parts._replace(netloc=f"{user}@{place}"))

    return {service: ServiceUrls(*map(url, roles_of(service))) for service in services}


def with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _connect(url: str) -> Connection:
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 5432}{parts.path}"
    try:
        return await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise LaunchError(
            f"Cannot connect to the database {where}: {error or type(error).__name__} "
            "(is GUANXI_DATABASE_URL right?)."
        ) from error


async def _require_version(connection: Connection) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST_MAJOR:
        raise LaunchError(
            f"The database server is PostgreSQL {version.major}: {OLDEST_MAJOR} or newer is needed."
        )


async def _ensure_database(connection: Connection, database: str) -> None:
    found = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
    if found is None:
        await connection.execute(f'CREATE DATABASE "{database}"')


async def _equip_other(admin_url: str, services: Sequence[str]) -> tuple[str, ...]:
    connection = await _connect(admin_url)
    try:
        return await _equip(connection, services)
    finally:
        await connection.close()


async def _equip(connection: Connection, services: Sequence[str]) -> tuple[str, ...]:
    is_superuser = await connection.fetchval(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    try:
        for extension in EXTENSIONS:
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")
        for service in services:
            await _ensure_schema(connection, service, as_superuser=is_superuser)
        await _close_public(connection, services)
    except asyncpg.InsufficientPrivilegeError as error:
        raise LaunchError(
            f"The user of GUANXI_DATABASE_URL may not set up its database ({error.args[0]}): it must "
            "own the database, or be a superuser."
        ) from error
    if is_superuser:
        await mark_leakproof(connection)
    return await _warnings(connection)


async def _ensure_schema(connection: Connection, service: str, *, as_superuser: bool) -> None:
    request, feed, owner = roles_of(service)
    if not as_superuser:  # one makes things only for a role one belongs to
        await connection.execute(f"GRANT {owner} TO CURRENT_USER")
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service} GRANT"
    await connection.execute(
        f"""
        CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner};
        GRANT USAGE ON SCHEMA {service} TO {request}, {feed};
        {defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {request};
        {defaults} USAGE ON SEQUENCES TO {request};
        {defaults} EXECUTE ON FUNCTIONS TO {request};
        """
    )


async def _close_public(connection: Connection, services: Sequence[str]) -> None:
    everyone = ", ".join(role for service in services for role in roles_of(service))
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(
        f"""
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {everyone};
        GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {everyone};
        """
    )


async def _warnings(connection: Connection) -> tuple[str, ...]:
    warnings = []
    if missing := await unmarked_functions(connection):
        warnings.append(
            f"Search will be slow: {len(missing)} operators are not marked leakproof, and only a "
            f"superuser may do it (ALTER FUNCTION {missing[0]} LEAKPROOF; and so on, see "
            "`guanxi doctor`)."
        )
    if not await connection.fetchval("SELECT cardinality(show_trgm('张伟')) > 0"):
        warnings.append(
            "Search will not find parts of names beyond ASCII: the database was made with LC_CTYPE "
            "C; make it anew with LC_CTYPE 'C.UTF-8'."
        )
    return tuple(warnings)
