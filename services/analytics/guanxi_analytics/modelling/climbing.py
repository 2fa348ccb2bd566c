"""Maximum likelihood in the logarithms of positive parameters, by Newton's method with exact Hessians.

A model gives its log-likelihood, gradient (k,) and Hessian (k, k) in the parameters themselves; here they are
turned to logarithms, where the surface is nearly quadratic and no parameter leaves its range. Directions of
negative curvature are climbed by their absolute value (Dauphin et al. 2014, "saddle-free Newton"), a step that
does not climb is halved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Surface = tuple[float, Vector, Vector]  # log-likelihood, gradient, Hessian
Likelihood = Callable[[Vector], Surface]

EDGE: Final = 14.0  # of a logarithm: e^14 = 1,200,000 times the unit says that the data do not tell
LONGEST: Final = 2.0
MOST_STEPS: Final = 100
FLAT: Final = 1e-10  # of the gradient, for a customer
ROUNDING: Final = 1e-13  # of the log-likelihood


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters where the likelihood is greatest.

    `log_covariance` is that of their logarithms, `covariance` that of themselves (delta method), both
    (k, k) and full of nan when the curvature does not say. `is_settled` is False when a parameter ran to its edge:
    the data do not tell it, and nothing should be predicted by it.
    """

    names: tuple[str, ...]
    parameters: Vector
    log_covariance: Vector
    log_likelihood: float
    customers: int
    steps: int
    is_settled: bool

    @property
    def covariance(self) -> Vector:
        return self.log_covariance * np.outer(self.parameters, self.parameters)

    @property
    def standard_errors(self) -> Vector:
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def as_dict(self) -> dict[str, float]:
        return {name: float(each) for name, each in zip(self.names, self.parameters, strict=True)}

    def draws(self, count: int, *, seed: int) -> Vector:
        """`count` sets of parameters (count, k) from the normal distribution of their logarithms that has the
        mode and the curvature of the likelihood (Laplace). The same for the same seed."""
        refuse_unsettled(self)
        random = np.random.default_rng(seed)
        logs = random.multivariate_normal(
            np.log(self.parameters), self.log_covariance, size=count, method="eigh"
        )
        return np.asarray(np.exp(np.clip(logs, -EDGE, EDGE)))


def refuse_unsettled(fit: Fit) -> None:
    """ValueError in words where the data do not tell the parameters."""
    if not fit.is_settled:
        names = ", ".join(fit.names)
        raise ValueError(
            f"What {fit.customers:,} customers did does not tell {names}: nothing is said of how sure it is."
        )


def fitted(
    of: Likelihood, start: Vector, *, names: Sequence[str], customers: int,
    scale: Vector | None = None, shift: float = 0.0,
) -> Fit:  # fmt: skip
    """`of` takes parameters in a unit of time or money of its own: `scale` (k,) is what they are multiplied
    by for the unit of the data, `shift` what the log-likelihood of densities gains by that."""
    logs, surface, steps = climb(of, np.log(start), customers)
    value, gradient, hessian = surface
    inside = bool(np.all(np.abs(logs) < EDGE - 0.01))
    flat = float(np.max(np.abs(gradient))) <= 1e-6 * customers
    covariance = _inverse(-hessian)
    return Fit(
        tuple(names), np.exp(logs) * (1.0 if scale is None else scale), covariance,
        value + shift, customers, steps, inside and flat and bool(np.all(np.isfinite(covariance))),
    )  # fmt: skip


def climb(of: Likelihood, logs: Vector, customers: int) -> tuple[Vector, Surface, int]:
    """From logarithms to where nothing near is higher: those, the surface there and how many steps."""
    surface = in_logs(of, logs)
    for step in range(MOST_STEPS):
        if np.max(np.abs(surface[1])) <= FLAT * customers:
            return logs, surface, step
        move = _direction(surface)
        if float(surface[1] @ move) <= ROUNDING * abs(surface[0]):
            return *_last_step(of, logs, surface, move), step + 1
        moved = _step(of, logs, surface, move)
        if moved is None:
            return logs, surface, step
        logs, surface = moved
    return logs, surface, MOST_STEPS


def _step(
    of: Likelihood, logs: Vector, surface: Surface, move: Vector
) -> tuple[Vector, Surface] | None:
    """A Newton step, halved until it climbs; None when none does."""
    for _ in range(30):
        there = np.clip(logs + move, -EDGE, EDGE)
        found = in_logs(of, there)
        if np.isfinite(found[0]) and found[0] > surface[0]:
            return there, found
        move = move / 2
    return None


def _last_step(
    of: Likelihood, logs: Vector, surface: Surface, move: Vector
) -> tuple[Vector, Surface]:
    """So near the top the likelihood is told no more by its rounded value, but by its slope."""
    there = np.clip(logs + move, -EDGE, EDGE)
    found = in_logs(of, there)
    is_flatter = np.max(np.abs(found[1])) < np.max(np.abs(surface[1]))
    return (there, found) if is_flatter else (logs, surface)


def _direction(surface: Surface) -> Vector:
    _, gradient, hessian = surface
    curvature, axes = np.linalg.eigh(-hessian)
    floor = 1e-9 * max(float(np.max(np.abs(curvature))), 1e-300)
    move = axes @ ((axes.T @ gradient) / np.maximum(np.abs(curvature), floor))
    return np.asarray(move * min(1.0, LONGEST / max(float(np.max(np.abs(move))), 1e-300)))


def in_logs(of: Likelihood, logs: Vector) -> Surface:
    """Gradient and Hessian by the logarithms: p g and p_i p_j H_ij + [i = j] p_i g_i."""
    parameters = np.exp(logs)
    value, gradient, hessian = of(parameters)
    by_logs = parameters * gradient
    return value, by_logs, hessian * np.outer(parameters, parameters) + np.diag(by_logs)


def _inverse(information: Vector) -> Vector:
    """Of a matrix that says how much is known; nan where it is not positive definite."""
    curvature = np.linalg.eigvalsh(information)
    if not np.all(np.isfinite(curvature)) or curvature[0] <= 1e-12 * curvature[-1]:
        return np.full_like(information, np.nan)
    return np.asarray(np.linalg.inv(information))


def delta_error(of: Callable[[Vector], ArrayLike], fit: Fit) -> Vector:
    """The standard error of each figure that `of` makes of the parameters: sqrt(J C J'), J by central differences of
    the logarithms (delta method)."""
    refuse_unsettled(fit)
    logs = np.log(fit.parameters)
    slopes: list[Any] = []
    for k in range(len(logs)):
        nudge = np.zeros_like(logs)
        nudge[k] = 1e-4
        up, down = (np.asarray(of(np.exp(logs + sign * nudge))) for sign in (1, -1))
        slopes.append((up - down) / 2e-4)
    by_parameter = np.stack(slopes)
    variance = np.einsum("k...,kl,l...->...", by_parameter, fit.log_covariance, by_parameter)
    return np.asarray(np.sqrt(np.maximum(variance, 0)))
