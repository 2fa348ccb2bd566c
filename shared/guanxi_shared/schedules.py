"""Duties that come round by the clock, once for all workers of a service.

A duty is bound to no organisation, so row-level security shows it no rows. What it may do all the
same, a table says itself: `expiry_policy` lets an unbound session delete what is too old, unseen;
`roster_policy` lets it read a table of organisations, to bind itself to each of them in turn.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.db import Database

Duty = Callable[[Database], Awaitable[None]]

IDEMPOTENCY_KEPT: Final = "24 hours"
ENDED_JOBS_KEPT: Final = "90 days"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A duty with its name and its cron expression (five fields in UTC; a sixth counts seconds)."""

    name: str
    cron: str
    duty: Duty


def schedule(cron: str, *, name: str | None = None) -> Callable[[Duty], Schedule]:
    """Make a `Schedule` of the function below; its name must stay the same over releases."""

    def named(duty: Duty) -> Schedule:
        return Schedule(name or str(getattr(duty, "__name__", duty)), cron, duty)

    return named


def expiry_policy(table: str, *, column: str, kept: str) -> str:
    """DDL: a session bound to no organisation may delete rows of any whose `column` is older than
    `kept`, and still reads none (a DELETE without WHERE needs no right to see the rows)."""
    return (
        f"CREATE POLICY expiry ON {table} FOR DELETE USING ("
        "nullif(current_setting('app.organisation_id', true), '') IS NULL"
        f" AND {column} < now() - interval '{kept}');\n"
    )


def roster_policy(table: str) -> str:
    """DDL: a session bound to no organisation may read this table, which holds organisations' ids and
    times and never a record: whom a duty has work for."""
    return (
        f"CREATE POLICY roster ON {table} FOR SELECT USING ("
        "nullif(current_setting('app.organisation_id', true), '') IS NULL);\n"
    )


async def rostered(database: Database, table: str) -> list[UUID]:
    """The organisations in a table with a `roster_policy`."""
    async with database.transaction(None) as connection:
        rows = await connection.fetch(
            f"SELECT organisation_id FROM {table} ORDER BY organisation_id"
        )
    return [row["organisation_id"] for row in rows]


async def delete_expired(database: Database, table: str) -> int:
    """Delete what the `expiry` policy of a table gives free."""
    async with database.transaction(None) as connection:
        # The setting of a pooled connection may be empty or absent, never another's: it is local.
        done = await connection.execute(f"DELETE FROM {table}")
    deleted = int(done.removeprefix("DELETE "))
    if deleted:
        _log.info("expired rows deleted", table=table, rows=deleted)
    return deleted


@schedule("7 * * * *", name="delete-expired-idempotency")
async def delete_expired_idempotency(database: Database) -> None:
    await delete_expired(database, "idempotency")


@schedule("17 3 * * *", name="delete-expired-jobs")
async def delete_expired_jobs(database: Database) -> None:
    await delete_expired(database, "jobs")


@schedule("27 3 * * *", name="prune-queue-log")
async def prune_queue_log(database: Database) -> None:
    """pgqueuer keeps a line for each step of each job, and failed entries, for ever."""
    async with database.transaction(None) as connection:
        await connection.execute(
            "DELETE FROM pgqueuer_log WHERE created < now() - interval '7 days'"
        )
        await connection.execute(
            "DELETE FROM pgqueuer_statistics WHERE created < now() - interval '90 days'"
        )
        await connection.execute(
            "DELETE FROM pgqueuer WHERE status = 'failed' AND updated < now() - interval '90 days'"
        )


STANDARD: Final = (delete_expired_idempotency, delete_expired_jobs, prune_queue_log)

_log = logs.logger("schedules")
