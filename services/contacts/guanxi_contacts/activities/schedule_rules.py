"""Time that is taken: occurrences of stored rows, overlaps, busy stretches. Times are half-open:
what ends at ten does not clash with what begins at ten.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from typing import Any
from uuid import UUID

from guanxi_contacts.activities import recurrence_rules as recurring
from guanxi_contacts.activities.rules import TIMED, is_chain, is_series, length_of, series_of

# How far ahead a series is held against what is planned, and how many of its occurrences.
HORIZON = timedelta(days=366)
MOST_CHECKED = 400
TIMING = ("kind", "status", "starts_at", "ends_at", "recurrence", "exdates", "time_zone")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "Stretch") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which a row takes place; `recurrence_id` tells it within its series."""

    row: Mapping[str, Any]
    starts_at: datetime
    ends_at: datetime | None
    recurrence_id: datetime | None


@dataclass(frozen=True, slots=True)
class Clash:
    """An occurrence of something else in time that is asked for, and whose time it is."""

    occurrence: Occurrence
    people: tuple[UUID, ...]


def takes_time(row: Mapping[str, Any]) -> bool:
    """Whether nothing else can be done meanwhile."""
    is_timed = row["kind"] in TIMED and row["status"] == "planned"
    return is_timed and row.get("starts_at") is not None and row.get("ends_at") is not None


def is_moved(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Whether a change may bring about a clash that was not there before."""
    if before is None or any(row[name] != before[name] for name in TIMING):
        return True
    return not set(people_of(row)) <= set(people_of(before))


def people_of(row: Mapping[str, Any]) -> list[UUID]:
    owner = [row["owner_id"]] if row.get("owner_id") is not None else []
    return sorted({UUID(str(one)) for one in (*owner, *(row.get("invited_ids") or ()))})


def asked_time(row: Mapping[str, Any], now: datetime) -> list[Stretch]:
    """The stretches of a row that is about to be saved; of a series those up to the horizon."""
    if not is_series(row):
        return [Stretch(row["starts_at"], row["ends_at"])]
    first = max(row["starts_at"], now)
    found = occurrences_of(row, first, first + HORIZON, most=MOST_CHECKED)
    return [Stretch(each.starts_at, each.ends_at) for each in found if each.ends_at is not None]


def occurrences_of(
    row: Mapping[str, Any], first: datetime, last: datetime, *, most: int
) -> list[Occurrence]:
    """What of a row lies between two moments; `row["elsewhere"]` are the places of its series that
    are rows of their own."""
    if is_series(row):
        length = length_of(row)
        series = series_of(row, without=row.get("elsewhere") or ())
        starts = recurring.occurrences(series, first, last, most=most)
        return [Occurrence(row, s, s + length if length else None, s) for s in starts]
    return [*_itself(row, first, last), *_coming(row, first, last, most)]


def _itself(row: Mapping[str, Any], first: datetime, last: datetime) -> Iterator[Occurrence]:
    starts, ends = row["starts_at"] or row.get("due_at"), row["ends_at"]
    if starts is None or starts >= last or (ends or starts) < first or ends == first:
        return
    yield Occurrence(row, starts, ends, row.get("recurrence_id"))


def _coming(
    row: Mapping[str, Any], first: datetime, last: datetime, most: int
) -> Iterator[Occurrence]:
    """The later places of a repeating task, which become rows when their turn comes."""
    if not is_chain(row) or row["status"] != "planned":
        return
    series = series_of(row, without=row.get("elsewhere") or ())
    for start in recurring.occurrences(series, first, last, most=most):
        if start > row["recurrence_id"]:
            yield Occurrence(row, start, None, start)


def clashes(
    asked: Sequence[Stretch], people: Iterable[UUID], others: Iterable[Mapping[str, Any]], *, most: int
) -> list[Clash]:  # fmt: skip
    """What of other rows lies in the asked time of people they share, earliest first."""
    wanted, first, last = set(people), asked[0].starts_at, max(s.ends_at for s in asked)
    found = []
    for row in others:
        shared = tuple(one for one in people_of(row) if one in wanted)
        if shared:
            taken = occurrences_of(row, first, last, most=MOST_CHECKED)
            found += [Clash(each, shared) for each in _overlapping(asked, taken)]
    found.sort(key=lambda clash: (clash.occurrence.starts_at, str(clash.occurrence.row["id"])))
    return found[:most]


def _overlapping(asked: Sequence[Stretch], taken: Sequence[Occurrence]) -> Iterator[Occurrence]:
    """Both in order of their starts (all of one row take equally long), each read once."""
    index = 0
    for each in taken:
        if each.ends_at is None:
            continue
        stretch = Stretch(each.starts_at, each.ends_at)
        while index < len(asked) and asked[index].ends_at <= stretch.starts_at:
            index += 1
        if index < len(asked) and asked[index].overlaps(stretch):
            yield each


def busy(stretches: Iterable[Stretch], first: datetime, last: datetime) -> list[Stretch]:
    """Taken time without overlaps or seams, cut to what was asked for."""
    found: list[Stretch] = []
    for each in sorted(stretches):
        starts, ends = max(each.starts_at, first), min(each.ends_at, last)
        if starts >= ends:
            continue
        if found and starts <= found[-1].ends_at:
            found[-1] = Stretch(found[-1].starts_at, max(found[-1].ends_at, ends))
        else:
            found.append(Stretch(starts, ends))
    return found


def in_order(groups: Iterable[Sequence[Occurrence]]) -> list[Occurrence]:
    """Occurrences of many rows as one calendar."""
    key = _place
    return list(merge(*(sorted(group, key=key) for group in groups), key=key))


def _place(each: Occurrence) -> tuple[datetime, str]:
    return each.starts_at, str(each.row["id"])
