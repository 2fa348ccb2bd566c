"""How likely a term is not renewed, by how long it is and the how many-th it is: a discrete hazard out of a life table.

A share of few terms is drawn toward that of all terms of its length, and that toward the share of all, as if `WEIGHT` more terms had
been lost at that rate. At past months the terms that ended in a month are foretold from those that had been decided before it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from guanxi_analytics.modelling.life_table import shrunk
from guanxi_analytics.modelling.passport import Judgement, judged

WEIGHT: Final = 20.0
MOST_MONTHS: Final = 36
NAMED: Final = "the share of terms of the same length"


class Cell(NamedTuple):
    """Terms that ended in a month (counted from any), of one length and place."""

    month: int
    term: str
    n: int
    at_risk: int
    lost: int


@dataclass(frozen=True, slots=True)
class Hazards:
    overall: float
    by_term: Mapping[str, float]
    by_place: Mapping[tuple[str, int], float]

    def of(self, term: str, n: int) -> tuple[float, float]:
        """By place, and by length alone."""
        by_term = self.by_term.get(term, self.overall)
        return self.by_place.get((term, n), by_term), by_term


def hazards(cells: Iterable[Cell]) -> Hazards | None:
    """None of nothing."""
    places, terms = defaultdict[tuple[str, int], list[int]](lambda: [0, 0]), defaultdict[str, list[int]](lambda: [0, 0])  # fmt: skip
    whole = [0, 0]
    for cell in cells:
        for each in (places[cell.term, cell.n], terms[cell.term], whole):
            each[0] += cell.at_risk
            each[1] += cell.lost
    if not whole[0]:
        return None
    overall = whole[1] / whole[0]
    by_term = {term: _drawn(own, overall) for term, own in terms.items()}
    by_place = {place: _drawn(own, by_term[place[0]]) for place, own in places.items()}
    return Hazards(overall, by_term, by_place)


def _drawn(own: Sequence[int], toward: float) -> float:
    return float(shrunk(own[0], own[1], toward, weight=WEIGHT))


@dataclass(frozen=True, slots=True)
class Month:
    """What would have been said at its begin of the terms that ended in it; hits are those lost among the first `capacity`."""

    month: int
    terms: int
    lost: int
    expected: float
    called: int
    hits: float
    hits_by_length: float


@dataclass(frozen=True, slots=True)
class Tried:
    months: Sequence[Month]
    judgement: Judgement


def back_test(cells: Sequence[Cell], *, lag: int, capacity: int) -> Tried:
    """`lag`: after how many months more it is known what became of a term. ValueError in words of too few."""
    last, first = max((c.month for c in cells), default=0), min((c.month for c in cells), default=0)
    months, parts = [], []
    for month in range(max(first + lag + 1, last - MOST_MONTHS + 1), last + 1):
        own = [c for c in cells if c.month == month]
        known = hazards(c for c in cells if c.month + lag < month)
        if known is None or not own:
            continue
        said = [known.of(c.term, c.n) for c in own]
        p, base = (np.array([each[k] for each in said]) for k in (0, 1))
        n = np.array([c.at_risk for c in own])
        months.append(_month(month, own, p, base, capacity))
        outcomes = np.concatenate([np.repeat([1, 0], [c.lost, c.at_risk - c.lost]) for c in own])
        parts.append(
            (np.repeat(p, n), np.repeat(base, n), outcomes, np.full(n.sum(), known.overall), np.full(n.sum(), month))
        )  # fmt: skip
    if not parts:
        raise ValueError(
            "No month is known whose terms could have been foretold from those before."
        )
    predicted, by_length, y, rate, origin = (
        np.concatenate(each) for each in zip(*parts, strict=True)
    )
    found = judged(predicted, by_length, y, named=NAMED, base_rate=rate, origin=origin)
    return Tried(months, found)


def _month(month: int, own: Sequence[Cell], p: object, base: object, capacity: int) -> Month:
    by_place, by_length = np.asarray(p, float), np.asarray(base, float)
    n, lost = np.array([c.at_risk for c in own]), np.array([c.lost for c in own])
    called = int(min(capacity, n.sum()))
    return Month(
        month, int(n.sum()), int(lost.sum()), float(by_place @ n), called,
        _hits(by_place, n, lost, called), _hits(by_length, n, lost, called),
    )  # fmt: skip


def _hits(rank: np.ndarray, n: np.ndarray, lost: np.ndarray, called: int) -> float:
    """Of the first so many by rank those lost; of equals each as likely."""
    left, found = called, 0.0
    for value in np.unique(rank)[::-1]:
        at = rank == value
        taken = min(left, int(n[at].sum()))
        found += taken * float(lost[at].sum()) / float(n[at].sum())
        left -= taken
    return found
