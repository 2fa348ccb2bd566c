"""BG/BB: how often a customer takes part when there is an occasion to at fixed times (a yearly appeal, a fair).

At each of n occasions somebody alive takes part with probability p ~ beta(α, β), and is gone before the next with
θ ~ beta(γ, δ) (Fader, Hardie and Shang 2010, Marketing Science 29(6) 1086-1108):

    L = B(α+x, β+n-x)/B(α, β) B(γ, δ+n)/B(γ, δ) + Σ_{i=0}^{n-t-1} B(α+x, β+t-x+i)/B(α, β) B(γ+1, δ+t+i)/B(γ, δ)

x times taken part, t the last one's number (0: none), n occasions, `count` customers: (rows,).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, polygamma, psi

from guanxi_analytics.modelling.beta_nodes import beta_nodes
from guanxi_analytics.modelling.climbing import Fit, Surface, Vector, fitted

NAMES: Final = ("alpha", "beta", "gamma", "delta")


@dataclass(frozen=True)
class Occasions:
    x: Vector
    last: Vector
    n: Vector
    count: Vector

    @classmethod
    def of(cls, x: ArrayLike, last: ArrayLike, n: ArrayLike, count: ArrayLike = 1) -> "Occasions":
        columns = (np.atleast_1d(np.asarray(each, float)) for each in (x, last, n, count))
        x, last, n, count = np.broadcast_arrays(*columns)
        if np.any((x > last) | (last > n) | ((x == 0) != (last == 0)) | (x < 0)):
            raise ValueError("Of n occasions the last is at most the n-th, and x at most the last.")
        return cls(x, last, n, count)


def fit(data: Occasions) -> Fit:
    """By maximum likelihood."""
    return fitted(
        lambda p: surface(p, data), np.ones(4), names=NAMES, customers=int(data.count.sum())
    )


def _ways(data: Occasions) -> tuple[Vector, Vector, Vector]:
    """For each way to have come to the history (rows, ways): misses, occasions lived through, and whether it ended;
    alive first, then gone after each occasion from the last on. nan where there is no such way."""
    most = int(np.max(data.n - data.last)) if data.n.size else 0
    i = np.arange(most)[None, :]
    lived = np.concatenate([data.n[:, None], data.last[:, None] + i], axis=1)
    lived[:, 1:][i >= (data.n - data.last)[:, None]] = np.nan
    ended = np.zeros_like(lived)
    ended[:, 1:] = 1.0
    return lived - data.x[:, None], lived, ended


def _terms(
    parameters: Vector, data: Occasions
) -> tuple[Vector, tuple[Vector, Vector, Vector], Vector]:
    alpha, beta, gamma, delta = parameters
    ways = missed, lived, ended = _ways(data)
    logs = betaln(alpha + data.x[:, None], beta + missed) + betaln(gamma + ended, delta + lived)
    logs = np.where(np.isnan(lived), -np.inf, logs - betaln(alpha, beta) - betaln(gamma, delta))
    top = logs.max(axis=1, keepdims=True)
    total = top[:, 0] + np.log(np.exp(logs - top).sum(axis=1))
    return total, ways, np.exp(logs - total[:, None])


def surface(parameters: Vector, data: Occasions) -> Surface:
    """Log-likelihood, gradient (4,) and Hessian (4, 4), as moments over the ways."""
    total, (missed, lived, ended), p = _terms(parameters, data)
    x, missed, lived = data.x[:, None], np.nan_to_num(missed), np.nan_to_num(lived)
    alpha, beta, gamma, delta = parameters
    pairs = ((alpha, x, beta, missed), (gamma, ended, delta, lived))
    slopes: list[Vector] = []
    bends = np.zeros((4, 4))
    for k, (one, plus, other, more) in enumerate(pairs):
        both = psi(one + other + plus + more) - psi(one + other)
        slopes += [psi(one + plus) - psi(one) - both, psi(other + more) - psi(other) - both]
        bend = polygamma(1, one + other + plus + more) - polygamma(1, one + other)
        own = (
            polygamma(1, one + plus) - polygamma(1, one),
            polygamma(1, other + more) - polygamma(1, other),
        )
        block = [[own[0] - bend, -bend], [-bend, own[1] - bend]]
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            bends[2 * k + i, 2 * k + j] = data.count @ (p * block[i][j]).sum(axis=1)
    means = [(p * slope).sum(axis=1) for slope in slopes]
    gradient = np.array([data.count @ mean for mean in means])
    hessian = bends
    for i in range(4):
        for j in range(4):
            both = (p * slopes[i] * slopes[j]).sum(axis=1) - means[i] * means[j]
            hessian[i, j] += data.count @ both
    return float(data.count @ total), gradient, hessian


def alive(parameters: ArrayLike, data: Occasions) -> Vector:
    """P(alive at the occasion after the n-th), 0 to 1 (rows,)."""
    values = np.asarray(parameters, float)
    _, _, p = _terms(values, data)
    _, _, gamma, delta = values
    return np.asarray(p[:, 0] * (delta + data.n) / (gamma + delta + data.n))


def expected(parameters: ArrayLike, n: int) -> float:
    """E[X(n)]: how often somebody new takes part in n occasions; α/(α+β) Σ_k E[(1-θ)^k], k from 1 to n."""
    alpha, beta, gamma, delta = np.asarray(parameters, float)
    return float(alpha / (alpha + beta) * _lived(gamma, np.array([delta]), n)[0])


def expected_after(parameters: ArrayLike, data: Occasions, ahead: int) -> Vector:
    """How often in the `ahead` occasions to come, given a history (rows,)."""
    values = np.asarray(parameters, float)
    alpha, beta, gamma, delta = values
    _, _, p = _terms(values, data)
    often = (alpha + data.x) / (alpha + beta + data.n)
    return np.asarray(p[:, 0] * often * _lived(gamma, delta + data.n, ahead))


def _lived(gamma: float, delta: Vector, n: int) -> Vector:
    """E[Σ_{k=1}^{n} (1-θ)^k], θ ~ beta(γ, δ): occasions that somebody lives to see."""
    theta, weights = beta_nodes(gamma, delta)
    k = np.arange(1, n + 1)
    return np.asarray(np.einsum("ij,ijk->i", weights, (1 - theta)[:, :, None] ** k))
