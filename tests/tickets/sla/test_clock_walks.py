"""The clock against counters that tick minute by minute, over random tickets, calendars and policies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_tickets.sla.clock_rules import Reading, explain, next_due, read_clocks
from guanxi_tickets.sla.run_rules import Event, Policy, Target
from tests.tickets.sla.minutes import CHANGES, MINUTE, PATIENT, calendars, places
from tests.tickets.sla.ticking import Counter, ticked

Ticket = tuple[Mapping[str, Policy], Sequence[Event], datetime]
PRIORITIES, STATES = ("high", "low"), ("open", "pending", "on_hold")
KINDS = ("first_response", "next_response", "update", "resolution")
WORDS = (
    "policy_changed", "priority_changed", *["state_changed"] * 4, *["agent_replied"] * 3,
    *["customer_replied"] * 3, "solved", "reopened", "cancelled",
    "merged", "unmerged", "deleted", "restored", "promised", "promise_kept", "promise_withdrawn",
)  # fmt: skip
WARNINGS = st.sets(st.sampled_from([10, 50, 80]), max_size=2).map(lambda s: tuple(sorted(s)))
TARGETS = st.builds(Target, st.integers(1, 200).map(lambda n: n * 600), WARNINGS)
ODD_PERCENTS = st.sets(st.integers(1, 99), max_size=3).map(lambda s: tuple(sorted(s)))
ODD_TARGETS = st.builds(Target, st.integers(1, 3000), ODD_PERCENTS)


def aims(targets: st.SearchStrategy[Target]) -> st.SearchStrategy[dict[Any, Target]]:
    """Mostly all kinds, since clocks without a target say little."""
    every = st.fixed_dictionaries(dict.fromkeys(KINDS, targets))
    return every | every | st.dictionaries(st.sampled_from(KINDS), targets)


PAUSES = st.fixed_dictionaries(
    dict.fromkeys(STATES[1:], st.sets(st.sampled_from(KINDS), min_size=1))
)


@st.composite
def policies(draw: st.DrawFn, zone: str, near: datetime) -> Policy:
    return Policy(
        "policy", draw(calendars(zone, near.date())), {p: draw(aims(TARGETS)) for p in PRIORITIES},
        draw(PAUSES), draw(st.sampled_from(["continue", "anew"])), draw(WARNINGS),
    )  # fmt: skip


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Events on whole minutes, several at one instant now and then; `now` among or after them."""
    calendar, at = draw(places())
    known = {key: draw(policies(calendar.time_zone, at)) for key in ("a", "b")}
    start = at
    events = [Event(at, "created", draw(st.sampled_from(["a", "a", "b", None])), "high", "open")]
    for word in draw(st.lists(st.sampled_from(WORDS), min_size=4, max_size=14)):
        at += draw(st.sampled_from([0, 1, 10, 30, 60, 600]) | st.integers(0, 900)) * MINUTE
        events.append(draw(_event(at, word)))
    now = draw(
        st.sampled_from([at, at, start]) | st.just(start + (at - start) // (2 * MINUTE) * MINUTE)
    )
    return known, events, now + draw(st.integers(0, 2000)) * MINUTE


@st.composite
def _event(draw: st.DrawFn, at: datetime, word: Any) -> Event:
    return Event(
        at, word,
        policy=draw(st.sampled_from(["a", "b", None])) if word == "policy_changed" else None,
        priority=draw(st.sampled_from(PRIORITIES)) if word == "priority_changed" else None,
        state=draw(st.sampled_from(STATES)) if word in ("state_changed", "reopened") else None,
        due_at=at + draw(st.integers(0, 60)) * 10 * MINUTE if word == "promised" else None,
    )  # fmt: skip


def begun(readings: Sequence[Reading]) -> list[Reading]:
    return [each for each in readings if each.number]


def same(reading: Reading, counter: Counter) -> None:
    assert (reading.kind, reading.started_at) == (counter.kind, counter.started_at)
    assert reading.elapsed_seconds == counter.elapsed
    assert (reading.ended_at, reading.breached_at) == (counter.ended_at, counter.breached_at)
    assert reading.met_at == (counter.ended_at if counter.is_met else None)
    if counter.kind != "promise":
        assert reading.policy == counter.policy
    assert reading.target_seconds == (counter.target.seconds if counter.target else None)
    warned = {t.percent: t.at for t in reading.happened if t.what == "warning"}
    assert warned == counter.warned
    breaches = [t.at for t in reading.happened if t.what == "breach"]
    if counter.breached_at:
        assert reading.state == "breached"
        assert breaches == [counter.breached_at]
        assert reading.due_at == counter.breached_at - timedelta(seconds=1)
    elif counter.target is None or (counter.ended_at and not counter.is_met):
        assert reading.state == "cancelled"
    else:
        assert (
            reading.state == "met" if counter.ended_at else reading.state in ("running", "paused")
        )


@settings(PATIENT, max_examples=300)
@given(tickets())
def test_a_clock_shows_what_counters_tick(ticket: Ticket) -> None:
    readings, counters = begun(read_clocks(*ticket)), ticked(*ticket)
    for reading, counter in zip(readings, counters, strict=True):
        same(reading, counter)


@st.composite
def hurried(draw: st.DrawFn) -> Ticket:
    """Close together, to the second, under targets of odd lengths."""
    known, events, _ = draw(tickets())
    at = start = events[0].at + timedelta(seconds=draw(st.integers(0, 59)))
    known = {
        key: replace(policy, targets={p: draw(aims(ODD_TARGETS)) for p in PRIORITIES})
        for key, policy in known.items()
    }
    close = [replace(events[0], at=start)]
    for event in events[1:]:
        at += timedelta(seconds=draw(st.sampled_from([0, 1]) | st.integers(0, 500)))
        due_at = at + timedelta(seconds=draw(st.integers(0, 900))) if event.due_at else None
        close.append(replace(event, at=at, due_at=due_at))
    return known, close, at + timedelta(seconds=draw(st.integers(0, 1200)))


@settings(PATIENT, max_examples=60)
@given(hurried())
def test_a_clock_shows_what_counters_tick_by_the_second(ticket: Ticket) -> None:
    readings, counters = begun(read_clocks(*ticket)), ticked(*ticket, step=timedelta(seconds=1))
    for reading, counter in zip(readings, counters, strict=True):
        same(reading, counter)


@PATIENT
@given(tickets())
def test_every_minute_is_explained_as_it_was_ticked(ticket: Ticket) -> None:
    explained = [each for each in explain(*ticket) if each.reading.number]
    for each, counter in zip(explained, ticked(*ticket), strict=True):
        told = [
            (stretch.from_at + n * MINUTE, stretch.counted)
            for stretch, _ in each.stretches
            for n in range(stretch.seconds // 60)
        ]
        assert told == counter.ticks


@PATIENT
@given(tickets(), st.integers(0, 59))
def test_what_is_explained_adds_up_to_what_is_shown(ticket: Ticket, second: int) -> None:
    known, events, now = ticket
    events = [_later(event, n * 7 % 60) for n, event in enumerate(events)]
    now += timedelta(seconds=second)
    explained = explain(known, events, now)
    assert [each.reading for each in explained] == read_clocks(known, events, now)
    for reading, with_calendars in explained:
        stretches = [stretch for stretch, _ in with_calendars]
        assert sum(s.seconds for s in stretches if s.counted) == reading.elapsed_seconds
        assert all(a.to_at == b.from_at for a, b in pairwise(stretches))
        if stretches:
            assert stretches[0].from_at == reading.started_at
            assert stretches[-1].to_at == (reading.ended_at or now)
        else:
            assert reading.started_at == (reading.ended_at or now) or not reading.number


def _later(event: Event, seconds: int) -> Event:
    at = event.at + timedelta(seconds=seconds)
    return Event(at, event.kind, event.policy, event.priority, event.state, event.due_at)


@PATIENT
@given(tickets(), st.integers(0, 3000))
def test_what_has_happened_stays_and_time_only_grows(ticket: Ticket, further: int) -> None:
    known, events, now = ticket
    before = begun(read_clocks(known, events, now))
    after = {(r.kind, r.number): r for r in read_clocks(known, events, now + further * MINUTE)}
    for reading in before:
        then = after[reading.kind, reading.number]
        assert then.elapsed_seconds >= reading.elapsed_seconds
        assert then.started_at == reading.started_at
        assert then.happened[: len(reading.happened)] == reading.happened


@PATIENT
@given(tickets())
def test_timers_fire_at_the_instant_at_which_it_happens_and_not_before(ticket: Ticket) -> None:
    known, events, now = ticket
    events = [event for event in events if event.at <= now]
    for timer in next_due(read_clocks(known, events, now)):
        assert timer.at > now
        at = {(r.kind, r.number): r for r in read_clocks(known, events, timer.at)}
        assert timer in at[timer.kind, timer.number].happened
        just = read_clocks(known, events, timer.at - timedelta(seconds=1))
        assert timer in next_due(just)
        assert all(timer not in reading.happened for reading in just)


@PATIENT
@given(tickets())
def test_due_is_the_last_second_in_time(ticket: Ticket) -> None:
    known, events, now = ticket
    events = [event for event in events if event.at <= now]
    for reading in read_clocks(known, events, now):
        assert (reading.due_at is not None) <= (reading.state in ("running", "met", "breached"))
        if reading.state == "running" and reading.due_at:
            assert reading.due_at >= now
            key = reading.kind, reading.number
            for late in (0, 1):
                at = reading.due_at + timedelta(seconds=late)
                then = {(r.kind, r.number): r for r in read_clocks(known, events, at)}[key]
                assert then.state == ("breached" if late else "running")
                if reading.kind != "promise":
                    assert then.elapsed_seconds >= (reading.target_seconds or 0)


@PATIENT
@given(tickets())
def test_what_a_pause_would_be_due_at_is_due_then_if_it_ends(ticket: Ticket) -> None:
    known, events, now = ticket
    events = [event for event in events if event.at <= now]
    resumed = [*events, Event(now, "state_changed", state="open")]
    after = {(r.kind, r.number): r for r in read_clocks(known, resumed, now)}
    for reading in read_clocks(known, events, now):
        if reading.state == "paused":
            assert reading.due_at is None
            assert reading.coming == ()
            then = after[reading.kind, reading.number]
            assert (then.state, then.due_at) == ("running", reading.due_if_resumed_at)


def test_zones_are_those_that_change_their_clocks_in_every_way() -> None:
    assert {"Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"} <= set(
        CHANGES
    )
