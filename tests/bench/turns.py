"""Measured in turns: A B A B, so that what else the machine does meets both alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.load import Load

Measure = Callable[[], Load]


@dataclass(frozen=True)
class Turns:
    """The runs of two things that took turns, in order."""

    ours: tuple[Load, ...]
    limit: tuple[Load, ...]

    @property
    def rate(self) -> float:
        return median(load.rate for load in self.ours)

    @property
    def share(self) -> float:
        """Median of each round's own ratio."""
        return median(
            a.rate / b.rate for a, b in zip(self.ours, self.limit, strict=True) if b.rate > 0
        )

    @property
    def p50(self) -> float:
        return median(load.p50 for load in self.ours)

    @property
    def p99(self) -> float:
        return median(load.p99 for load in self.ours)

    @property
    def tail(self) -> float:
        """p99 as a multiple of p50."""
        return median(load.p99 / load.p50 for load in self.ours if load.p50 > 0)

    @property
    def slowdown(self) -> float:
        """Our p50 as a multiple of the other's."""
        pairs = zip(self.ours, self.limit, strict=True)
        return median(a.p50 / b.p50 for a, b in pairs if b.p50 > 0)

    @property
    def errors(self) -> int:
        return sum(load.errors for load in self.ours)

    def details(self) -> dict[str, object]:
        return {
            "rates": [round(load.rate) for load in self.ours],
            "limits": [round(load.rate) for load in self.limit],
            "p50_ms": round(self.p50, 3),
            "p99_ms": round(self.p99, 3),
            "errors": self.errors,
        }


def in_turns(ours: Measure, limit: Measure, *, rounds: int) -> Turns:
    """The limit first: a round's pair lies as close together as it can."""
    pairs: Sequence[tuple[Load, Load]] = [(limit(), ours()) for _ in range(rounds)]
    return Turns(tuple(b for _, b in pairs), tuple(a for a, _ in pairs))
