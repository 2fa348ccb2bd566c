"""What the clock shows, in sentences that a customer can check on the wall clock. Pure.

Times are those of the calendar's zone, with their distance from UTC where a change of the clock lies
between the two; seconds are told only where there are some.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from guanxi_tickets.sla.calendar_rules import Calendar, Stretch
from guanxi_tickets.sla.clock_rules import Explained, Reading
from guanxi_tickets.sla.run_rules import Condition

SHOWN = (
    "kind", "number", "state", "policy", "target_seconds", "elapsed_seconds", "remaining_seconds", "started_at",
    "ended_at", "met_at", "due_at", "due_if_resumed_at", "breached_at", "warning_at",
)  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
KINDS: Mapping[str, str] = {
    "first_response": "First response", "next_response": "Next response", "update": "Update",
    "resolution": "Resolution", "promise": "Promise",
}  # fmt: skip
WHY: Mapping[str, str] = {
    "in_hours": "within working hours",
    "outside_hours": "outside working hours",
    "holiday": "a holiday",
    "exceptional_day": "outside the hours of an exceptional day",
    "no_hours": "the calendar has no working hours",
    "state": "the clock stands still in this state",
    "no_target": "no policy set a target",
    "solved": "the ticket was solved",
    "cancelled": "the ticket was cancelled",
    "deleted": "the ticket was deleted",
    "merged": "the ticket was merged into another",
}


def length(seconds: int) -> str:
    """`26 h 5 min 3 s`; hours are not made into days, of which working ones differ."""
    parts = [(seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def moment(at: datetime, zone: ZoneInfo, *, with_offset: bool = False) -> str:
    """`Thu 26 Nov 2026 09:00`."""
    shown = at.astimezone(zone)
    day = f"{WEEKDAYS[shown.weekday()]} {shown.day} {MONTHS[shown.month - 1]} {shown.year}"
    return f"{day} {_time(shown, with_offset)}"


def _time(shown: datetime, with_offset: bool) -> str:
    offset = shown.isoformat()[19:] if with_offset else ""
    return f"{shown:%H:%M:%S}".removesuffix(":00") + offset


def stretch_sentence(stretch: Stretch, calendar: Calendar) -> str:
    """`Thu 26 Nov 2026 09:00 to 12:00 (Europe/Berlin): 3 h counted, within working hours (Berlin).`"""
    zone = ZoneInfo(calendar.time_zone)
    begun, over = stretch.from_at.astimezone(zone), stretch.to_at.astimezone(zone)
    is_changing = begun.utcoffset() != over.utcoffset()
    until = moment(over, zone, with_offset=is_changing)
    if begun.date() == over.date():
        until = _time(over, is_changing)
    word, name = stretch.reason
    name = name or (calendar.name if stretch.counted else "")
    told = f"{moment(begun, zone, with_offset=is_changing)} to {until} ({zone.key})"
    counted = "counted" if stretch.counted else "not counted"
    why = f"{WHY[word]} ({name})" if name else WHY[word]
    return f"{told}: {length(stretch.seconds)} {counted}, {why}."


def reading_sentence(reading: Reading, zone: ZoneInfo) -> str:
    """`First response: met, 1 h 20 min of 4 h used.`"""
    kind, state = KINDS[reading.kind], reading.state.replace("_", " ")
    if reading.target_seconds is None:
        return f"{kind}: {state}, {length(reading.elapsed_seconds)} used, no target."
    used = f"{length(reading.elapsed_seconds)} of {length(reading.target_seconds)} used"
    return f"{kind}: {state}, {used}{_when(reading, zone)}."


def _when(reading: Reading, zone: ZoneInfo) -> str:
    if reading.state == "paused":
        due = reading.due_if_resumed_at
        return f"; due {moment(due, zone)} if it went on now" if due else "; never due"
    if reading.state == "running":
        return f"; due {moment(reading.due_at, zone)}" if reading.due_at else "; never due"
    if reading.state == "breached" and reading.due_at:
        met = f", met {moment(reading.met_at, zone)}" if reading.met_at else ""
        return f"; was due {moment(reading.due_at, zone)}{met}"
    return ""


def told(explained: Explained, zone: ZoneInfo) -> dict[str, Any]:
    """A reading and its stretches as they are shown; instants in UTC, lengths in seconds.

    {kind, number, state, policy, sentence, target_seconds, elapsed_seconds, remaining_seconds, started_at,
    ended_at, met_at, due_at, due_if_resumed_at, breached_at, warning_at, warned: [{percent, at}],
    stretches: [{from, to, seconds, state: counted | paused, reason, name, policy, sentence}]}
    """
    reading = explained.reading
    warned = [(timer.percent, timer.at) for timer in reading.happened if timer.what == "warning"]
    return {
        **{name: getattr(reading, name) for name in SHOWN},
        "sentence": reading_sentence(reading, zone),
        "warned": [{"percent": percent, "at": at} for percent, at in warned],
        "stretches": [_stretch(*each) for each in explained.stretches],
    }


def _stretch(stretch: Stretch, condition: Condition) -> dict[str, Any]:
    return {
        "from": stretch.from_at, "to": stretch.to_at, "seconds": stretch.seconds,
        "state": "counted" if stretch.counted else "paused", "reason": stretch.reason.word,
        "name": stretch.reason.name or None, "sentence": stretch_sentence(stretch, condition.calendar),
        "policy": condition.policy,
    }  # fmt: skip
