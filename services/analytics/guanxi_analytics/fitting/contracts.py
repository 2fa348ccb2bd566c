"""What contracts say once a day: who stays by sorting alone, and how likely terms are not renewed. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from guanxi_analytics.contracts.learning import learn_block
from guanxi_analytics.contracts.learning_renewals import learn_hazards
from guanxi_analytics.contracts.renewal_rules import CAPACITY, GRACE
from guanxi_analytics.contracts.retention_rules import DISCOUNT, MOST_TERMS, blocks_of
from guanxi_analytics.modelling.climbing import Vector
from guanxi_analytics.modelling.floors import CONTRACTS, refusal
from guanxi_analytics.modelling.passport import drift

BLOCK: Final = ("verdict", "sentence", "parameters", "sorting", "backtest", "lifetime")
Learnt = dict[str, Any]
Told = Sequence[tuple[float, int]]  # a hazard, and how many contracts it is said of


def learn_contracts(
    *, terms: Sequence[Mapping[str, Any]], cells: Sequence[tuple[int, str, int, int, int]], last: int,
    places: int, to_come: Sequence[tuple[str, int, int]], first: int | None, before: Told,
) -> dict[str, Learnt]:  # fmt: skip
    settings = {"grace": GRACE, "discount": DISCOUNT, "capacity": CAPACITY}
    found = {
        "contract-retention": learn_lengths(terms),
        "renewal-hazard": learn_ends(
            learn_hazards(cells, last, GRACE, CAPACITY, places), cells, to_come, before
        ),
    }
    return {name: each | {"first": first, "settings": settings} for name, each in found.items()}


def learn_lengths(terms: Sequence[Mapping[str, Any]]) -> Learnt:
    """Contracts of each first length by themselves. The verdict is that of the length that most of them have."""
    blocks = blocks_of(terms, MOST_TERMS)
    if not blocks:
        told = refusal(CONTRACTS, 0, 0, 0)
        return {"verdict": "refused", "sentence": told, "n": 0, "found": {}}
    sizes = [sum(b["whole"][name] for name in ("running", "put_away", "lapsed")) for b in blocks]
    learnt = [learn_block(block, DISCOUNT, None) for block in blocks]
    main = int(np.argmax(sizes))
    own, term = learnt[main], blocks[main]["term"]
    values = {} if own["parameters"] is None else own["parameters"]["values"]
    told = own["sentence"]
    if len(blocks) > 1:
        told = f"Of the {sizes[main]} contracts of {sum(sizes)} that began with a term of this length ({term}): {told}"
    return {
        "verdict": own["verdict"], "sentence": told, "n": sum(sizes),
        "found": {
            "term": term, "judgement": own["judgement"], "calibration": own["calibration"],
            "parameters": {f"{term}.{name}": value for name, value in values.items()},
            "terms": {
                block["term"]: {name: each[name] for name in BLOCK} | {"contracts": size}
                for block, each, size in zip(blocks, learnt, sizes, strict=True)
            },
        },
    }  # fmt: skip


def learn_ends(
    learnt: Learnt, cells: Sequence[tuple[int, str, int, int, int]], to_come: Sequence[tuple[str, int, int]],
    before: Told,
) -> Learnt:  # fmt: skip
    verdict, sentence = learnt.pop("verdict"), learnt.pop("sentence")
    tested = learnt["tested"] or {}
    found = learnt | {
        "judgement": tested.pop("judgement", None), "calibration": tested.pop("calibration", []),
        "parameters": {}, "said": [],
    }  # fmt: skip
    if learnt["overall"] is not None:
        found["parameters"] = {"overall": learnt["overall"], **learnt["terms"]}
        found["said"] = _said(learnt, to_come)
        if before and found["said"]:
            found["score_drift"] = round(drift(_each(before), _each(found["said"])), 4)
    n = sum(cell[3] for cell in cells)
    return {"verdict": verdict, "sentence": sentence, "n": n, "found": found}


def _each(told: Told) -> Vector:
    return np.repeat([hazard for hazard, _ in told], [count for _, count in told])


def _said(learnt: Mapping[str, Any], to_come: Sequence[tuple[str, int, int]]) -> list[tuple[float, int]]:  # fmt: skip
    """The hazards of the contracts that run, by which the next fit tells whether they moved."""
    known = {(term, n): hazard for term, n, hazard in learnt["places"]}
    return [(known.get((term, n), learnt["overall"]), count) for term, n, count in to_come]
