"""Replies, reopening, merging and promises: which runs there are, and how each of them ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi_tickets.sla.calendar_rules import ALWAYS
from guanxi_tickets.sla.clock_rules import explain, next_due, read_clocks
from guanxi_tickets.sla.run_rules import Event, Policy, Target
from tests.tickets.sla.told import GOLD, HOUR, POLICIES, on, read, ticket


def test_next_responses_run_from_the_first_unanswered_reply() -> None:
    events = ticket(
        ("26 10:10", "customer_replied"),  # the first response is still owed
        ("26 10:30", "agent_replied"),
        ("26 11:00", "customer_replied"),
        ("26 11:30", "customer_replied"),
        ("26 11:45", "agent_replied"),
        ("26 16:30", "customer_replied"),
    )
    found = read_clocks(POLICIES, events, on("27 09:30"))
    told = [(r.number, r.state, r.elapsed_seconds) for r in found if r.kind == "next_response"]
    assert told == [(1, "met", 2700), (2, "running", HOUR)]
    assert read(events, "27 09:30", "next_response").due_at == on("27 09:30")
    assert read(events, "27 09:31", "next_response").state == "breached"


def test_updates_run_from_reply_to_reply() -> None:
    events = ticket(("26 11:00", "agent_replied"), ("26 14:00", "agent_replied"))
    assert read(events[:1], "26 11:00", "update").state == "not_started"
    first, second = [r for r in read_clocks(POLICIES, events, on("26 15:00")) if r.kind == "update"]
    assert (first.state, first.elapsed_seconds) == ("met", 2 * HOUR)
    assert (second.started_at, second.due_at) == (on("26 14:00"), on("27 10:00"))


REOPENED = (
    ("26 11:00", "solved", {"state": "solved"}),
    ("26 15:00", "reopened", {"state": "open"}),
)


def test_reopening_goes_on_where_it_stopped() -> None:
    events = ticket(*REOPENED)
    assert read(events, "26 14:00", "resolution").state == "met"
    reading = read(events, "26 16:00", "resolution")
    assert (reading.number, reading.elapsed_seconds, reading.met_at) == (1, 2 * HOUR, None)
    [_, resolution] = [e for e in explain(POLICIES, events, on("26 16:00")) if e.reading.number]
    assert [(s.reason.word, s.seconds // HOUR) for s, _ in resolution.stretches] == [
        ("in_hours", 1),
        ("solved", 4),
        ("in_hours", 1),
    ]


def test_or_begins_anew_and_keeps_the_earlier_round() -> None:
    events = ticket(*REOPENED, policy="anew")
    rounds = [r for r in read_clocks(POLICIES, events, on("26 16:00")) if r.kind == "resolution"]
    assert [(r.number, r.state, r.elapsed_seconds) for r in rounds] == [
        (1, "met", HOUR),
        (2, "running", HOUR),
    ]
    assert rounds[1].due_at == on("27 16:00")


@pytest.mark.parametrize(
    "words", [("customer_replied", "reopened"), ("reopened", "customer_replied")]
)
def test_the_reply_that_reopens_wants_an_answer_whichever_is_told_first(
    words: tuple[str, str],
) -> None:
    events = ticket(
        ("26 10:30", "agent_replied"), ("26 11:00", "solved"), *(("26 15:00", w) for w in words)
    )
    reading = read(events, "26 15:30", "next_response")
    assert (reading.started_at, reading.elapsed_seconds) == (on("26 15:00"), 1800)


def test_thanks_to_a_solved_ticket_want_no_answer() -> None:
    events = ticket(
        ("26 10:30", "agent_replied"), ("26 11:00", "solved"), ("26 15:00", "customer_replied")
    )
    assert read(events, "26 15:30", "next_response").state == "not_started"


def test_merging_cancels_and_unmerging_goes_on() -> None:
    events = ticket(("26 11:00", "merged"), ("26 15:00", "unmerged"))
    merged = read_clocks(POLICIES, events, on("26 14:59"))
    assert {r.state for r in merged if r.number} == {"cancelled"}
    assert next_due(merged) == []
    reading = read(events, "26 15:00")
    assert (reading.state, reading.elapsed_seconds, reading.due_at) == (
        "running",
        HOUR,
        on("26 16:00"),
    )


def test_a_late_ticket_that_is_merged_was_late_all_the_same() -> None:
    reading = read(ticket(("26 15:00", "merged")), "26 16:00")
    assert (reading.state, reading.met_at) == ("breached", None)


@pytest.mark.parametrize(
    ("then", "state"),
    [
        (("26 20:00", "agent_replied"), "met"),
        (("26 20:00:01", "agent_replied"), "breached"),
        (("26 19:00", "promise_kept"), "met"),
        (("26 19:00", "solved"), "met"),
        (("26 19:00", "promise_withdrawn"), "cancelled"),
        (("26 19:00", "merged"), "cancelled"),
        (("26 19:00", "customer_replied"), "breached"),
        (("26 19:00", "state_changed", {"state": "pending"}), "breached"),  # no state pauses it
        (("26 18:00", "agent_replied"), "breached"),  # the reply that promised
    ],
)
def test_a_promise_is_a_clock_of_its_own(then: tuple[Any, ...], state: str) -> None:
    events = ticket(("26 18:00", "promised", {"due_at": on("26 20:00")}), then)
    assert read(events, "26 18:30", "promise").due_at == on("26 20:00")
    assert read(events, "27 08:00", "promise").state == state


def test_another_promise_takes_its_place_and_not_its_breach() -> None:
    events = ticket(
        ("26 18:00", "promised", {"due_at": on("26 20:00")}),
        ("26 19:00", "promised", {"due_at": on("26 21:00")}),
        ("26 22:00", "promised", {"due_at": on("27 09:00")}),
    )
    promises = [r for r in read_clocks(POLICIES, events, on("26 23:00")) if r.kind == "promise"]
    assert [r.state for r in promises] == ["cancelled", "breached", "running"]
    assert [r.target_seconds for r in promises] == [2 * HOUR, 2 * HOUR, 11 * HOUR]


def test_a_promise_needs_no_policy_and_warns_as_the_policy_says() -> None:
    known = {"gold": replace(GOLD, promise_warnings=(75,))}
    promise = ("26 18:00", "promised", {"due_at": on("26 20:00")})
    [reading] = read_clocks(POLICIES, ticket(promise, policy=None), on("26 19:00"))
    assert (reading.kind, reading.due_at, reading.warning_at) == ("promise", on("26 20:00"), None)
    reading = read_clocks(known, ticket(promise), on("26 19:00"))[2]
    assert reading.warning_at == on("26 19:30")


def test_a_response_given_after_solving_is_owed_no_more_when_it_is_reopened() -> None:
    events = ticket(("26 11:00", "solved"), ("26 14:00", "agent_replied"), ("27 09:00", "reopened"))
    for now in ("26 15:00", "30 12:00"):
        assert read(events, now).state == "cancelled"
        assert read(events, now, "update").state == "not_started"
    assert read(events, "30 12:00", "resolution").state == "breached"


def test_an_update_given_after_solving_is_owed_no_more_when_it_is_reopened() -> None:
    events = ticket(
        ("26 10:30", "agent_replied"), ("26 11:00", "solved"), ("26 14:00", "agent_replied"),
        ("27 09:00", "reopened"),
    )  # fmt: skip
    for now in ("26 15:00", "30 12:00"):
        assert read(events, now, "update").state == "cancelled"


def test_of_several_ends_the_first_holds() -> None:
    events = ticket(("26 11:00", "solved"), ("26 12:00", "merged"), ("26 14:00", "unmerged"))
    reading = read(events, "30 12:00", "resolution")
    assert (reading.state, reading.elapsed_seconds) == ("met", HOUR)


@pytest.mark.parametrize(("end", "undone"), [("merged", "unmerged"), ("deleted", "restored")])
def test_what_is_undone_begins_nothing_anew(end: str, undone: str) -> None:
    events = ticket(("26 11:00", end), ("26 14:00", undone), policy="anew")
    reading = read(events, "26 15:00", "resolution")
    assert (reading.number, reading.elapsed_seconds) == (1, 2 * HOUR)


def test_a_target_that_comes_at_the_instant_of_the_answer_warns_of_nothing_any_more() -> None:
    """Found by the walks: twenty of forty minutes are more than three in ten, but it is answered."""
    begun = datetime(2026, 11, 2, tzinfo=UTC)
    policy = Policy(
        "Gold", ALWAYS,
        {"low": {"first_response": Target(3600, (50,))}, "high": {"first_response": Target(2400, (30,))}},
    )  # fmt: skip
    then = begun + timedelta(minutes=20)
    events = [
        Event(begun, "created", "gold", "low", "open"),
        Event(then, "priority_changed", priority="high"), Event(then, "agent_replied"),
    ]  # fmt: skip
    [reading] = read_clocks({"gold": policy}, events, then + timedelta(minutes=1))
    assert (reading.state, reading.target_seconds, reading.happened) == ("met", 2400, ())
    [running] = read_clocks({"gold": policy}, events[:2], then)
    assert [timer.at for timer in running.happened] == [then]
