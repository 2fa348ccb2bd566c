"""What ended terms say of those that run: the shares not renewed, and how near they came at past months. Runs in the process
beside."""

from collections.abc import Sequence
from dataclasses import asdict
from math import ceil
from typing import Any, Final

import orjson

from guanxi_analytics.modelling.passport import Verdict
from guanxi_analytics.modelling.renewal_hazard import Cell, Tried, back_test, hazards
from guanxi_shared.intervals import wilson

DIGITS: Final = 5
SHORTEST_MONTH: Final = 28


def learn_renewals(
    cells: Sequence[tuple[int, str, int, int, int]], last: int, grace: int, capacity: int,
    places: int,
) -> bytes:  # fmt: skip
    return orjson.dumps(learn_hazards(cells, last, grace, capacity, places))


def learn_hazards(
    cells: Sequence[tuple[int, str, int, int, int]], last: int, grace: int, capacity: int,
    places: int,
) -> dict[str, Any]:  # fmt: skip
    """`last` is the last month all of whose terms were due. By what the list is made: `place`, `length` or `overall`, the finest
    that was worth it at past months."""
    own = [Cell(*each) for each in cells]
    known = hazards(own)
    answer: dict[str, Any] = {
        "by": "overall", "overall": None, "terms": {}, "places": [], "verdict": "refused", "tested": None,
        "sentence": "No term was due yet: nothing is known of how many are not renewed.",
    }  # fmt: skip
    if known is None:
        return answer
    answer["overall"] = known.overall
    try:
        whole = [cell for cell in own if cell.month <= last]
        tried = back_test(whole, lag=ceil(grace / SHORTEST_MONTH), capacity=capacity)
    except ValueError as error:
        told = f"It was not tried on the past, and all terms are given the share of all. {error}"
        return answer | {"sentence": told}
    found = tried.judgement
    answer |= {"verdict": found.verdict, "sentence": found.sentence, "tested": _tested(tried)}
    by: dict[Verdict, str] = {"use": "place", "weak": "length", "no_better": "overall"}
    answer["by"] = by[found.verdict]
    if answer["by"] != "overall":
        answer["terms"] = known.by_term
        which = 0 if answer["by"] == "place" else 1
        answer["places"] = [
            (term, n, known.of(term, n)[which])
            for term in sorted(known.by_term)
            for n in range(1, places + 1)
        ]
    return answer


def _tested(tried: Tried) -> dict[str, Any]:
    """All months together; figures of the judgement as passports show them."""
    called, lost, terms = (
        sum(getattr(each, name) for each in tried.months) for name in ("called", "lost", "terms")
    )
    hits, by_length = (
        sum(getattr(each, name) for each in tried.months) for name in ("hits", "hits_by_length")
    )
    low, high = wilson(round(hits), called)
    expected = sum(each.expected for each in tried.months)
    names = ("n", "base_rate", "brier", "brier_of_base_rate", "brier_of_baseline", "skill", "auc", "calibration_error", "over_base_rate", "over_baseline")  # fmt: skip
    figures = asdict(tried.judgement)
    return {
        "months": len(tried.months), "terms": terms, "lost": lost, "expected": round(expected, 2), "called": called,
        "precision": _short(hits / called), "low": _short(low), "high": _short(high),
        "precision_by_length": _short(by_length / called), "of_all": _short(lost / terms),
        "found": _short(hits / lost) if lost else None,
        "judgement": {name: _short(figures[name]) for name in names},
        "calibration": [{n: _short(v) for n, v in each.items()} for each in figures["calibration"]],
    }  # fmt: skip


def _short(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) else value
