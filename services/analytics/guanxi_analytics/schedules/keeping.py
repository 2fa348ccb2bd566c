"""Files that a webhook tells of: kept with the event in one transaction, fetched by whoever the report is for."""

from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.queries.asked import asked_of
from guanxi_analytics.reports.service import find_report, query_of
from guanxi_analytics.schedules.resource import PATH, SCHEDULES
from guanxi_analytics.schedules.service import MONTHLY
from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.errors import NotFound
from guanxi_shared.events import publish
from guanxi_shared.reads import find_record
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

READY: Final = "analytics.report.ready"
KEPT_FOR: Final = timedelta(days=30)
OF_MONTHLY: Final = ("orders", "opportunities", "tickets")
KEEP: Final = """
UPDATE report_letters SET status = 'sent', ended_at = now(), format = $3, file = $4
WHERE organisation_id = $1 AND id = $2 AND status = 'waiting' RETURNING schedule_id, due_at
"""
# Held, so that an erasure is before this or after it, when it empties the file.
NAMES: Final = """
SELECT version FROM fact_marks WHERE organisation_id = $1 AND source = 'contacts' FOR SHARE
"""
FIND: Final = """
SELECT format, file, due_at FROM report_letters
WHERE organisation_id = $2 AND schedule_id = $3 AND id = $4 AND file IS NOT NULL
"""
EXPIRED: Final = """
UPDATE report_letters SET file = NULL WHERE organisation_id = $1 AND file IS NOT NULL AND ended_at < now() - $2::interval
"""


async def names_of(call: Call) -> int | None:
    """How often accounts changed until now."""
    async with call.db.transaction(call.organisation) as connection:
        version: int | None = await connection.fetchval(NAMES, call.organisation)
    return version


async def keep_file(
    call: Call, letter_id: UUID, about: Any, name: str, body: bytes, *, names: int | None
) -> bool:
    """Kept and told of, once: a letter that somebody else ended is left alone. False if accounts changed since `names`: the
    file may have a name in it that was erased."""
    organisation, form = call.organisation, about["format"]
    async with call.db.transaction(organisation) as connection:
        if await connection.fetchval(NAMES, organisation) != names:
            return False
        row = await connection.fetchrow(KEEP, organisation, letter_id, form, body)
        if row is not None:
            await publish(
                connection, organisation_id=organisation, type=READY, subject_type=SCHEDULES.noun,
                subject_id=row["schedule_id"], version=about["version"], actor=call.actor,
                owner_id=about["owner_id"],
                after={
                    "id": row["schedule_id"], "letter_id": letter_id, "report": about["report"], "name": name,
                    "due_at": row["due_at"], "format": form, "url": url_of(row["schedule_id"], letter_id),
                    "size_bytes": len(body), "sha256": sha256(body).hexdigest(),
                },
            )  # fmt: skip
    return True


def url_of(schedule_id: UUID, letter_id: UUID) -> str:
    return f"{PATH}/{schedule_id}/letters/{letter_id}/file"


async def find_file(call: Call, schedule_id: UUID, letter_id: UUID) -> tuple[str, bytes, str]:
    """Form, bytes and day of a file that was made with its owner's eyes, for the owner alone, by a token that may read
    what is in it."""
    found = await find_record(call, SCHEDULES, schedule_id)
    row = await call.db.fetchrow(call.organisation, FIND, call.organisation, schedule_id, letter_id)
    if row is None or str(found["owner_id"]) != str(call.by.user_id):
        raise NotFound("No such file is kept: files are kept for 30 days, for the owner of the schedule.")  # fmt: skip
    await _demand_all_of_it(call, found["report"])
    return row["format"], row["file"], f"{row['due_at'].astimezone(call.clock.zone):%Y-%m-%d}"


async def _demand_all_of_it(call: Call, report: str) -> None:
    if report == MONTHLY:
        resources = set(OF_MONTHLY)
    else:
        document = (await find_report(call, report))["document"]
        resources = {cube.resource for cube in asked_of(call, query_of(document, None)).cubes}
    for resource in sorted(resources):
        call.by.demand(f"{resource}:read")


@schedule("52 3 * * *", name="forget-report-files")
async def forget_report_files(database: Database) -> None:
    await go_round(database, partial(_forget, database), what="forgetting files of reports")


async def _forget(database: Database, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        await connection.execute(EXPIRED, organisation, KEPT_FOR)
