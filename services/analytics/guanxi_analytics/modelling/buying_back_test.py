"""BG/NBD on the organisation's own past: from several days, what it said of the days after, and what came.

On each origin it is fitted to what was known then. Judged are who buys again within the horizon (baseline: the share among
customers about as silent, learnt on the origin before) and the sum of purchases (baseline: everybody goes on at their own
rate, x / T).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from guanxi_analytics.modelling.beta_geometric import BG_NBD, Model, fit
from guanxi_analytics.modelling.beta_geometric_ahead import active_within, expected_after
from guanxi_analytics.modelling.climbing import Fit, Vector
from guanxi_analytics.modelling.histories import histories
from guanxi_analytics.modelling.lifetime_value import Customers
from guanxi_analytics.modelling.outcomes import purchases_drawn
from guanxi_analytics.modelling.passport import Judgement, coverage, judged
from guanxi_analytics.modelling.purchase_days import Known, PurchaseDays
from guanxi_analytics.modelling.silence import chance_by_silence, silence

BASELINE = "how long customers have been silent"


@dataclass(frozen=True)
class Look:
    """From one origin: of each customer then known (n,) chances, the baseline's, purchases expected and come; what was
    known of them, and what was fitted to it."""

    origin: int
    known: Known
    fit: Fit
    chance: Vector
    by_silence: Vector
    base_rate: float
    expected: Vector
    at_own_rate: Vector
    came: Vector

    @property
    def error_of_sum(self) -> float:
        """How far the expected sum was off, as a share of what came: -0.1 is a tenth too few."""
        return float(self.expected.sum() / max(self.came.sum(), 1) - 1)

    @property
    def error_of_sum_at_own_rate(self) -> float:
        return float(self.at_own_rate.sum() / max(self.came.sum(), 1) - 1)


def look_ahead(
    days: PurchaseDays, origins: Sequence[int], *, horizon: int, model: Model = BG_NBD
) -> list[Look]:
    """From each origin; days. The baseline learns from an origin a horizon earlier, whose outcomes were known. Where the
    purchases until an origin do not tell the model's parameters, nothing would have been said then: it is left out."""
    looks = (_look(days, origin, horizon, model) for origin in origins)
    return [look for look in looks if look is not None]


def _look(days: PurchaseDays, origin: int, horizon: int, model: Model) -> Look | None:
    now, before = days.known_on(origin), days.known_on(origin - horizon)
    if not len(before.customer):
        raise ValueError("A horizon before an origin somebody must have bought.")
    had = days.count_after(before, horizon) > 0
    quiet = [silence(each.x, each.last, each.age) for each in (before, now)]
    told = (now.x, now.last, now.age)
    found = fit(histories(*told, unit=1), model)
    if not found.is_settled:
        return None
    p = found.parameters
    return Look(
        origin, now, found, active_within(p, *told, horizon, model), chance_by_silence(quiet[0], had, quiet[1]),
        float(had.mean()), expected_after(p, *told, horizon, model),
        now.x / np.maximum(now.age, 1) * horizon, days.count_after(now, horizon).astype(float),
    )  # fmt: skip


def judgement(looks: Sequence[Look]) -> Judgement:
    """Of the chances from all origins together."""
    sizes = [len(look.came) for look in looks]
    return judged(
        np.concatenate([look.chance for look in looks]),
        np.concatenate([look.by_silence for look in looks]),
        np.concatenate([look.came > 0 for look in looks]),
        named=BASELINE,
        base_rate=np.repeat([look.base_rate for look in looks], sizes),
        origin=np.repeat([look.origin for look in looks], sizes),
    )


def covered(
    look: Look, *, horizon: int, share: float = 0.95, most: int = 1_000, seed: int
) -> float:
    """Of customers (every so-manieth beyond `most`) the share whose purchases came within the interval that the model
    would have drawn for each; at least `share` where it knows how much it does not know, since purchases are whole."""
    stride = max(1, len(look.came) // most)
    x, last, age = (e[::stride] for e in (look.known.x, look.known.last, look.known.age))
    customers = Customers.of(x, last, age, 0.0)
    drawn = purchases_drawn(look.fit, customers, horizon, count=400, seed=seed)
    low, high = np.quantile(
        drawn, [(1 - share) / 2, (1 + share) / 2], axis=0, method="inverted_cdf"
    )
    return coverage(low, high, look.came[::stride])
