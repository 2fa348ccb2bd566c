"""A kind of request, measured in turns with the bare route."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.bench import Bench, warm_up
from tests.bench.goals import Goal
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
    turns = in_turns(lambda: bench.press(case.make(bench)), bench.press_hello, rounds=rounds)
    return Row(
        case.name, turns.rate, "/s", share=turns.share, of="hello", goal=case.goal,
        note=f"{turns.errors} answers were errors" if turns.errors else "",
        details=turns.details(),
    )  # fmt: skip
