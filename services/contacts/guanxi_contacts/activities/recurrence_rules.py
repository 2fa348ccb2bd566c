"""Repeating by RFC 5545: a rule is evaluated in wall-clock time of its zone.

09:00 in Europe/Berlin stays 09:00 when clocks change. A time that a change of clocks leaves out is
read with the offset before it, one that comes twice is the first of the two (RFC 5545, 3.3.5).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from guanxi_contacts.errors import ActivityRefused

FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
PARTS = frozenset(
    {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO",
     "BYMONTH", "BYSETPOS", "WKST"}
)  # fmt: skip
LONGEST_RULE = 500
MOST_COUNT = 5_000
# A rule that hits nothing is looked through to its end: this bounds the search.
LONGEST_SERIES = timedelta(days=366 * 30)
WALL = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class Series:
    """Occurrences of `rule` from `starts_at` on; each takes `duration`, some do not take place."""

    rule: str
    starts_at: datetime
    zone: ZoneInfo
    duration: timedelta = timedelta()
    without: Collection[datetime] = field(default=frozenset())


def checked_rule(text: str, starts_at: datetime, zone: ZoneInfo) -> str:
    """The rule in one spelling; ActivityRefused says what it cannot be."""
    parts = _parts(text)
    if unknown := sorted(set(parts) - PARTS):
        raise _refused(f"{unknown[0]} is not taken; the time of day is that of the start.")
    if parts.get("FREQ") not in FREQUENCIES:
        raise _refused("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("COUNT and UNTIL exclude each other.")
    for name, most in (("COUNT", MOST_COUNT), ("INTERVAL", 1_000)):
        if name in parts and not (parts[name].isascii() and parts[name].isdigit()):
            raise _refused(f"{name} must be a whole number.")
        if name in parts and not 1 <= int(parts[name]) <= most:
            raise _refused(f"{name} must be from 1 to {most}.")
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        _shown(Series(rule, starts_at, zone), starts_at)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise _refused("This is no recurrence rule of RFC 5545.") from error
    if "UNTIL" in parts and _until(parts["UNTIL"], zone) < wall(starts_at, zone):
        raise _refused("UNTIL lies before the start.")
    return rule


def _parts(text: str) -> dict[str, str]:
    if len(text) > LONGEST_RULE:
        raise _refused(f"A rule may hold at most {LONGEST_RULE} characters.")
    pairs = [part.partition("=") for part in text.strip().upper().removeprefix("RRULE:").split(";")]
    parts = {name: value for name, _, value in pairs}
    if not all(name and value for name, _, value in pairs) or len(parts) != len(pairs):
        raise _refused("Write a rule such as FREQ=WEEKLY;BYDAY=MO, each part once.")
    return parts


def _refused(sentence: str) -> ActivityRefused:
    return ActivityRefused(f"recurrence: {sentence}", errors={"recurrence": sentence})


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def moment_of(shown: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which the clock on the wall shows this (for the first time)."""
    return shown.replace(tzinfo=zone, fold=0).astimezone(UTC)


def shifted(moment: datetime, old: datetime, new: datetime, zone: ZoneInfo) -> datetime:
    """A time that stands to `new` as it stood to `old`, by the clock on the wall."""
    return moment_of(wall(new, zone) + (wall(moment, zone) - wall(old, zone)), zone)


def _until(text: str, zone: ZoneInfo) -> datetime:
    """UNTIL as wall-clock time: in UTC with a Z, a day means the whole of it."""
    if len(text) == 8:
        day = datetime.combine(date.fromisoformat(text), datetime.min.time())
        return day + timedelta(days=1, microseconds=-1)
    parsed = datetime.strptime(text.removesuffix("Z"), WALL)  # noqa: DTZ007 (made aware below)
    return wall(parsed.replace(tzinfo=UTC), zone) if text.endswith("Z") else parsed


def _shown(series: Series, until: datetime) -> Iterator[datetime]:
    """The occurrences by dateutil in wall-clock time, up to a moment. The start is the first though
    the rule should miss it (RFC 5545, 3.8.5.3).

    COUNT is counted here: dateutil looks for the last of a rule that hits nothing until year 9999.
    """
    start = wall(series.starts_at, series.zone)
    parts = dict(part.split("=", 1) for part in series.rule.split(";"))
    count, own = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    ends = [wall(until, series.zone), start + LONGEST_SERIES]
    if own is not None:
        ends.append(_until(own, series.zone))
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    rule = rrulestr(f"{text};UNTIL={min(ends):{WALL}}", dtstart=start)
    found = chain([start], (shown for shown in rule if shown > start))
    return islice(found, int(count)) if count is not None else found


def _starts(series: Series, until: datetime) -> Iterator[datetime]:
    skipped = {moment.astimezone(UTC) for moment in series.without}
    found = (moment_of(shown, series.zone) for shown in _shown(series, until))
    return (moment for moment in found if moment not in skipped)


def occurrences(series: Series, first: datetime, last: datetime, *, most: int) -> list[datetime]:
    """The starts of at most `most` occurrences that touch the time from `first` to `last`.

    One that ends at `first` or begins at `last` does not; one without a duration does at `first`.
    """
    touching = (
        start
        for start in _starts(series, last)
        if start < last and (start + series.duration > first or start == first)
    )
    return list(islice(touching, most))


def is_occurrence(series: Series, moment: datetime) -> bool:
    return moment.astimezone(UTC) in _starts(series, moment + timedelta(days=1))


def next_after(series: Series, moment: datetime) -> datetime | None:
    """The first occurrence after a moment; None when the series has ended."""
    last = series.starts_at + LONGEST_SERIES
    return next((start for start in _starts(series, last) if start > moment), None)


def end_of(series: Series) -> datetime | None:
    """When the last occurrence is over; None for a series without an end."""
    if "COUNT=" not in series.rule and "UNTIL=" not in series.rule:
        return None
    last = max(_starts(series, series.starts_at + LONGEST_SERIES), default=series.starts_at)
    return last + series.duration
