"""Why a contract may not be renewed: what its term's length and place add to the share of all. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

GRACE: Final = (
    30  # days after its end within which a term may still be renewed, unless it is said otherwise
)
CAPACITY: Final = 20  # how many a month are called
DIGITS: Final = 4
WORDS: Final = {
    "month": "a month", "quarter": "a quarter", "half_year": "half a year", "year": "a year", "two_years": "two years",
    "three_years": "three years", "other": "another length",
}  # fmt: skip
Row = Mapping[str, Any]


def month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def last_whole(until: date, grace: int) -> int:
    """The last month all of whose terms were due before `until`."""
    return month_of(until - timedelta(days=grace)) - 1


def cells_of(rows: Iterable[Row]) -> list[tuple[int, str, int, int, int]]:
    """Month, length, place, terms that were due, and those that were lost."""
    return [
        (month_of(row["month"]), row["term"], row["n"], row["at_risk"], row["lost"]) for row in rows
    ]


def shown(row: Row, learnt: Row, names: Mapping[str, str]) -> dict[str, Any]:
    hazard, account_id = row["hazard"], str(row["customer_id"])
    return {
        "account_id": account_id, "name": names.get(account_id),
        "entitlement_id": str(row["subject_id"]), "term": row["term"], "n": row["n"], "began_on": row["began_on"],
        "ends_on": row["valid_until"], "days_left": row["days_left"],
        "hazard": None if hazard is None else round(hazard, DIGITS),
        "reasons": [] if hazard is None else _reasons(row, learnt),
    }  # fmt: skip


def _reasons(row: Row, learnt: Row) -> list[dict[str, Any]]:
    """They add up to the hazard as it is shown: each is the step from one rounded share to the next."""
    overall, hazard = learnt["overall"], row["hazard"]
    steps = [("all", overall, f"Of all terms {overall:.1%} were not renewed.")]
    if learnt["by"] != "overall":
        by_term = learnt["terms"].get(row["term"], overall)
        told = f"Of terms of {WORDS[row['term']]} {by_term:.1%} were not."
        steps.append(("length", by_term, told))
    if learnt["by"] == "place":
        told = f"It is term {row['n']} of the contract: of those {hazard:.1%} were not."
        steps.append(("place", hazard, told))
    found, before = [], 0.0
    for name, share, sentence in steps:
        at = round(share, DIGITS)
        found.append(
            {"name": name, "contribution": round(at - before, DIGITS), "sentence": sentence}
        )
        before = at
    return found
