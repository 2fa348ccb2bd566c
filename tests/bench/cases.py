"""A kind of request, measured in turns with the bare route or with another kind."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.bench import HELLO, Bench, warm_up
from tests.bench.cpu import Cost, spent
from tests.bench.goals import Goal
from tests.bench.load import Load
from tests.bench.report import Row
from tests.bench.traffic import Traffic
from tests.bench.turns import Measure, in_turns

Make = Callable[[Bench], Traffic]


@dataclass(frozen=True)
class Case:
    """`make` gives the requests anew for each turn: a write's depend on what stands there now.

    The share is one of the bare route; of what `beside` names and makes, where that is given.
    """

    name: str
    make: Make
    goal: Goal | None = None
    beside: tuple[str, Make] | None = None
    is_brief: bool = False  # fewer turns


def measure(bench: Bench, case: Case) -> Row:
    warm_up(case.make(bench))
    of, limit = _limit(bench, case)
    rounds = bench.size.brief_rounds if case.is_brief else bench.size.rounds
    cost = Cost()

    def ours() -> Load:
        traffic, before = case.make(bench), spent(bench.suite)
        load = bench.press(traffic)
        cost.add(before, spent(bench.suite), load.requests)
        return load

    turns = in_turns(ours, limit, rounds=rounds)
    return Row(
        case.name, turns.rate, "/s", share=turns.share, of=of, goal=case.goal,
        note=f"{turns.errors} answers were errors" if turns.errors else "",
        cost=cost.microseconds(), details=turns.details(),
    )  # fmt: skip


def _limit(bench: Bench, case: Case) -> tuple[str, Measure]:
    """What the case is compared with: its name, and how it is measured."""
    if case.beside is None:
        return HELLO, bench.press_hello
    name, make = case.beside
    traffic = make(bench)
    warm_up(traffic)
    return name, lambda: bench.press(traffic)
