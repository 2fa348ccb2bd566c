"""What rows of a file make of a ticket, whatever they say and wherever the file is cut."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.imports.log_rules import (
    Said,
    Step,
    after_all,
    first_row,
    in_order,
    log_of,
    said_before,
    steps_of,
)
from guanxi_tickets.ticket_settings.rules import ENDING, ways_from

BEGUN = datetime(2024, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
WAYS = ways_from([], {})
BASE: dict[str, Any] = {
    "subject": "Help", "impact": "medium", "urgency": "medium", "priority": None,
    "priority_source": None, "owner_id": None, "team_id": None, "queue_id": None, "tags": [], "custom": {},
}  # fmt: skip
sent = st.fixed_dictionaries(
    {},
    optional={
        "subject": st.sampled_from(["Help", "Mail"]),
        "urgency": st.sampled_from(["high", "low"]),
        "priority": st.sampled_from(["urgent", "normal"]),
        "team_id": st.sampled_from([1, 2]),
        "tags": st.sampled_from([["a"], ["a", "b"]]),
        "custom": st.fixed_dictionaries({}, optional={"x": st.integers(0, 2), "y": st.integers(0, 2)}),
    },
)  # fmt: skip
moments = st.integers(0, 6).map(lambda n: BEGUN + timedelta(hours=n))
rows = st.lists(
    st.builds(Said, moments, sent, st.sampled_from([None, *WAYS.states])), min_size=1, max_size=8
)


def laid_over(present: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {**present, **more}


def versions(row: Mapping[str, Any], steps: list[Step]) -> list[tuple[datetime, dict[str, Any]]]:
    found = [(BEGUN, dict(row))]
    for step in steps:
        found.append((step.at, {**found[-1][1], **step.columns}))
    return found


@given(rows, st.integers(0, 8))
def test_a_file_in_two_parts_makes_what_it_makes_whole(said: list[Said], cut: int) -> None:
    first, *rest = in_order(said)
    row = first_row(BASE, first, WAYS, BEGUN, laid_over)
    whole = steps_of(row, rest, WAYS, NOW, laid_over)
    one = steps_of(row, rest[:cut], WAYS, NOW, laid_over)
    two = steps_of(after_all(row, one), rest[cut:], WAYS, NOW, laid_over)
    assert [*one, *two] == whole


@given(rows)
def test_the_last_word_of_each_field_counts_and_times_go_up(said: list[Said]) -> None:
    first, *rest = in_order(said)
    row = first_row(BASE, first, WAYS, BEGUN, laid_over)
    steps = steps_of(row, rest, WAYS, NOW, laid_over)
    end = after_all(row, steps)
    for name in ("subject", "urgency", "team_id", "tags"):
        told = [each.sent[name] for each in (first, *rest) if name in each.sent]
        assert end[name] == (told[-1] if told else BASE[name])
    moves = [each.status for each in (first, *rest) if each.status is not None]
    assert end["status"] == (moves[-1] if moves else WAYS.first.key)
    assert all(one.at <= two.at for one, two in pairwise(steps))
    assert (end["status_kind"] in ENDING) == (end["solved_at"] is not None)
    assert len(log_of(row, steps)) == len(steps)


@given(rows)
def test_the_same_file_again_is_said_before(said: list[Said]) -> None:
    """As far as rows of one moment do not take back one another's words within it."""
    first, *rest = in_order(said)
    row = first_row(BASE, first, WAYS, BEGUN, laid_over)
    past = versions(row, steps_of(row, rest, WAYS, NOW, laid_over))
    alone = [
        each for each in rest if sum(other.at == each.at for other in said) == 1 and each.at != BEGUN
    ]  # fmt: skip
    assert all(said_before(each, past) for each in alone)
