"""What would change a score: a purchase today, so much more silence, a renewal. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from guanxi_analytics.customers.outlook_rules import LOST, WARNED, WEEK, alive, falls_on

SHARE: Final = 4
Row = Mapping[str, Any]


def of_outlook(row: Row, *, sees_sums: bool) -> list[dict[str, Any]]:
    p, x = row["found"]["buying"]["parameters"], row["repeats"]
    found, now = [], row["alive"]
    if row["last_on"] < row["until"]:
        age = (row["until"] - row["first_on"]).days / WEEK
        again = alive(p, x + 1, age, age)
        told = f"With a purchase today P(alive) would be {again:.0%}."
        found.append(
            _change("alive", "purchase_today", told, before=_text(now), after=_text(again))
        )
    if sees_sums and row["value"] is not None and row["value_if_back"] is not None:
        told = "With a purchase today, as dear as theirs are; it is in it."
        before, after = f"{row['value']:f}", f"{row['value_if_back']:f}"
        found.append(_change("value", "purchase_today", told, before=before, after=after, currency=row["currency"]))  # fmt: skip
    for chance, word in ((WARNED, "rather gone than not"), (LOST, "lost")):
        on = falls_on(p, x, row["first_on"], row["last_on"], chance) if now > chance else None
        if on is not None:
            told = f"Without a purchase until {on} they are counted as {word}."
            found.append(_change("alive", "silence", told, on=on, before=_text(now), after=_text(chance)))  # fmt: skip
    return found


def of_contract(contract: Row, learnt: Row, last_place: int) -> list[dict[str, Any]]:
    """By a renewal the next term is the one in question; nothing where a term's place tells nothing."""
    if contract["hazard"] is None or learnt["by"] != "place":
        return []
    term, n = contract["term"], min(contract["n"] + 1, last_place)
    later = {(term, n): hazard for term, n, hazard in learnt["places"]}.get((term, n))
    if later is None:
        return []
    told = (
        f"Renewed, it would be in term {contract['n'] + 1}: of those {later:.1%} were not renewed."
    )
    return [
        _change(
            "hazard", "renewal", told, before=_text(contract["hazard"]), after=_text(later),
            entitlement_id=contract["entitlement_id"],
        )
    ]  # fmt: skip


def _change(
    score: str, by: str, sentence: str, *, before: str, after: str, on: date | None = None,
    currency: str | None = None, entitlement_id: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "score": score, "by": by, "on": on, "before": before, "after": after, "currency": currency,
        "entitlement_id": entitlement_id, "sentence": sentence,
    }  # fmt: skip


def _text(share: float) -> str:
    return f"{share:.{SHARE}f}"
