"""States and moves, as rules alone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.errors import MoveNotAllowed, StatesIncomplete, StatusUnknown
from guanxi_tickets.ticket_settings import rules as settings
from guanxi_tickets.ticket_settings.rules import DEFAULT_STATES, ENDING, ways_from
from guanxi_tickets.tickets import state_rules
from guanxi_tickets.tickets.rules import priority_of

START = datetime(2026, 11, 2, tzinfo=UTC)
KINDS = ("new", "open", "pending", "on_hold", "solved", "closed")


@st.composite
def organisations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Any states with any moves between them, usable or not."""
    keys = [f"s{n}" for n in range(draw(st.integers(2, 7)))]
    return [
        {"key": key, "name": key, "kind": draw(st.sampled_from(KINDS)),
         "moves_to": draw(st.lists(st.sampled_from(keys), unique=True))}
        for key in keys
    ]  # fmt: skip


def usable(states: list[dict[str, Any]]) -> bool:
    try:
        settings.demand_usable(states)
    except StatesIncomplete:
        return False
    return True


@given(organisations(), st.lists(st.integers(0, 6), max_size=30))
def test_however_a_ticket_walks_its_times_and_counts_agree_with_where_it_stands(
    states: list[dict[str, Any]], walk: list[int]
) -> None:
    ways = ways_from(states, {})
    keys = list(ways.states)
    now, row = START, state_rules.standing(ways.first, START)
    visited = [ways.first.kind]
    for step in walk:
        to = ways.states[keys[step % len(keys)]]
        now += timedelta(minutes=1)
        allowed = to.key in ways.states[row["status"]].moves_to
        try:
            state_rules.demand_move(ways, row, to)
        except MoveNotAllowed:
            assert not allowed
            continue
        assert allowed
        verb = state_rules.verb_of(row["status_kind"], to.kind)
        row = {**row, **state_rules.changes_of(row, to, now)}
        visited.append(to.kind)
        is_left = visited[-2] in ENDING and to.kind not in ENDING
        assert (verb == "reopened") == is_left
        assert row["status_changed_at"] == now
    ended = row["status_kind"] in ENDING
    assert (row["solved_at"] is not None) == ended
    assert (row["closed_at"] is not None) == (row["status_kind"] == "closed")
    pairs = pairwise(visited)
    assert row["reopened_count"] == sum(a in ENDING and b not in ENDING for a, b in pairs)


@given(organisations())
def test_states_are_taken_when_a_ticket_can_begin_and_get_to_an_end(
    states: list[dict[str, Any]],
) -> None:
    reached, waiting = set(), [states[0]["key"]]
    moves = {state["key"]: state["moves_to"] for state in states}
    while waiting:
        if (key := waiting.pop()) not in reached:
            reached.add(key)
            waiting += moves[key]
    ends = [s for s in states if s["key"] in reached and s["kind"] in ("solved", "closed")]
    assert usable(states) == (states[0]["kind"] in ("new", "open") and bool(ends))


def test_what_is_wrong_with_states_is_named() -> None:
    def of(*states: tuple[str, str, list[str]]) -> list[dict[str, Any]]:
        return [{"key": k, "name": k, "kind": kind, "moves_to": to} for k, kind, to in states]

    for states, field in (
        (of(("a", "new", ["b"]), ("a", "solved", [])), "states.0.key"),
        (of(("a", "new", ["c"]), ("b", "solved", [])), "states.0.moves_to"),
        (of(("a", "pending", ["b"]), ("b", "solved", [])), "states.0.kind"),
        (of(("a", "new", ["a"]), ("b", "solved", [])), "states"),
    ):
        with pytest.raises(StatesIncomplete) as refused:
            settings.demand_usable(states)
        assert list(refused.value.errors) == [field]


def test_the_default_states_are_usable_and_name_their_moves() -> None:
    assert usable([dict(state) for state in DEFAULT_STATES])
    ways = ways_from([], {})
    with pytest.raises(StatusUnknown) as refused:
        ways.state("lost")
    assert "new, open, pending, on_hold, solved, closed" in refused.value.errors["status"]


def test_a_ticket_in_a_state_that_is_gone_may_go_anywhere() -> None:
    ways = ways_from([], {})
    row = {**state_rules.standing(ways.first, START), "status": "gone"}
    for to in ways.states.values():
        state_rules.demand_move(ways, row, to)


LEVELS = st.sampled_from(settings.LEVELS)
PRIORITIES = st.sampled_from(list(settings.RANKS))


@given(
    st.fixed_dictionaries({a: st.fixed_dictionaries(dict.fromkeys(settings.LEVELS, PRIORITIES))
                           for a in settings.LEVELS}),
    LEVELS, LEVELS, st.none() | PRIORITIES,
)  # fmt: skip
def test_a_priority_is_the_tables_unless_somebody_said_another(
    table: dict[str, dict[str, str]], impact: str, urgency: str, said: str | None
) -> None:
    ways = ways_from([], table)
    row = {"impact": impact, "urgency": urgency}
    got = priority_of(ways, row, {} if said is None else {"priority": said})
    assert got["priority"] == (said or table[impact][urgency])
    assert got["priority_rank"] == settings.RANKS[got["priority"]]
    assert got["priority_source"] == ("table" if said is None else "given")
    kept = priority_of(ways, {**row, **got}, {"urgency": "low"})
    assert kept["priority"] == (said or table[impact]["low"])
