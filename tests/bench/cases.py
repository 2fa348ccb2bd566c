"""A kind of request, measured in turns with the bare route."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.bench import Bench, warm_up
from tests.bench.cpu import Cost, spent
from tests.bench.goals import Goal
from tests.bench.load import Load
from tests.bench.report import Row
from tests.bench.traffic import Traffic
from tests.bench.turns import in_turns


@dataclass(frozen=True)
class Case:
    """`make` gives the requests anew for each turn: a write's depend on what stands there now."""

    name: str
    make: Callable[[Bench], Traffic]
    goal: Goal | None = None
    is_text: bool = False


def measure(bench: Bench, case: Case) -> Row:
    warm_up(case.make(bench))
    rounds = bench.size.text_rounds if case.is_text else bench.size.rounds
    cost = Cost()

    def ours() -> Load:
        traffic, before = case.make(bench), spent(bench.suite)
        load = bench.press(traffic)
        cost.add(before, spent(bench.suite), load.requests)
        return load

    turns = in_turns(ours, bench.press_hello, rounds=rounds)
    return Row(
        case.name, turns.rate, "/s", share=turns.share, of="hello", goal=case.goal,
        note=f"{turns.errors} answers were errors" if turns.errors else "",
        cost=cost.microseconds(), details=turns.details(),
    )  # fmt: skip
