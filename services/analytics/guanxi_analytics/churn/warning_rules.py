"""How well a warning list would have been aimed at past moments. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from guanxi_shared.intervals import wilson

Moment = Mapping[str, Any]


def aimed(moments: Sequence[Moment], capacity: int) -> dict[str, Any] | None:
    """Of the first `capacity` of each moment's list, by the model and by the rule, the share that then bought nothing
    within the horizon; None where nothing was tested."""
    model, rule = _hits(moments, "model", capacity), _hits(moments, "rule", capacity)
    if not model[1]:
        return None
    gone, customers = (sum(moment[name] for moment in moments) for name in ("gone", "customers"))
    own, other = model[0] / model[1], rule[0] / rule[1]
    low, high = wilson(*model)
    return {
        "capacity": capacity, "called": model[1], "moments": len(moments), "precision": round(own, 4),
        "low": round(low, 4), "high": round(high, 4), "precision_of_rule": round(other, 4),
        "of_all": round(gone / customers, 4), "found": round(model[0] / gone, 4) if gone else None,
        "sentence": _sentence(len(moments), model, own, other, gone / customers),
    }  # fmt: skip


def _hits(moments: Sequence[Moment], by: str, capacity: int) -> tuple[int, int]:
    called = [moment[by][:capacity] for moment in moments]
    return sum(each.count("1") for each in called), sum(map(len, called))


def _sentence(moments: int, model: tuple[int, int], own: float, other: float, of_all: float) -> str:
    told = (
        f"At {moments} past {'moment' if moments == 1 else 'moments'} {own:.0%} of those who would have been called first"
        f" ({model[1]} in all) bought nothing afterwards; of the longest silent {other:.0%}, of anybody {of_all:.0%}."
    )
    return told if own > other else f"{told} Silence alone aims as well."
