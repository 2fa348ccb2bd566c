"""How tickets are worked: states with their allowed moves, and the table of priorities. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from guanxi_tickets.errors import StatesIncomplete, StatusUnknown

LEVELS: Final = ("high", "medium", "low")
RANKS: Final[Mapping[str, int]] = {"urgent": 1, "high": 2, "normal": 3, "low": 4}
BEGINNING: Final = frozenset({"new", "open"})
ENDING: Final = frozenset({"solved", "closed"})

DEFAULT_STATES: Final[tuple[Mapping[str, Any], ...]] = (
    {"key": "new", "name": "New", "kind": "new",
     "moves_to": ["open", "pending", "on_hold", "solved", "closed"]},
    {"key": "open", "name": "Open", "kind": "open",
     "moves_to": ["pending", "on_hold", "solved", "closed"]},
    {"key": "pending", "name": "Waiting for the customer", "kind": "pending",
     "moves_to": ["open", "on_hold", "solved", "closed"]},
    {"key": "on_hold", "name": "On hold", "kind": "on_hold",
     "moves_to": ["open", "pending", "solved", "closed"]},
    {"key": "solved", "name": "Solved", "kind": "solved", "moves_to": ["open", "closed"]},
    {"key": "closed", "name": "Closed", "kind": "closed", "moves_to": ["open"]},
)  # fmt: skip
DEFAULT_PRIORITIES: Final[Mapping[str, Mapping[str, str]]] = {
    "high": {"high": "urgent", "medium": "high", "low": "normal"},
    "medium": {"high": "high", "medium": "normal", "low": "low"},
    "low": {"high": "normal", "medium": "low", "low": "low"},
}


@dataclass(frozen=True, slots=True)
class TicketState:
    """`kind` is what clocks and reports go by; `name` is what people call it."""

    key: str
    name: str
    kind: str
    moves_to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ways:
    """An organisation's states in their order, and its priorities by impact, then urgency."""

    states: Mapping[str, TicketState]
    priorities: Mapping[str, Mapping[str, str]]
    complaints_need_loop: str = "no"  # before they are solved: no, warn or yes
    without_entitlement: str = "allow"  # of a ticket that none covers: allow, mark or refuse

    @property
    def first(self) -> TicketState:
        """Where a ticket begins that does not say where it stands."""
        return next(iter(self.states.values()))

    def state(self, key: str) -> TicketState:
        """StatusUnknown names the ones that there are."""
        if key not in self.states:
            raise StatusUnknown(
                f"There is no status {key!r}.",
                errors={"status": f"Choose one of: {', '.join(self.states)}."},
            )
        return self.states[key]

    def first_of(self, kind: str) -> TicketState | None:
        return next((state for state in self.states.values() if state.kind == kind), None)

    def priority(self, impact: str, urgency: str) -> str:
        return self.priorities[impact][urgency]


def ways_from(
    states: Iterable[Mapping[str, Any]], priorities: Mapping[str, Mapping[str, str]],
    complaints_need_loop: str = "no", without_entitlement: str = "allow",
) -> Ways:  # fmt: skip
    """From their stored form; what was never written is the default."""
    known = [
        TicketState(each["key"], each["name"], each["kind"], frozenset(each["moves_to"]))
        for each in list(states) or DEFAULT_STATES
    ]
    return Ways(
        {state.key: state for state in known}, priorities or DEFAULT_PRIORITIES,
        complaints_need_loop, without_entitlement,
    )  # fmt: skip


def demand_usable(states: Sequence[Mapping[str, Any]]) -> None:
    """Every key once, moves to what there is, a beginning first and an end that can be reached from it.

    StatesIncomplete names the place (`states.2.moves_to`)."""
    keys = [state["key"] for state in states]
    for index, state in enumerate(states):
        if Counter(keys)[state["key"]] > 1:
            raise _wrong(f"states.{index}.key", f"{state['key']!r} is there twice.")
        unknown = sorted(set(state["moves_to"]) - set(keys))
        if unknown:
            raise _wrong(f"states.{index}.moves_to", f"There is no state {unknown[0]!r}.")
    if states[0]["kind"] not in BEGINNING:
        raise _wrong("states.0.kind", "The first state is where tickets begin: new or open.")
    moves = {state["key"]: state["moves_to"] for state in states}
    ends = {state["key"] for state in states if state["kind"] in ENDING}
    if not ends & reached_from(keys[0], moves):
        raise _wrong("states", "No state in which a ticket is solved or closed is ever reached.")


def reached_from(key: str, moves: Mapping[str, Iterable[str]]) -> set[str]:
    """The states that a ticket in this one can get to, itself included."""
    reached, waiting = {key}, [key]
    while waiting:
        for following in moves[waiting.pop()]:
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached


def without_place(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> list[str]:
    """States that are gone, or mean something else: nothing may stand in them."""
    kinds = {state["key"]: state["kind"] for state in after}
    return [state["key"] for state in before if kinds.get(state["key"]) != state["kind"]]


def _wrong(place: str, sentence: str) -> StatesIncomplete:
    return StatesIncomplete(sentence, errors={place: sentence})
