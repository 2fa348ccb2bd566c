"""guanxi verify-audit: follows the hash chain of each organisation's audit log to its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from guanxi_gateway.cli.running import open_database
from guanxi_gateway.identity.audit_trail.service import Fetch, Verdict, verify_entries
from guanxi_shared.db import bound
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.settings import LaunchSettings

# An organisation whose own row is gone still has its chain, and one whose chain is gone its row.
ORGANISATIONS = """
SELECT id, max(name) AS name FROM (
    SELECT id, name FROM organisations
    UNION ALL SELECT subject_id, NULL FROM lookups WHERE kind = 'organisation'
    UNION ALL SELECT organisation_id, NULL FROM audit_heads
) AS every GROUP BY id ORDER BY name, id
"""
ENTRY = "SELECT id, action, occurred_at FROM audit_log WHERE organisation_id = $2 AND position = $3"
AWAY = (OSError, asyncpg.PostgresError)

console = Console(highlight=False, soft_wrap=True)


def verify_audit(
    organisation: Annotated[
        str | None, typer.Option("--organisation", "-o", help="Its id or name; all without it")
    ] = None,
) -> None:
    """Prove that no entry of the audit log was changed or lost; exit code 1 if one was."""
    with open_database(LaunchSettings.from_environment()) as url:
        rows = asyncio.run(_verify(url, organisation))
    table = Table("organisation", "entries", "last digest", "", highlight=False)
    for name, verdict, _ in rows:
        sign = "[green]whole[/]" if verdict.is_intact else "[red]broken[/]"
        digest = verdict.head.digest.hex()[:16]
        table.add_row(escape(name), str(verdict.head.position), digest, sign)
    console.print(table)
    broken = [f"{name}: {remark}" for name, verdict, remark in rows if not verdict.is_intact]
    for line in broken:
        console.print(line, style="red", markup=False)
    if broken:
        raise typer.Exit(1)


async def _verify(url: str, wanted: str | None) -> list[tuple[str, Verdict, str]]:
    """Name, verdict, and what is wrong, of each organisation."""
    async with _reading(url) as connection:
        known = await connection.fetch(ORGANISATIONS)
        chosen = [row for row in known if wanted in (None, row["name"], str(row["id"]))]
        if not chosen:
            raise LaunchError(f"There is no organisation {wanted or 'yet'}.")
        fetch = _fetch_of(connection)
        found = []
        for row in chosen:
            verdict = await verify_entries(fetch, row["id"])
            name = row["name"] or str(row["id"])
            found.append((name, verdict, await _remark(fetch, verdict)))
        return found


async def _remark(fetch: Fetch, verdict: Verdict) -> str:
    """The first entry that does not hold, as far as it is there."""
    if verdict.broken is None:
        return ""
    position, reason = verdict.broken.position, verdict.broken.reason
    rows = await fetch(verdict.organisation_id, ENTRY, verdict.organisation_id, position)
    if not rows:
        return f"entry {position} is missing"
    entry = rows[0]
    about = f"{entry['action']} of {entry['occurred_at']:%Y-%m-%d %H:%M:%S}, {entry['id']}"
    if reason == "changed":
        return f"entry {position} was changed ({about})"
    return f"entry {position}: {reason} ({about})"


@asynccontextmanager
async def _reading(url: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(
            url, timeout=10, server_settings={"search_path": "gateway, public"}
        )
    except AWAY as error:
        raise LaunchError(f"The database does not let us in: {error}") from error
    try:
        yield connection
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError) as error:
        raise LaunchError(f"The audit log cannot be read: {error}.") from error
    finally:
        await connection.close()


def _fetch_of(connection: asyncpg.Connection) -> Fetch:
    """Bound to its organisation, for an administrator whom row-level security does not spare."""

    async def fetch(organisation_id: UUID, select: str, *args: Any) -> Sequence[Any]:
        return await connection.fetch(bound(select), str(organisation_id), *args)

    return fetch
