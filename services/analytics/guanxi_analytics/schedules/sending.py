"""Scheduled reports go out: each time once, as far as mail permits.

Coming round and the letter that it makes are one transaction. A worker takes a letter by putting it off, makes the report
with its owner's eyes, as of the moment at which it was due, and hands it over outside of any transaction. Who dies before
that leaves it to others; who dies between handing over and saying so has the same letter sent again under the same
Message-ID, of which mail programs show one. What a webhook is told of is ended, kept and logged in one transaction: once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import orjson

from guanxi_analytics.monthly.assembling import assemble
from guanxi_analytics.monthly.page import as_page
from guanxi_analytics.monthly.rules import last_month
from guanxi_analytics.press.beside import NotMade, Press
from guanxi_analytics.press.forms import TYPES
from guanxi_analytics.reports.exporting import WRITTEN, export
from guanxi_analytics.reports.presenting import draw
from guanxi_analytics.reports.running import labels_of, run_report
from guanxi_analytics.reports.service import find_report
from guanxi_analytics.schedules.due_rules import next_attempt, next_due
from guanxi_analytics.schedules.keeping import keep_file, names_of
from guanxi_analytics.schedules.service import MONTHLY
from guanxi_analytics.settings import settings
from guanxi_shared import delegation, logs
from guanxi_shared.calls import Call, House
from guanxi_shared.db import Connection, Database
from guanxi_shared.errands import as_call, bare_house
from guanxi_shared.errors import Problem
from guanxi_shared.mail import Attached, Letter, Mail, NotDelivered, make_mail
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule
from guanxi_shared.settings import common

TRIES: Final = 3
LEASE: Final = timedelta(minutes=10)
DUE: Final = """
SELECT id, cadence, hour, weekday, day, due_at FROM report_schedules
WHERE organisation_id = $1 AND due_at <= now() AND is_active AND deleted_at IS NULL
ORDER BY due_at, id LIMIT 200 FOR UPDATE SKIP LOCKED
"""
ZONE: Final = "SELECT time_zone FROM directory_state WHERE organisation_id = $1"
ONWARD: Final = "UPDATE report_schedules SET due_at = $3 WHERE organisation_id = $1 AND id = $2"
ADD: Final = """
INSERT INTO report_letters (organisation_id, id, schedule_id, due_at, again_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT DO NOTHING
"""
WAITING: Final = """
SELECT id FROM report_letters WHERE organisation_id = $1 AND status = 'waiting' AND again_at <= now()
ORDER BY again_at, id LIMIT 200
"""
# The lease: nobody else looks at it until then.
TAKE: Final = """
UPDATE report_letters SET attempts = attempts + 1, again_at = now() + $3
WHERE organisation_id = $1 AND id = $2 AND status = 'waiting' AND again_at <= now() RETURNING schedule_id, due_at, attempts
"""
ABOUT: Final = """
SELECT s.report, s.format, s.language, s.deliver, s.version, s.owner_id, s.rights::text, s.is_active AND s.deleted_at IS NULL AS is_wanted,
  u.email, u.active, coalesce(s.language, CASE WHEN d.region = 'CN' THEN 'zh' ELSE 'en' END) AS spoken
FROM report_schedules s
LEFT JOIN directory_users u ON u.organisation_id = $1 AND u.id = s.owner_id
LEFT JOIN directory_state d ON d.organisation_id = $1
WHERE s.organisation_id = $1 AND s.id = $2
"""
END: Final = """
UPDATE report_letters SET status = $3, reason = $4, ended_at = now()
WHERE organisation_id = $1 AND id = $2 AND status = 'waiting'
"""
PUT_OFF: Final = """
UPDATE report_letters SET again_at = $3 WHERE organisation_id = $1 AND id = $2 AND status = 'waiting'
"""
SUBJECT: Final = {"en": "{}: as of {}", "zh": "{}：截至 {}"}
TEXT: Final = {
    "en": "{name}, as of {at}, with what you may see. The file is attached.\n\nFrom {path}; change or end it there.\n",
    "zh": "{name}，截至 {at}，仅含您可见的数据，见附件。\n\n来自 {path}，可在该处更改或停止。\n",
}
TITLE: Final = {"en": "Monthly report", "zh": "月度报告"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that is ours to send for a while."""

    id: UUID
    schedule_id: UUID
    due_at: datetime
    attempts: int
    about: Mapping[str, Any]


@schedule("* * * * *", name="send-reports")
async def send_reports(database: Database) -> None:
    own, shared = settings(), common()
    mail = make_mail(own.smtp_url, shared.data_dir / "mail" / "analytics", own.mail_from)
    press = Press()
    try:
        here = bare_house(database, "analytics", own)
        work = partial(send_due, here, mail=mail, press=press)
        await go_round(database, work, what="sending reports")
    finally:
        await press.close()


async def send_due(here: House, organisation: UUID, *, mail: Mail, press: Press) -> int:
    """Whatever came round for an organisation, and what waits to be sent again; how many were dealt with."""
    database = here.db
    async with database.transaction(organisation) as connection:
        await _come_round(connection, organisation)
        rows = await connection.fetch(WAITING, organisation)
    done = 0
    for row in rows:
        taken = await _take(database, organisation, row["id"])
        if taken is not None:
            await _send(here, organisation, taken, mail, press)
            done += 1
    return done


async def _come_round(connection: Connection, organisation: UUID) -> None:
    """What was missed while nobody looked goes once."""
    zone = ZoneInfo(await connection.fetchval(ZONE, organisation) or "UTC")
    for row in await connection.fetch(DUE, organisation):
        letter = uuid5(row["id"], row["due_at"].isoformat())
        await connection.execute(ADD, organisation, letter, row["id"], row["due_at"])
        following = next_due(
            row["cadence"], hour=row["hour"], weekday=row["weekday"], day=row["day"], zone=zone,
            after=datetime.now(UTC),
        )  # fmt: skip
        await connection.execute(ONWARD, organisation, row["id"], following)


async def _take(database: Database, organisation: UUID, letter_id: UUID) -> Taken | None:
    async with database.transaction(organisation) as connection:
        row = await connection.fetchrow(TAKE, organisation, letter_id, LEASE)
        if row is None:
            return None
        about = await connection.fetchrow(ABOUT, organisation, row["schedule_id"])
    assert about is not None
    return Taken(letter_id, row["schedule_id"], row["due_at"], row["attempts"], dict(about))


async def _send(here: House, organisation: UUID, taken: Taken, mail: Mail, press: Press) -> None:
    try:
        status, reason = await _handed_over(here, taken, mail, press)
    except (NotDelivered, NotMade, Problem) as error:
        is_final = isinstance(error, NotDelivered) and error.is_final
        is_final |= isinstance(error, Problem) and error.status < 500
        LOG.warning("report not sent", id=str(taken.id), reason=str(error) or type(error).__name__)
        again = None if is_final else next_attempt(taken.attempts, datetime.now(UTC))
        if again is not None:
            async with here.db.transaction(organisation) as connection:
                await connection.execute(PUT_OFF, organisation, taken.id, again)
            return
        status, reason = "failed", error.code if isinstance(error, Problem) else "not_taken"
    async with here.db.transaction(organisation) as connection:
        await connection.execute(END, organisation, taken.id, status, reason)


async def _handed_over(
    here: House, taken: Taken, mail: Mail, press: Press
) -> tuple[str, str | None]:
    about = taken.about
    if not about["is_wanted"]:
        return "dropped", "ended"
    is_told = about["deliver"] == "webhook"
    if not about["active"] or not (is_told or about["email"]):
        return "dropped", "owner_gone"
    by = delegation.from_params(orjson.loads(about["rights"]))
    call = as_call(here, by, "schedule")
    if is_told:
        await _told(call, taken, press)
        return "sent", None
    name, body = await _made(call, press, about, taken.due_at.isoformat())
    at = f"{taken.due_at.astimezone(call.clock.zone):%Y-%m-%d %H:%M}"
    spoken, form = about["spoken"], about["format"]
    path = f"/v1/analytics/report-schedules/{taken.schedule_id}"
    await mail.send(
        Letter(
            about["email"], SUBJECT[spoken].format(name, at),
            TEXT[spoken].format(name=name, at=at, path=path), name=str(taken.id),
            attached=(Attached(f"report-{at[:10]}.{form}", TYPES[form], body),),
        )
    )  # fmt: skip
    return "sent", None


async def _told(call: Call, taken: Taken, press: Press) -> None:
    """An event and the file that it is about. NotMade where accounts change all the time."""
    for _ in range(TRIES):
        names = await names_of(call)
        name, body = await _made(call, press, taken.about, taken.due_at.isoformat())
        if await keep_file(call, taken.id, taken.about, name, body, names=names):
            return
    raise NotMade("accounts changed while it was made")


async def _made(
    call: Call, press: Press, about: Mapping[str, Any], as_of: str
) -> tuple[str, bytes]:
    """The report's name, and the file."""
    form, language = about["format"], about["spoken"]
    call.by.demand("analytics:read")
    if about["report"] == MONTHLY:
        month = last_month(datetime.fromisoformat(as_of), call.clock.zone)
        document = await assemble(call, press, month, as_of=as_of, language=language)
        made = (
            as_page(document) if form == "html" else await press.make("pdf", {"document": document})
        )
        return f"{TITLE[language]} {month:%Y-%m}", made
    report = await find_report(call, about["report"])
    ran = await run_report(call, report, as_of)
    if form in WRITTEN:
        return labels_of(report)[language], await export(press, ran, form, language)
    return labels_of(report)[language], await draw(call, press, ran, form, language)


LOG = logs.logger("schedules")
