"""Repeating by RFC 5545: a rule is evaluated in wall-clock time of its zone.

09:00 in Europe/Berlin stays 09:00 when clocks change. A time that a change of clocks leaves out is
read with the offset before it, one that comes twice is the first of the two (RFC 5545, 3.3.5).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from zoneinfo import ZoneInfo

from guanxi_contacts.activities.rrule_rules import FREQUENCIES, days_of, rule_from
from guanxi_contacts.errors import ActivityRefused

PARTS = frozenset(
    {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYMONTH", "BYSETPOS",
     "WKST"}
)  # fmt: skip
LONGEST_RULE = 500
# A series is followed this far; one that has no end goes on, but nobody looks further.
LONGEST_SERIES = timedelta(days=366 * 30)
# The wall may show an hour twice, or one that does not exist: an order by the wall is not that of moments.
CLOCKS_MOVE = timedelta(hours=3)
DAY = timedelta(days=1)
WALL = "%Y%m%dT%H%M%S"
UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")


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
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("COUNT and UNTIL exclude each other.")
    if parts.get("FREQ") not in FREQUENCIES:
        raise _refused("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY.")
    if "UNTIL" in parts and UNTIL.fullmatch(parts["UNTIL"]) is None:
        raise _refused("Write UNTIL as 20271231 or 20271231T090000Z.")
    try:
        rule_from(parts)
        until = _until(parts["UNTIL"], zone) if "UNTIL" in parts else None
    except (ValueError, KeyError, OverflowError) as error:
        raise _refused("This is no recurrence rule of RFC 5545.") from error
    if until is not None and until < wall(starts_at, zone):
        raise _refused("UNTIL lies before the start.")
    return ";".join(f"{name}={value}" for name, value in parts.items())


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


def _shown(series: Series, since: datetime, until: datetime) -> Iterator[datetime]:
    """The occurrences as the clock on the wall shows them: the start, which is the first though the
    rule should miss it (RFC 5545, 3.8.5.3), and those that fall from `since` to `until`, of which
    some may lie a little outside."""
    start = wall(series.starts_at, series.zone)
    rule = rule_from(_parts(series.rule))
    last = min(wall(until, series.zone) + CLOCKS_MOVE, start + LONGEST_SERIES)
    if rule.until is not None:
        last = min(last, _until(rule.until, series.zone))
    # What is counted is counted from the beginning.
    early = date.min if rule.count is not None else (wall(since, series.zone) - CLOCKS_MOVE).date()
    days = days_of(rule, start.date(), last.date(), since=early)
    shown = (datetime.combine(day, start.time()) for day in days)
    found = chain([start], (each for each in shown if start < each <= last))
    return found if rule.count is None else islice(found, rule.count)


def _starts(
    series: Series, until: datetime, *, since: datetime | None = None
) -> Iterator[datetime]:
    """From `since` on at the latest, which may be long after the series began."""
    skipped = {moment.astimezone(UTC) for moment in series.without}
    shown = _shown(series, since or series.starts_at, until)
    found = (moment_of(each, series.zone) for each in shown)
    return (moment for moment in found if moment not in skipped)


def occurrences(series: Series, first: datetime, last: datetime, *, most: int) -> list[datetime]:
    """The starts of at most `most` occurrences that touch the time from `first` to `last`.

    One that ends at `first` or begins at `last` does not; one without a duration does at `first`.
    """
    touching = (
        start
        for start in _starts(series, last, since=first - series.duration)
        if start < last and (start + series.duration > first or start == first)
    )
    return list(islice(touching, most))


def is_occurrence(series: Series, moment: datetime) -> bool:
    return moment.astimezone(UTC) in _starts(series, moment + DAY, since=moment)


def starts_after(series: Series, moment: datetime) -> Iterator[datetime]:
    """Later occurrences, one by one, as far as a series is followed."""
    last = series.starts_at + LONGEST_SERIES
    return (start for start in _starts(series, last, since=moment) if start > moment)


def next_after(series: Series, moment: datetime) -> datetime | None:
    """The first occurrence after a moment; None when the series has ended."""
    return next(starts_after(series, moment), None)


def end_of(series: Series) -> datetime | None:
    """When the last occurrence is over; None for a series without an end."""
    if "COUNT=" not in series.rule and "UNTIL=" not in series.rule:
        return None
    last = max(_starts(series, series.starts_at + LONGEST_SERIES), default=series.starts_at)
    return last + series.duration
