"""Rows as iCalendar (RFC 5545). Times carry their zone, and the zones come with them, so that a
weekly nine o'clock is nine o'clock wherever it is read and whenever the clocks change.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from icalendar import Alarm, Calendar, Event, Todo, vCalAddress, vRecur, vText

from guanxi_contacts.activities.rules import is_series, next_reminded
from guanxi_shared.tables.content_lines import parameter, printable

LOG = structlog.get_logger()
Row = Mapping[str, Any]
PRODUCT = "-//Guanxi//Calendar 1.0//EN"
PRIORITIES = {"high": 1, "normal": 5, "low": 9}
STATUSES = {"planned": "CONFIRMED", "done": "CONFIRMED", "cancelled": "CANCELLED"}
TO_DO = {"planned": "NEEDS-ACTION", "done": "COMPLETED", "cancelled": "CANCELLED"}
ANSWERS = {
    "needs_action": "NEEDS-ACTION", "accepted": "ACCEPTED", "declined": "DECLINED",
    "tentative": "TENTATIVE",
}  # fmt: skip
# How far before and after the first and the last time zones are described.
AROUND = timedelta(days=370)
AHEAD = timedelta(days=366 * 10)


class Person(NamedTuple):
    """Somebody that the reader may know, by what they are reached."""

    name: str
    email: str | None


def as_ics(
    name: str,
    rows: Sequence[Row],
    *,
    now: datetime,
    people: Mapping[UUID, Person] | None = None,
    reminds: UUID | None = None,
) -> bytes:
    """One calendar; rows with `elsewhere`, the places of their series that are rows of their own.
    `people` are the users and contacts whose names it may tell, `reminds` whose alarms it rings."""
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    for word in ("name", "x-wr-calname"):  # RFC 7986, and what was before it
        found.add(word, vText(printable(name)))
    found.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
    series = {row["id"] for row in rows if is_series(row)}
    # An occurrence that is cancelled is left out of its series: readers know that best.
    rows = [r for r in rows if not (r["status"] == "cancelled" and r["series_id"] in series)]
    shown = {(row["series_id"], row["recurrence_id"]) for row in rows}
    for row in sorted(rows, key=lambda row: str(row["id"])):
        try:
            made = _todo(row) if row["kind"] == "task" else _event(row, series, shown)
        except (ValueError, KeyError, OverflowError):  # one odd row must not hide all the others
            LOG.warning("cannot be written as iCalendar", activity_id=str(row["id"]))
            continue
        if made is not None:
            _attended(made, row, people or {})
            if reminds is not None and reminds in (row["owner_id"], *row["invited_ids"]):
                _reminded(made, row)
            found.add_component(made)
    found.add_missing_timezones(*_described(rows, now))
    return bytes(found.to_ical())


def _described(rows: Sequence[Row], now: datetime) -> tuple[date, date]:
    first = min([now, *(row["starts_at"] for row in rows if row["starts_at"] is not None)])
    return (first - AROUND).date(), (now + AHEAD).date()


def _event(row: Row, series: set[UUID], shown: set[tuple[UUID | None, Any]]) -> Event | None:
    if row["starts_at"] is None:
        return None
    found = Event()
    is_exception = row["series_id"] in series
    _common(found, row, uid=row["series_id"] if is_exception else row["id"])
    shown_at = _day if is_whole_days(row) else _in_zone
    found.add("dtstart", shown_at(row["starts_at"], row))
    if row["ends_at"] is not None:
        found.add("dtend", shown_at(row["ends_at"], row))
    found.add("status", STATUSES[row["status"]])
    if row["status"] == "cancelled":
        found.add("transp", "TRANSPARENT")
    if is_exception:
        found.add("recurrence-id", _in_zone(row["recurrence_id"], row))
    if is_series(row):
        found.add("rrule", vRecur.from_ical(row["recurrence"]))
        # What was moved out of sight is left out; what is shown elsewhere says so itself.
        hidden = [at for at in row["elsewhere"] or () if (row["id"], at) not in shown]
        for moment in sorted({*row["exdates"], *hidden}):
            found.add("exdate", _in_zone(moment, row))
    return found


def _todo(row: Row) -> Todo:
    found = Todo()
    _common(found, row, uid=row["id"])
    if row["starts_at"] is not None:
        found.add("dtstart", _in_zone(row["starts_at"], row))
    due = row["due_at"]
    if due is not None and (row["starts_at"] is None or due > row["starts_at"]):
        found.add("due", _in_zone(due, row))
    found.add("status", TO_DO[row["status"]])
    if row["done_at"] is not None:
        found.add("completed", row["done_at"].astimezone(UTC))
        found.add("percent-complete", 100)
    return found


def _common(found: Event | Todo, row: Row, *, uid: UUID) -> None:
    found.add("uid", f"{uid}@guanxi")
    found.add("dtstamp", row["updated_at"].astimezone(UTC))
    found.add("last-modified", row["updated_at"].astimezone(UTC))
    found.add("created", row["created_at"].astimezone(UTC))
    found.add("sequence", row["version"])
    found.add("summary", printable(row["subject"]))
    found.add("priority", PRIORITIES[row["priority"]])
    for name, column in (("description", "body"), ("location", "location")):
        if row[column]:
            found.add(name, printable(row[column]))
    if row["tags"]:
        found.add("categories", [printable(tag) for tag in row["tags"]])
    if row["latitude"] is not None:
        found.add("geo", (row["latitude"], row["longitude"]))


def _attended(found: Event | Todo, row: Row, people: Mapping[UUID, Person]) -> None:
    """Who takes part, with their answers; an organiser only where somebody is to be organised."""
    for each in row["participants"]:
        who = each["user_id"] or each["contact_id"]
        known = people.get(UUID(who)) if who else None
        name = each["name"] or (known.name if known else None)
        email = each["email"] or (known.email if known else None)
        if name is None and email is None:
            continue  # somebody whom the reader does not see
        address = _address(name, email, who)
        address.params["PARTSTAT"] = vText(ANSWERS[each["response"]])
        address.params["ROLE"] = vText("REQ-PARTICIPANT")
        found.add("attendee", address, encode=False)
    if "attendee" in found and (owner := people.get(row["owner_id"])) is not None:
        organiser = _address(owner.name, owner.email, str(row["owner_id"]))
        found.add("organizer", organiser, encode=False)


def _address(name: str | None, email: str | None, who: str | None) -> vCalAddress:
    """Of somebody without an e-mail address the id, or the word that other calendars use."""
    unreached = f"urn:uuid:{who}" if who else "invalid:nomail"
    found = vCalAddress(f"mailto:{email}" if email else unreached)
    if name:
        found.params["CN"] = vText(parameter(name))
    return found


def _reminded(found: Event | Todo, row: Row) -> None:
    """The reminder that is still to come: before each occurrence as before the one it is about."""
    at = row["reminder_at"]
    if at is None or row["reminded_at"] is not None or row["status"] != "planned":
        return
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", printable(row["subject"]))
    if row["starts_at"] is None:
        alarm.add("trigger", at.astimezone(UTC), parameters={"VALUE": "DATE-TIME"})
    else:
        about = next_reminded(row) if is_series(row) else row["starts_at"]
        alarm.add("trigger", at - about)
    found.add_component(alarm)


def is_whole_days(row: Row) -> bool:
    """From midnight to midnight in its zone, once: what calendars show above the hours."""
    if not row["time_zone"] or row["ends_at"] is None or is_series(row) or row["series_id"]:
        return False
    wall = [_in_zone(row[name], row).time() for name in ("starts_at", "ends_at")]
    return wall == [time(0), time(0)]


def _day(moment: datetime, row: Row) -> date:
    return _in_zone(moment, row).date()


def _in_zone(moment: datetime, row: Row) -> datetime:
    return moment.astimezone(ZoneInfo(row["time_zone"]) if row["time_zone"] else UTC)
