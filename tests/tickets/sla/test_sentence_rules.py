"""Sentences about the clock, read as a customer would."""

from dataclasses import replace
from datetime import date, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from guanxi_tickets.sla.calendar_rules import Calendar, Reason, Stretch
from guanxi_tickets.sla.clock_rules import explain, read_clocks
from guanxi_tickets.sla.run_rules import Event, Kind
from guanxi_tickets.sla.sentence_rules import (
    KINDS,
    WHY,
    length,
    reading_sentence,
    stretch_sentence,
    told,
)
from tests.tickets.sla.minutes import PATIENT
from tests.tickets.sla.test_clock_walks import Ticket, tickets
from tests.tickets.sla.told import GOLD, HOUR, POLICIES, WEEK, hold, on, ticket

BERLIN = ZoneInfo("Europe/Berlin")
CHRISTMAS = ((date(2026, 12, 25), "Christmas"),)
OFFICE_THERE = Calendar("Europe/Berlin", WEEK, CHRISTMAS, name="Berlin")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (3600, "1 h"), (93_903, "26 h 5 min 3 s"), (60, "1 min")],
)
def test_lengths(seconds: int, words: str) -> None:
    assert length(seconds) == words


@pytest.mark.parametrize(
    ("begun", "over", "reason", "sentence"),
    [
        (
            "2026-11-26T09:00+01:00", "2026-11-26T12:00+01:00", Reason("in_hours"),
            "Thu 26 Nov 2026 09:00 to 12:00 (Europe/Berlin): 3 h counted, within working hours (Berlin).",
        ),
        (
            "2026-11-27T17:00+01:00", "2026-11-30T08:59:30+01:00", Reason("outside_hours"),
            "Fri 27 Nov 2026 17:00 to Mon 30 Nov 2026 08:59:30 (Europe/Berlin): 63 h 59 min 30 s not counted, outside working hours.",
        ),
        (
            "2026-12-25T00:00+01:00", "2026-12-26T00:00+01:00", Reason("holiday", "Christmas"),
            "Fri 25 Dec 2026 00:00 to Sat 26 Dec 2026 00:00 (Europe/Berlin): 24 h not counted, a holiday (Christmas).",
        ),
        (
            "2026-10-25T02:30+02:00", "2026-10-25T02:10+01:00", Reason("state", "pending"),
            "Sun 25 Oct 2026 02:30+02:00 to 02:10+01:00 (Europe/Berlin): 40 min not counted, the clock stands still in this state (pending).",
        ),
    ],
)  # fmt: skip
def test_stretches(begun: str, over: str, reason: Reason, sentence: str) -> None:
    start, end = datetime.fromisoformat(begun), datetime.fromisoformat(over)
    stretch = Stretch(start, end, reason.word == "in_hours", reason)
    assert stretch_sentence(stretch, OFFICE_THERE) == sentence


@pytest.mark.parametrize(
    ("events", "now", "sentence"),
    [
        (ticket(), "26 11:20", "First response: running, 1 h 20 min of 2 h used; due Thu 26 Nov 2026 13:00."),
        (ticket(hold("26 11:00")), "26 11:30", "First response: paused, 1 h of 2 h used; due Thu 26 Nov 2026 14:30 if it went on now."),
        (ticket(("26 11:00", "agent_replied")), "27 09:00", "First response: met, 1 h of 2 h used."),
        (ticket(), "26 14:00", "First response: breached, 3 h of 2 h used; was due Thu 26 Nov 2026 13:00."),
        (
            ticket(("26 14:00", "agent_replied")), "27 09:00",
            "First response: breached, 3 h of 2 h used; was due Thu 26 Nov 2026 13:00, met Thu 26 Nov 2026 15:00.",
        ),
        (ticket(("26 11:00", "solved")), "27 09:00", "First response: cancelled, 1 h of 2 h used."),
        (
            ticket(("26 11:00", "policy_changed", {"policy": None})), "27 09:00",
            "First response: cancelled, 1 h used, no target.",
        ),
    ],
)  # fmt: skip
def test_readings(events: list[Event], now: str, sentence: str) -> None:
    assert reading_sentence(read_clocks(POLICIES, events, on(now))[0], BERLIN) == sentence


def test_what_is_never_due_says_so() -> None:
    never = {"gold": replace(GOLD, calendar=Calendar("UTC", ((),) * 7))}
    for events in (ticket(), ticket(hold("26 11:00"))):
        sentence = reading_sentence(read_clocks(never, events, on("26 12:00"))[0], BERLIN)
        assert sentence.endswith("0 s of 2 h used; never due.")


def test_a_clock_as_it_is_shown() -> None:
    [first, *_] = explain(POLICIES, ticket(("26 14:00", "agent_replied")), on("27 09:00"))
    shown = told(first, BERLIN)
    assert shown["elapsed_seconds"] == 3 * HOUR
    assert shown["remaining_seconds"] == -HOUR
    assert shown["breached_at"] == on("26 12:00:01")
    assert [each["percent"] for each in shown["warned"]] == [50, 75]
    assert [(s["state"], s["seconds"], s["reason"], s["name"]) for s in shown["stretches"]] == [
        ("counted", 2 * HOUR, "in_hours", None),
        ("paused", HOUR, "outside_hours", None),
        ("counted", HOUR, "in_hours", None),
    ]
    assert shown["stretches"][1]["sentence"].startswith("Thu 26 Nov 2026 12:00 to 13:00 (UTC): 1 h")


@PATIENT
@given(tickets())
def test_whatever_happens_can_be_told_and_adds_up(random: Ticket) -> None:
    for each in explain(*random):
        shown = told(each, BERLIN)
        counted = sum(s["seconds"] for s in shown["stretches"] if s["state"] == "counted")
        assert counted == shown["elapsed_seconds"]


def test_every_kind_has_a_name_and_every_reason_a_sentence() -> None:
    assert set(KINDS) == set(get_args(Kind))
    assert {"solved", "cancelled", "merged", "deleted", "no_target", "state"} <= set(WHY)
