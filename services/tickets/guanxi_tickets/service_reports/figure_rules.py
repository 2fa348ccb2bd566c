"""What a report says of counted rows, each figure with the document that finds its rows. Pure.

Shares are of n, with the interval of guanxi_shared/intervals.py; times are in seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from guanxi_shared.intervals import wilson
from guanxi_tickets.sla_clocks.kept_rules import EVERY_KIND
from guanxi_tickets.tickets.document_rules import Filter, document_of, filter_of, of_ids

Row = Mapping[str, Any]
Finder = Callable[..., dict[str, Any] | None]
OPEN_KINDS: Final = ("new", "open", "pending", "on_hold")
DAY: Final = 86_400
# From, and before; days of age.
AGES: Final[tuple[tuple[int, int | None], ...]] = ((0, 1), (1, 3), (3, 7), (7, 30), (30, None))


def of_group(group_by: str | None, key: str | None) -> list[Filter]:
    if group_by is None:
        return []
    if key is None:
        return [filter_of(group_by, "is_null", True)]
    return [filter_of(group_by, "eq", key)]


def age_filters(at: datetime, days: tuple[int, int | None]) -> list[Filter]:
    """Of what is from so many days old to less than so many. Younger than a day is what was made less than
    a day ago."""
    since, before = days
    found = [filter_of("created_at", "lte", at - timedelta(days=since))] if since else []
    if before is not None:
        found.append(filter_of("created_at", "gt", at - timedelta(days=before)))
    return found


def share(count: int, n: int) -> dict[str, Any]:
    """Of nothing there is no share."""
    if n == 0:
        return {"share": None, "low": None, "high": None}
    low, high = wilson(count, n)
    return {"share": round(count / n, 4), "low": round(low, 4), "high": round(high, 4)}


def spread(row: Row, name: str) -> dict[str, Any]:
    """`<name>_n`, `_median`, `_p90`, `_mean` of a row."""
    return {"n": row[f"{name}_n"]} | {
        part: None if row[f"{name}_{part}"] is None else round(row[f"{name}_{part}"])
        for part in ("median", "p90", "mean")
    }


def backlog_row(
    row: Row, base: Sequence[Filter], group_by: str | None, at: datetime, *, is_past: bool
) -> dict[str, Any]:
    own = [*base, *of_group(group_by, row["key"])]

    def found(ids: str, *more: Filter) -> dict[str, Any] | None:
        return of_ids(row[ids]) if is_past else document_of(own, *more)

    return {
        "key": row["key"], "n": row["n"], "document": found("ids"),
        "unassigned": {
            "n": row["unassigned"],
            "document": found("unassigned_ids", filter_of("assignee_id", "is_null", True)),
        },
        "overdue": {
            "n": row["overdue"], "document": found("overdue_ids", filter_of("sla_due_at", "lt", at)),
        },
        "age": spread(row, "age") | {"oldest": _whole(row["oldest"])},
        "ages": [
            {
                "from_days": days[0], "before_days": days[1], "n": row[f"age_{days[0]}"],
                "document": found(f"age_{days[0]}_ids", *age_filters(at, days)),
            }
            for days in AGES
        ],
    }  # fmt: skip


def solved_row(
    row: Row, clocks: Sequence[Row], base: Sequence[Filter], group_by: str | None, *, is_past: bool
) -> dict[str, Any]:
    found = _finder([*base, *of_group(group_by, row["key"])], is_past)
    return {
        "key": row["key"], "n": row["n"], "document": found(row["ids"]),
        "resolution": _timed(row, "resolution", found, "solved_at"),
        "first_response": _timed(row, "response", found, "first_responded_at"),
        "reopened": {
            "n": row["reopened"], **share(row["reopened"], row["n"]),
            "document": found(row["reopened_ids"], filter_of("reopened_count", "gte", 1)),
        },
        "sla": [_attainment(each, found) for each in clocks],
    }  # fmt: skip


def promised_row(
    row: Row, clocks: Sequence[Row], base: Sequence[Filter], group_by: str | None, *, is_past: bool
) -> dict[str, Any]:
    found = _finder([*base, *of_group(group_by, row["key"])], is_past)
    return {
        "key": row["key"], "n": row["n"], "document": found(row["ids"]),
        "first_response": _timed(row, "response", found, "first_responded_at"),
        "unanswered": {
            "n": row["unanswered"],
            "document": found(
                row["unanswered_ids"], filter_of("first_responded_at", "is_null", True),
                filter_of("status_kind", "in", list(OPEN_KINDS)),
            ),
        },
        "breached": {
            "n": row["breached"],
            "document": found(row["breached_ids"], filter_of("sla_breached", "in", list(EVERY_KIND))),
        },
        "sla": [_attainment(each, found) for each in clocks],
    }  # fmt: skip


def _finder(own: list[Filter], is_past: bool) -> Finder:
    """The document of a figure: by the filters that all figures of the row share, or of a past moment by ids."""

    def found(ids: Sequence[str] | None, *more: Filter) -> dict[str, Any] | None:
        return of_ids(ids) if is_past else document_of(own, *more)

    return found


def _timed(row: Row, name: str, found: Finder, field: str) -> dict[str, Any]:
    """A spread with the document of those that have such a time."""
    return spread(row, name) | {
        "document": found(row[f"{name}_ids"], filter_of(field, "is_null", False))
    }


def _attainment(clock: Row, found: Finder) -> dict[str, Any]:
    """Attained are, of the clocks that are decided, those of which no run was late."""
    name, decided = clock["clock"], clock["n"] - clock["running"]
    late = filter_of("sla_breached", "has", name)
    return {
        "clock": name, "n": clock["n"],
        "document": found(clock["ids"], filter_of("sla_clock", "eq", name)),
        "running": {
            "n": clock["running"],
            "document": found(clock["running_ids"], filter_of("sla_running", "eq", name)),
        },
        "breached": {"n": clock["breached"], "document": found(clock["breached_ids"], late)},
        "attained": share(decided - clock["breached"], decided),
    }  # fmt: skip


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
