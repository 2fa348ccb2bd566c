"""How many of the open deals will be won soon, by how long they have been open. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from guanxi_analytics.fitting.proving import described
from guanxi_analytics.modelling.competing_risks import OPEN, Incidence, incidence
from guanxi_analytics.modelling.floors import PIPELINE, refusal
from guanxi_analytics.modelling.passport import judged

HORIZON: Final = 90  # days
ORIGINS: Final = 6
STEP: Final = 45
NEVER: Final = 1 << 40
WON, LOST = 1, 2
KINDS: Final = {"won": WON, "lost": LOST}
NAMED: Final = "the share of open deals that was won within so long"
# Day opened, day closed (None: open), how it ended, amount, currency, and the chance that its stage says.
Deal = tuple[int, int | None, str, float, str | None, float | None]
Learnt = dict[str, Any]


def learn_deals(deals: Sequence[Deal], until: int) -> Learnt:
    opened = np.array([deal[0] for deal in deals], np.int64)
    closed = np.array([NEVER if deal[1] is None else deal[1] for deal in deals], np.int64)
    kind = np.array([KINDS.get(deal[2], OPEN) for deal in deals], np.int64)
    counts = [int(np.isin(kind, e).sum()) for e in ([WON, LOST], [WON], [LOST])]
    if (sentence := refusal(PIPELINE, *counts)) is not None:
        return {"verdict": "refused", "sentence": sentence, "n": len(deals), "found": {}}
    moments = [_moment(opened, closed, kind, until - HORIZON - STEP * n) for n in range(ORIGINS)]
    looks = [each for each in moments if each is not None][::-1]
    try:
        found = judged(
            np.concatenate([look["p"] for look in looks]), np.concatenate([look["base"] for look in looks]),
            np.concatenate([look["won"] for look in looks]), named=NAMED,
            base_rate=np.concatenate([look["base"] for look in looks]),
            origin=np.concatenate([np.full(len(look["p"]), look["origin"]) for look in looks]),
        )  # fmt: skip
    except ValueError as error:
        return {"verdict": "refused", "sentence": str(error), "n": len(deals), "found": {}}
    figures, calibration = described(found)
    verdict = "no_better" if found.over_base_rate[1] <= 0 else found.verdict
    past = [_past(look) for look in looks]
    off = np.mean([abs(e["expected"] / max(e["won"], 1) - 1) for e in past])
    naive = np.mean([abs(e["naive"] / max(e["won"], 1) - 1) for e in past])
    curves = _curves(opened, closed, kind, until)
    told = f" Sums of deals won were {off:.0%} off on average, of open deals times that share {naive:.0%}."
    return {
        "verdict": verdict, "sentence": found.sentence + told, "n": len(deals),
        "found": {
            "judgement": figures, "calibration": calibration, "past": past, "horizon_days": HORIZON,
            "open": _open(deals, curves if verdict != "no_better" else None, until),
        },
    }  # fmt: skip


def _curves(
    opened: NDArray[np.int64], closed: NDArray[np.int64], kind: NDArray[np.int64], day: int
) -> Incidence:
    """Of what was known in the evening of a day: whatever was closed later was still open."""
    seen = opened <= day
    age = np.minimum(closed, day)[seen] - opened[seen]
    return incidence(age, np.where(closed <= day, kind, OPEN)[seen])


def _moment(
    opened: NDArray[np.int64], closed: NDArray[np.int64], kind: NDArray[np.int64], day: int
) -> dict[str, Any] | None:
    """Deals open then; None where too few had been closed by then, or a horizon before."""
    before = day - HORIZON
    if ((closed <= before) & (kind == WON)).sum() < 20:
        return None
    there, then = (opened <= day) & (closed > day), (opened <= before) & (closed > before)
    if not there.any() or not then.any():
        return None
    won_then = (kind == WON) & (closed <= day)
    base = float(won_then[then].mean())
    p = _curves(opened, closed, kind, day).chance(WON, day - opened[there], within=HORIZON)
    won = ((kind == WON) & (closed <= day + HORIZON))[there]
    return {
        "origin": day, "p": np.clip(np.nan_to_num(p, nan=base), 0, 1), "base": np.full(len(p), base),
        "won": won.astype(float),
    }  # fmt: skip


def _past(look: dict[str, Any]) -> dict[str, Any]:
    return {
        "origin": str(date.fromordinal(look["origin"])), "open": len(look["p"]), "won": int(look["won"].sum()),
        "expected": round(float(look["p"].sum()), 2), "naive": round(float(look["base"].sum()), 2),
    }  # fmt: skip


def _open(deals: Sequence[Deal], curves: Incidence | None, until: int) -> dict[str, Any]:
    """By currency: what is open, what the stages say, whenever that is, and, by a model that is used, what is expected
    within the horizon."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for opened, closed, _, amount, currency, stage in deals:
        if closed is not None or currency is None:
            continue
        own = found[currency]
        own["deals"] += 1
        own["amount"] += amount
        own["stage_weighted"] += amount * (stage or 0.0)
        if curves is not None:
            chance = float(np.nan_to_num(curves.chance(WON, until - opened, within=HORIZON)))
            own["expected"] += chance * amount
            own["expected_deals"] += chance
    return {
        currency: {name: round(value, 2) for name, value in own.items()}
        for currency, own in sorted(found.items())
    }
