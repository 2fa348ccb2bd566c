"""From counts to retention: shares with intervals, whole periods apart from those that have not ended. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from guanxi_shared.survey_figures import share

LEAST: Final = 10  # customers of a cohort, of whom a share says something
MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def begin_of(cohort: date, n: int, period: str) -> date:
    months = cohort.year * 12 + cohort.month - 1 + n * MONTHS[period]
    return date(months // 12, months % 12 + 1, 1)


def shown(rows: Iterable[Mapping[str, Any]], period: str, until: date) -> list[dict[str, Any]]:
    """Cohorts, the oldest first; every period since has a place, those without a purchase too."""
    found: dict[date, dict[int, dict[str, Any]]] = {}
    for row in rows:
        cell = found.setdefault(row["cohort"], {}).setdefault(
            int(row["n"]), {"customers": 0, "revenue": []}
        )
        if row["is_all"]:
            cell["customers"] = row["customers"]
        else:
            cell["revenue"].append({"amount": _spelt(row["amount"]), "currency": row["currency"]})
    return [_cohort(cohort, cells, period, until) for cohort, cells in sorted(found.items())]


def _cohort(
    cohort: date, cells: Mapping[int, Mapping[str, Any]], period: str, until: date
) -> dict[str, Any]:
    size = cells[0]["customers"]
    last = 0
    while begin_of(cohort, last + 1, period) <= until:
        last += 1
    nothing = {"customers": 0, "revenue": []}
    return {
        "cohort": cohort, "customers": size,
        "periods": [
            {
                "n": n, **(cell := cells.get(n, nothing)), "retention": told(cell["customers"], size),
                "is_whole": begin_of(cohort, n + 1, period) <= until + timedelta(days=1),
            }
            for n in range(last + 1)
        ],
    }  # fmt: skip


def told(kept: int, size: int) -> dict[str, Any] | None:
    """The share with its interval; None of fewer than ten."""
    return share(kept, size) if size >= LEAST else None


def overall(cohorts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of all cohorts together, in periods that have ended: of those who could have bought the share that did."""
    counts: dict[int, tuple[int, int]] = {}
    for cohort in cohorts:
        for cell in cohort["periods"]:
            if cell["is_whole"]:
                kept, size = counts.get(cell["n"], (0, 0))
                counts[cell["n"]] = kept + cell["customers"], size + cohort["customers"]
    return [
        {"n": n, "customers": kept, "retention": told(kept, size)}
        for n, (kept, size) in sorted(counts.items())
    ]


def _spelt(amount: Decimal) -> str:
    return f"{amount:f}"
