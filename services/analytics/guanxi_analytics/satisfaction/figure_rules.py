"""Satisfaction in figures, from answers one by one. Pure."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from guanxi_shared import kano
from guanxi_shared.survey_figures import SCORES, gap

LEAST: Final = 10  # answers, below which nothing is told but how many there are
Answer = Mapping[str, Any]  # kind, survey_id, score, figures


def scores(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """CSAT (Wilson), NPS (adjusted Wald), CES (Student's t), of whatever kinds were asked."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for each in answers:
        if each["kind"] in SCORES and each["score"] is not None:
            counts[each["kind"]][each["score"]] += 1
    return [
        {"kind": kind, "n": (n := sum(own.values())), "score": SCORES[kind][0](own) if n >= LEAST else None}
        for kind, own in sorted(counts.items())
    ]  # fmt: skip


def gaps(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """SERVQUAL: perception less expectation of those who gave both, item by item, the widest gap first."""
    found = []
    for (survey, item), pairs in _pairs(answers, "satisfaction", "expected", "perceived").items():
        n = sum(pairs.values())
        told = gap(pairs) if n >= LEAST else None
        found.append({"survey_id": survey, "item": item, "n": n, "figures": told})
    return sorted(found, key=lambda each: (_gap(each), each["survey_id"], each["item"]))


def _gap(found: Mapping[str, Any]) -> float:
    figures = found["figures"]
    return 0.0 if figures is None or figures["gap"]["value"] is None else float(figures["gap"]["value"])  # fmt: skip


def kano_items(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    found = []
    for (survey, item), pairs in _pairs(answers, "kano", "functional", "dysfunctional").items():
        n = sum(pairs.values())
        told = kano.item_of(kano.counted(pairs)) if n >= LEAST else None
        found.append({"survey_id": survey, "item": item, "n": n, "figures": told})
    return sorted(found, key=lambda each: (each["survey_id"], each["item"]))


def _pairs(
    answers: Iterable[Answer], kind: str, one: str, other: str
) -> dict[tuple[str, str], Counter[tuple[Any, Any]]]:
    found: dict[tuple[str, str], Counter[tuple[Any, Any]]] = defaultdict(Counter)
    for each in answers:
        if each["kind"] != kind:
            continue
        told = json.loads(each["figures"])
        for item in {key.rpartition(".")[0] for key in told if key.endswith((f".{one}", f".{other}"))}:  # fmt: skip
            both = told.get(f"{item}.{one}"), told.get(f"{item}.{other}")
            if None not in both:
                found[str(each["survey_id"]), item][both] += 1
    return found
