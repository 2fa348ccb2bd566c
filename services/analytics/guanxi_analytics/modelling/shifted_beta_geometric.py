"""sBG: how long customers under contract stay, when each renews with a probability of their own that never changes.

A customer leaves in each period with probability θ ~ beta(α, β) (Fader and Hardie 2007, J. Interactive Marketing
21(1) 76-90). Retention r_t = (β+t-1)/(α+β+t-1) rises with tenure although nobody changes: those who stay are those
who were loyal from the start ("sorting"). From a life table: how many were there to renew in period t, and how many left.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from guanxi_analytics.modelling.beta_nodes import beta_nodes
from guanxi_analytics.modelling.climbing import Fit, Surface, Vector, fitted

NAMES: Final = ("alpha", "beta")


def fit(at_risk: ArrayLike, lost: ArrayLike) -> Fit:
    """By maximum likelihood; both (periods,), the first period first. Customers who have not been watched to the end
    count in the periods for which they were. ValueError when more left than were there."""
    at_risk, lost = np.asarray(at_risk, float), np.asarray(lost, float)
    if at_risk.shape != lost.shape or at_risk.ndim != 1 or not at_risk.size:
        raise ValueError("at_risk and lost have one figure for each period.")
    if np.any(lost < 0) or np.any(lost > at_risk):
        raise ValueError("More customers left in a period than there were.")
    return fitted(
        lambda p: surface(p, at_risk, lost), np.array([1.0, 1.0]), names=NAMES,
        customers=int(at_risk[0]),
    )  # fmt: skip


def surface(parameters: Vector, at_risk: Vector, lost: Vector) -> Surface:
    """Log-likelihood, gradient (2,) and Hessian (2, 2) by α, β: sum of kept ln(β+i) + lost ln α - at risk ln(α+β+i)."""
    alpha, beta = parameters
    i, kept = np.arange(len(lost)), at_risk - lost
    both = at_risk @ (1 / (alpha + beta + i))
    bend = at_risk @ (1 / (alpha + beta + i) ** 2)
    value = (
        kept @ np.log(beta + i) + lost.sum() * np.log(alpha) - at_risk @ np.log(alpha + beta + i)
    )
    gradient = np.array([lost.sum() / alpha - both, kept @ (1 / (beta + i)) - both])
    hessian = np.array(
        [[bend - lost.sum() / alpha**2, bend], [bend, bend - kept @ (1 / (beta + i) ** 2)]]
    )
    return float(value), gradient, hessian


def retention(parameters: ArrayLike, periods: int) -> Vector:
    """r_1 to r_periods: of those who are there, the share that renews."""
    alpha, beta = np.asarray(parameters, float)
    i = np.arange(periods)
    return np.asarray((beta + i) / (alpha + beta + i))


def survival(parameters: ArrayLike, periods: int) -> Vector:
    """S(0) = 1 to S(periods): of all who came, the share that is still there."""
    return np.concatenate([[1.0], np.cumprod(retention(parameters, periods))])


def residual_lifetime(parameters: ArrayLike, period: ArrayLike, discount: float) -> Vector:
    """DERL: discounted renewals to come of a customer in their `period`-th period, the next one undiscounted (Fader and
    Hardie 2010, Marketing Science 29(1)); `discount` of a period, above 0.

    The paper's (β+n-1)/(α+β+n-1) 2F1(1, β+n; α+β+n; 1/(1+d)) is the mean of (1-θ)(1+d)/(d+θ) over θ ~ beta(α, β+n-1),
    which those who are there in period n have."""
    if discount <= 0:
        raise ValueError("The discount rate is above 0: otherwise the sum may be infinite.")
    alpha, beta = np.asarray(parameters, float)
    theta, weights = beta_nodes(alpha, beta + np.atleast_1d(np.asarray(period, float)) - 1)
    return np.asarray((weights * (1 - theta) * (1 + discount) / (discount + theta)).sum(axis=1))


def sorting_or_change(
    parameters: ArrayLike, at_risk: ArrayLike, lost: ArrayLike
) -> tuple[float, Vector]:
    """Whether retention as it was is what sorting alone would make of it: the p value of Pearson's test over the
    periods (degrees of freedom: periods less two), and each period's standardised difference (periods,). A small p says
    that something else changed too; nan of fewer than three periods."""
    at_risk, lost = np.asarray(at_risk, float), np.asarray(lost, float)
    stays = retention(parameters, len(lost))
    spread = np.sqrt(np.maximum(at_risk * stays * (1 - stays), 1e-300))
    differences = np.where(at_risk > 0, (at_risk - lost - at_risk * stays) / spread, 0.0)
    freedom = int((at_risk > 0).sum()) - 2
    p = float(chi2.sf(float(differences @ differences), freedom)) if freedom > 0 else float("nan")
    return p, differences
