"""Well-known courses of tickets, worked out by hand; among them those that other products get wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guanxi_tickets.sla.calendar_rules import ALWAYS, Calendar, Span
from guanxi_tickets.sla.clock_rules import explain, next_due, read_clocks
from guanxi_tickets.sla.run_rules import Event, Target
from tests.tickets.sla.told import GOLD, HOUR, POLICIES, go_on, hold, on, pending, read, ticket


def test_a_clock_before_the_ticket_shows_nothing() -> None:
    assert read_clocks(POLICIES, ticket(), on("26 09:59:59")) == []


@pytest.mark.parametrize(
    ("now", "state", "elapsed", "happened"),
    [
        ("26 10:00", "running", 0, []),
        ("26 10:59:59", "running", 3599, []),
        ("26 11:00", "running", 3600, [50]),
        ("26 11:30", "running", 5400, [50, 75]),
        ("26 12:00", "running", 7200, [50, 75]),  # the last second in time
        ("26 12:00:01", "breached", 7200, [50, 75, None]),
        ("26 14:00", "breached", 3 * HOUR, [50, 75, None]),
    ],
)
def test_a_first_response_that_nobody_gives(
    now: str, state: str, elapsed: int, happened: list[int | None]
) -> None:
    reading = read(ticket(), now)
    assert (reading.state, reading.elapsed_seconds) == (state, elapsed)
    assert [timer.percent for timer in reading.happened] == happened
    assert reading.due_at == on("26 12:00")


@pytest.mark.parametrize(
    ("replied", "state", "breached"),
    [
        ("26 11:59:59", "met", None),
        ("26 12:00", "met", None),  # the last second in time
        ("26 12:00:00.900", "met", None),  # instants are cut to the second
        ("26 12:00:01", "breached", "26 12:00:01"),
        ("26 12:30", "breached", "26 12:00:01"),  # in the break, though no working time has passed
        ("30 09:00", "breached", "26 12:00:01"),
    ],
)
def test_a_reply_around_the_due_instant(replied: str, state: str, breached: str | None) -> None:
    reading = read(ticket((replied, "agent_replied")), "30 12:00")
    assert reading.state == state
    assert reading.breached_at == (on(breached) if breached else None)
    assert reading.met_at == on(replied).replace(microsecond=0)
    assert reading.due_at == on("26 12:00")
    assert reading.coming == ()


def test_a_pause_exactly_at_closing_leaves_the_rest_for_the_next_day() -> None:
    events = ticket(hold("26 17:00"), go_on("27 09:00"), created="26 16:00")
    reading = read(events, "27 09:00")
    assert (reading.elapsed_seconds, reading.due_at) == (HOUR, on("27 10:00"))


def test_a_pause_exactly_at_the_due_instant_is_no_breach() -> None:
    events = ticket(hold("26 12:00"), go_on("27 10:00"))
    paused = read(events, "27 09:59:59")
    assert (paused.state, paused.elapsed_seconds, paused.remaining_seconds) == ("paused", 7200, 0)
    assert (paused.due_at, paused.due_if_resumed_at) == (None, on("27 09:59:59"))
    assert read(events, "27 10:00").due_at == on("27 10:00")
    assert read(events, "27 10:00:01").breached_at == on("27 10:00:01")
    assert read([*events, Event(on("27 10:00"), "agent_replied")], "27 11:00").state == "met"


def test_nothing_is_breached_while_it_stands_still() -> None:
    reading = read(ticket(hold("26 11:59:59")), "30 17:00")
    assert (reading.state, reading.remaining_seconds, reading.breached_at) == ("paused", 1, None)
    assert reading.coming == ()


def test_a_reply_in_the_pause_meets_the_target() -> None:
    reading = read(ticket(hold("26 11:00"), ("28 03:00", "agent_replied")), "30 12:00")
    assert (reading.state, reading.elapsed_seconds) == ("met", HOUR)
    assert (reading.met_at, reading.due_at) == (on("28 03:00"), None)


def test_a_pause_over_the_weekend_counts_no_weekend() -> None:
    """Other products add the paused time by the wall clock to a due instant in working hours."""
    events = ticket(hold("27 16:30"), go_on("30 09:30"), created="27 16:00")
    assert read(events, "30 09:30").due_at == on("30 11:00")


def test_a_state_pauses_the_kinds_that_the_policy_names() -> None:
    events = ticket(pending("26 10:30"))
    assert read(events, "26 11:00").state == "running"
    assert read(events, "26 11:00", "resolution").state == "paused"
    assert read(events, "26 11:00", "resolution").due_if_resumed_at == on("27 11:30")


def test_a_solved_ticket_ticks_no_more() -> None:
    events = ticket(("26 11:00", "agent_replied"), ("26 15:00", "solved", {"state": "solved"}))
    readings = read_clocks(POLICIES, events, on("30 17:00"))
    assert [(r.kind, r.state, r.elapsed_seconds) for r in readings] == [
        ("first_response", "met", HOUR),
        ("resolution", "met", 4 * HOUR),
        ("update", "cancelled", 3 * HOUR),
        ("next_response", "not_started", 0),
    ]
    assert next_due(readings) == []


def test_solving_without_a_word_is_no_response() -> None:
    assert read(ticket(("26 11:00", "solved")), "26 12:00").state == "cancelled"
    assert read(ticket(("27 11:00", "solved")), "27 12:00").state == "breached"


@pytest.mark.parametrize("words", [("solved", "agent_replied"), ("agent_replied", "solved")])
def test_a_reply_that_solves_is_a_response_whichever_is_told_first(words: tuple[str, str]) -> None:
    events = ticket(*(("26 11:00", word) for word in words))
    assert read(events, "26 12:00").state == "met"
    assert read(events, "26 12:00", "resolution").state == "met"


def test_a_shorter_target_is_due_at_the_change_and_not_before() -> None:
    events = ticket(("26 11:00", "policy_changed", {"policy": "short"}))
    assert read(events, "26 10:59").due_at == on("26 12:00")
    assert read(events, "26 11:00").due_at == on("26 11:00")
    reading = read(events, "26 11:30")
    assert (reading.breached_at, reading.elapsed_seconds) == (on("26 11:00:01"), 5400)
    assert [t.what for t in reading.happened] == ["warning", "breach"]  # Gold's 50 %, at 11:00


def test_a_longer_target_counts_from_the_same_start() -> None:
    events = ticket(("26 11:00", "policy_changed", {"policy": "long"}))
    assert [read(events, now).policy for now in ("26 10:59", "26 11:00")] == ["gold", "long"]
    [first, *_] = explain(POLICIES, events, on("26 12:00"))
    assert [condition.policy for _, condition in first.stretches] == ["gold", "long"]
    assert read(events, "26 15:00").due_at == on("26 17:00")


def test_a_breach_stays_when_the_target_is_made_longer() -> None:
    events = ticket(
        ("26 13:00", "policy_changed", {"policy": "long"}), ("26 14:00", "agent_replied")
    )
    reading = read(events, "26 15:00")
    assert (reading.state, reading.breached_at) == ("breached", on("26 12:00:01"))
    assert (reading.target_seconds, reading.elapsed_seconds) == (6 * HOUR, 3 * HOUR)
    assert reading.met_at == on("26 14:00")


def test_a_run_is_breached_once() -> None:
    events = ticket(("26 13:00", "policy_changed", {"policy": "long"}))
    reading = read(events, "30 09:00")
    assert reading.elapsed_seconds > 6 * HOUR
    assert [timer.at for timer in reading.happened if timer.what == "breach"] == [on("26 12:00:01")]
    assert reading.due_at == on("26 12:00")


def test_what_changes_nothing_for_a_clock_cuts_none_of_its_stretches() -> None:
    events = ticket(go_on("26 10:30"), pending("26 11:00"), go_on("26 11:00"))
    [first, resolution, *_] = explain(POLICIES, events, on("26 12:00"))
    assert [len(each.stretches) for each in (first, resolution)] == [1, 1]


def test_another_priority_has_another_target() -> None:
    events = ticket(("26 10:30", "priority_changed", {"priority": "urgent"}))
    assert read(events, "26 10:40").due_at == on("26 11:00")


def test_without_a_policy_nothing_is_promised_and_later_counts_from_then() -> None:
    events = ticket(("26 15:00", "policy_changed", {"policy": "gold"}), policy=None)
    assert read_clocks(POLICIES, events, on("26 14:59")) == []
    assert read(events, "26 15:30").elapsed_seconds == 1800
    [first, _] = [e for e in explain(POLICIES, events, on("26 15:30")) if e.reading.number]
    assert [(s.reason.word, s.seconds) for s, _ in first.stretches] == [
        ("no_target", 5 * HOUR),
        ("in_hours", 1800),
    ]


def test_a_policy_that_goes_cancels_what_it_promised() -> None:
    events = ticket(("26 11:00", "policy_changed", {"policy": None}))
    reading = read(events, "30 11:00")
    assert (reading.state, reading.target_seconds, reading.elapsed_seconds) == (
        "cancelled",
        None,
        HOUR,
    )


def test_timers_come_in_order_and_have_names_of_their_own() -> None:
    readings = read_clocks(POLICIES, ticket(), on("26 11:10"))
    assert [(t.at, t.kind, t.number, t.what, t.percent) for t in next_due(readings)] == [
        (on("26 11:30"), "first_response", 1, "warning", 75),
        (on("26 12:00:01"), "first_response", 1, "breach", None),
        (on("26 17:00"), "resolution", 1, "warning", 75),
        (on("27 11:00:01"), "resolution", 1, "breach", None),
    ]
    assert read(ticket(), "26 11:10").warning_at == on("26 11:30")


@pytest.mark.parametrize(
    ("created", "elapsed", "due"),
    [
        ("2026-03-28T22:00+01:00", 7, "2026-03-29T07:00+02:00"),  # the night has 7 of its 8 hours
        ("2026-10-24T22:00+02:00", 8, "2026-10-25T05:00+01:00"),  # 9, of which 8 are enough
        ("2026-11-26T22:00+01:00", 8, "2026-11-27T06:00+01:00"),
    ],
)
def test_the_nights_in_which_clocks_change(created: str, elapsed: int, due: str) -> None:
    nights = Calendar("Europe/Berlin", ((Span(0, 420), Span(1320, 1440)),) * 7)
    policy = replace(GOLD, calendar=nights, targets={"normal": {"resolution": Target(8 * HOUR)}})
    start = datetime.fromisoformat(created)
    [reading] = read_clocks({"p": policy}, [Event(start, "created", "p", "normal")], start)
    assert reading.due_at == datetime.fromisoformat(due)
    until = start + timedelta(hours=elapsed + 1)
    [later] = read_clocks({"p": policy}, [Event(start, "created", "p", "normal")], until)
    assert later.due_at == reading.due_at


def test_a_calendar_without_hours_is_never_due() -> None:
    never = replace(GOLD, calendar=Calendar("UTC", ((),) * 7))
    [first, resolution, *_] = read_clocks({"gold": never}, ticket(), on("30 12:00"))
    assert (first.state, first.due_at, first.coming) == ("running", None, ())
    assert resolution.elapsed_seconds == 0


def test_an_edited_policy_under_a_new_key_leaves_the_past_alone() -> None:
    edited = replace(GOLD, calendar=ALWAYS)
    events = ticket(("26 17:00", "policy_changed", {"policy": "gold.2"}), created="26 16:30")
    [first, *_] = read_clocks({"gold": GOLD, "gold.2": edited}, events, on("26 18:00"))
    assert (first.elapsed_seconds, first.due_at) == (5400, on("26 18:30"))


def test_events_before_the_creation_count_at_it() -> None:
    events = ticket(("26 09:59:58", "agent_replied"))
    assert read(events, "26 10:00").met_at == on("26 10:00")


@pytest.mark.parametrize("count", [0, 2])
def test_a_ticket_is_created_once(count: int) -> None:
    with pytest.raises(ValueError):
        read_clocks(POLICIES, ticket()[:1] * count, on("26 12:00"))


def test_what_is_asked_wrongly_is_refused() -> None:
    with pytest.raises(KeyError):
        read_clocks(POLICIES, ticket(policy="silver"), on("26 12:00"))
    with pytest.raises(ValueError, match="due_at"):
        read_clocks(POLICIES, ticket(("26 11:00", "promised")), on("26 12:00"))
    with pytest.raises(ValueError, match="no time zone"):
        read_clocks(POLICIES, ticket(), on("26 12:00").astimezone(UTC).replace(tzinfo=None))
