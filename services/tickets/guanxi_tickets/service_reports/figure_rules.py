"""What a report says of counted rows, each figure with the document that finds its rows. Pure.

Shares are of n, with the interval of guanxi_shared/intervals.py; times are in seconds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from guanxi_shared.intervals import wilson
from guanxi_tickets.tickets.document_rules import Filter, document_of, filter_of, of_ids

Row = Mapping[str, Any]
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
                "document": None if is_past else document_of(own, *age_filters(at, days)),
            }
            for days in AGES
        ],
    }  # fmt: skip


def solved_row(
    row: Row, clocks: Sequence[Row], base: Sequence[Filter], group_by: str | None, *, is_past: bool
) -> dict[str, Any]:
    own = [*base, *of_group(group_by, row["key"])]

    def found(ids: Sequence[str] | None, *more: Filter) -> dict[str, Any] | None:
        return of_ids(ids) if is_past else document_of(own, *more)

    return {
        "key": row["key"], "n": row["n"], "document": found(row["ids"]),
        "resolution": spread(row, "resolution"),
        "first_response": spread(row, "response"),
        "reopened": {
            "n": row["reopened"], **share(row["reopened"], row["n"]),
            "document": found(row["reopened_ids"], filter_of("reopened_count", "gte", 1)),
        },
        "sla": [
            {
                "clock": each["clock"], "n": each["n"], "breached": each["breached"],
                "attained": share(each["n"] - each["breached"], each["n"]),
                "document": found(each["ids"], filter_of("sla_breached", "has", each["clock"])),
            }
            for each in clocks
        ],
    }  # fmt: skip


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
