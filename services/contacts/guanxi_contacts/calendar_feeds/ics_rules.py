"""Rows as iCalendar (RFC 5545). Times carry their zone, and the zones come with them, so that a
weekly nine o'clock is nine o'clock wherever it is read and whenever the clocks change.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Todo, vRecur

from guanxi_contacts.activities.rules import is_series

Row = Mapping[str, Any]
PRODUCT = "-//Guanxi//Calendar 1.0//EN"
PRIORITIES = {"high": 1, "normal": 5, "low": 9}
# How far before and after the first and the last time zones are described.
AROUND = timedelta(days=370)
AHEAD = timedelta(days=366 * 10)


def as_ics(name: str, rows: Sequence[Row], *, now: datetime) -> bytes:
    """One calendar; rows with `elsewhere`, the places of their series that are rows of their own."""
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("x-wr-calname", name)
    found.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
    series = {row["id"] for row in rows if is_series(row)}
    shown = {(row["series_id"], row["recurrence_id"]) for row in rows}
    for row in sorted(rows, key=lambda row: str(row["id"])):
        made = _todo(row) if row["kind"] == "task" else _event(row, series, shown)
        if made is not None:
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
    found.add("dtstart", _in_zone(row["starts_at"], row))
    if row["ends_at"] is not None:
        found.add("dtend", _in_zone(row["ends_at"], row))
    found.add("status", "CONFIRMED")
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
    found.add("status", "COMPLETED" if row["status"] == "done" else "NEEDS-ACTION")
    return found


def _common(found: Event | Todo, row: Row, *, uid: UUID) -> None:
    found.add("uid", f"{uid}@guanxi")
    found.add("dtstamp", row["updated_at"].astimezone(UTC))
    found.add("last-modified", row["updated_at"].astimezone(UTC))
    found.add("sequence", row["version"])
    found.add("summary", row["subject"])
    found.add("priority", PRIORITIES[row["priority"]])
    for name, column in (("description", "body"), ("location", "location")):
        if row[column]:
            found.add(name, row[column])


def _in_zone(moment: datetime, row: Row) -> datetime:
    return moment.astimezone(ZoneInfo(row["time_zone"]) if row["time_zone"] else UTC)
