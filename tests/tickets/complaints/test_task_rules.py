"""What a task warns of and when, whatever order its clock and its people go in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.coordination_tasks import task_rules
from guanxi_tickets.errors import TaskOver

START = datetime(2026, 11, 29, tzinfo=UTC)
MINUTES = st.integers(0, 200)
ROWS = st.builds(
    lambda due, percent: {
        "status": "open", "due_at": START + timedelta(minutes=due), "warned_at": None, "breached_at": None,
        "warn_at": None if percent is None
        else task_rules.share_of(START, START + timedelta(minutes=due), percent),
    },
    st.integers(1, 100), st.none() | st.integers(1, 99),
)  # fmt: skip


@given(ROWS, st.lists(MINUTES))
def test_each_is_told_once_in_order_and_never_early(row: dict[str, Any], ticks: list[int]) -> None:
    told = []
    for minute in sorted(ticks):
        now = START + timedelta(minutes=minute)
        for verb, columns in task_rules.happened(row, now):
            assert now >= (row["warn_at"] if verb == "warned" else row["due_at"])
            row |= columns
            told.append(verb)
        at = row["next_at"] if "next_at" in row else task_rules.next_at(row)
        assert at is None or at > now
    last = START + timedelta(minutes=max(ticks, default=-1))
    expected = ["warned"] if row["warn_at"] is not None and row["warn_at"] <= last else []
    assert told == expected + (["breached"] if row["due_at"] <= last else [])


@given(ROWS, st.lists(st.sampled_from(["accepted", "done", "declined", "withdrawn"])))
def test_a_task_ends_once_and_tells_nothing_after(row: dict[str, Any], verbs: list[Any]) -> None:
    for verb in verbs:
        was = row["status"]
        is_allowed = was == "open" or (was == "accepted" and verb != "accepted")
        if not is_allowed:
            with pytest.raises(TaskOver):
                task_rules.answered(row, verb, START)
            continue
        row |= task_rules.answered(row, verb, START)
        assert row["status"] == verb
    is_under_way = row["status"] in ("open", "accepted")
    assert (task_rules.next_at(row) is not None) == is_under_way


@given(st.integers(1, 10**6), st.integers(1, 99))
def test_a_share_lies_between_and_more_is_no_earlier(seconds: int, percent: int) -> None:
    due = START + timedelta(seconds=seconds)
    at = task_rules.share_of(START, due, percent)
    assert START <= at <= due
    assert at <= task_rules.share_of(START, due, min(percent + 1, 99))
