"""What `guanxi doctor` looks at; each check answers with findings and raises nothing."""

import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from asyncpg import Connection

from guanxi_gateway.cli.running import running_processes
from guanxi_gateway.models import PLATFORM_TABLES
from guanxi_shared.launch.binaries import find_binaries
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.leakproof import unmarked_functions
from guanxi_shared.launch.migrating import schema_is_current
from guanxi_shared.launch.place import make_data_dir
from guanxi_shared.launch.ports import refusal
from guanxi_shared.launch.roles import roles_of
from guanxi_shared.launch.services import GATEWAY, Service
from guanxi_shared.launch.settings import LaunchSettings

Verdict = Literal["ok", "warning", "failure"]
OLDEST_PYTHON = (3, 11)
GIGABYTE = 1_000_000_000

UNFORCED = """
SELECT relname FROM pg_class
WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p')
  AND NOT (relrowsecurity AND relforcerowsecurity)
  AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = oid AND attname = 'organisation_id')
ORDER BY relname
"""
TOO_MIGHTY = """
SELECT rolname FROM pg_roles
WHERE rolname = ANY($1::text[])
  AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
"""
# The request role owns nothing and cannot empty a table behind the log's back.
WRONG_RIGHTS = """
SELECT relname FROM pg_class
WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p')
  AND (pg_get_userbyid(relowner) <> $3 OR has_table_privilege($2, oid, 'TRUNCATE'))
ORDER BY relname
"""
REACHES = """
SELECT nspname FROM pg_namespace
WHERE nspname = ANY($2::text[]) AND has_schema_privilege($1, oid, 'USAGE')
"""


@dataclass(frozen=True)
class Finding:
    about: str
    verdict: Verdict
    detail: str


def check_machine(settings: LaunchSettings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    fits = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding("Python", "ok" if fits else "failure", version)
    yield from _check_binaries(settings)
    yield from _check_data_dir(settings)
    yield _check_port(settings)


def _check_binaries(settings: LaunchSettings) -> Iterator[Finding]:
    try:
        found = find_binaries()
    except LaunchError as error:
        needed = settings.database_url is None
        yield Finding("PostgreSQL programs", "failure" if needed else "warning", str(error))
    else:
        yield Finding("PostgreSQL programs", "ok", f"{found.version} in {found.folder}")


def _check_data_dir(settings: LaunchSettings) -> Iterator[Finding]:
    try:
        make_data_dir(settings.data_dir)
    except LaunchError as error:
        yield Finding("data folder", "failure", str(error))
        return
    yield Finding("data folder", "ok", str(settings.data_dir))
    free = shutil.disk_usage(settings.data_dir).free / GIGABYTE
    verdict: Verdict = "ok" if free > 1 else "warning" if free > 0.1 else "failure"
    yield Finding("disk", verdict, f"{free:.1f} GB free")


def _check_port(settings: LaunchSettings) -> Finding:
    about = f"port {settings.port}"
    if any(entry.name == GATEWAY for entry in running_processes(settings)):
        return Finding(about, "ok", "the gateway listens there")
    reason = refusal(settings.host, settings.port)
    if reason is None:
        return Finding(about, "ok", "free")
    return Finding(about, "failure", f"{reason.strerror}: choose another with GUANXI_PORT")


def check_processes(settings: LaunchSettings) -> Iterator[Finding]:
    entries = running_processes(settings)
    if not entries:
        yield Finding("processes", "ok", "the suite does not run")
    for entry in entries:
        detail = f"{entry.state}, process {entry.pid}, {entry.restarts} restarts"
        yield Finding(entry.name, "ok" if entry.state == "ready" else "failure", detail)


async def check_database(
    connection: Connection, services: Sequence[Service]
) -> AsyncIterator[Finding]:
    size = await connection.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
    version = await connection.fetchval("SHOW server_version")
    yield Finding("database", "ok", f"PostgreSQL {version}, {size}")
    unmarked = await unmarked_functions(connection)
    detail = f"not leakproof: {', '.join(unmarked)}" if unmarked else "all marked leakproof"
    yield Finding("search operators", "warning" if unmarked else "ok", detail)
    for service in services:
        others = [other.name for other in services if other != service]
        yield await _check_migrations(connection, service)
        yield await _check_roles(connection, service, others=others)
        yield await _check_policies(connection, service)
        yield await _check_feed(connection, service)


async def _check_migrations(connection: Connection, service: Service) -> Finding:
    about = f"{service.name}: migrations"
    if await schema_is_current(connection, service.name, service.package):
        return Finding(about, "ok", "up to date")
    return Finding(about, "warning", "the next start brings them up to date")


async def _check_roles(connection: Connection, service: Service, *, others: list[str]) -> Finding:
    about = f"{service.name}: roles"
    request, _, owner = roles = roles_of(service.name)
    mighty = [row["rolname"] for row in await connection.fetch(TOO_MIGHTY, list(roles))]
    if mighty:
        return Finding(about, "failure", f"may do too much: {', '.join(mighty)}")
    if (
        await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = ANY($1)", roles)
        < 3
    ):
        return Finding(about, "failure", "some are missing; the next start makes them")
    wrong = await connection.fetch(WRONG_RIGHTS, service.name, request, owner)
    if wrong:
        named = ", ".join(row["relname"] for row in wrong)
        return Finding(about, "failure", f"{named}: owned by another than {owner}, or truncatable")
    reached = await connection.fetch(REACHES, request, others)
    if reached:
        named = ", ".join(row["nspname"] for row in reached)
        return Finding(about, "failure", f"{request} reaches the schema of {named}")
    return Finding(about, "ok", "their own schema and no more")


async def _check_policies(connection: Connection, service: Service) -> Finding:
    rows = await connection.fetch(UNFORCED, service.name)
    about = f"{service.name}: row-level security"
    names = [row["relname"] for row in rows if row["relname"] not in PLATFORM_TABLES]
    if names:
        named = ", ".join(names)
        return Finding(about, "failure", f"not forced on {named}")
    return Finding(about, "ok", "forced on every table of organisations")


async def _check_feed(connection: Connection, service: Service) -> Finding:
    """Positions are dense and end at the head; a hole would be a lost event."""
    about, schema = f"{service.name}: feed", service.name
    if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.feed_head") is None:
        return Finding(about, "warning", "not there yet")
    row = await connection.fetchrow(
        f"SELECT count(*) AS numbered, min(position) AS first, max(position) AS last, "
        f"(SELECT position FROM {schema}.feed_head WHERE feed = 'events') AS head "
        f"FROM {schema}.events WHERE position IS NOT NULL"
    )
    assert row is not None
    if not row["numbered"]:
        return Finding(about, "ok", "no events yet")
    missing = row["last"] - row["first"] + 1 - row["numbered"]
    if missing:
        return Finding(about, "failure", f"{missing} positions are missing or given twice")
    if row["head"] != row["last"]:
        return Finding(about, "failure", f"ends at {row['last']}, its head says {row['head']}")
    return Finding(about, "ok", f"{row['numbered']} events without a hole")
