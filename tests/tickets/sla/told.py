"""Tickets as they are told in tests: in a week of November 2026, under policies with round figures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from guanxi_tickets.sla.calendar_rules import Calendar, Span
from guanxi_tickets.sla.clock_rules import Reading, current, read_clocks
from guanxi_tickets.sla.run_rules import Event, Kind, Policy, Target

HOUR = 3600
OFFICE = (Span(540, 720), Span(780, 1020))  # 09:00-12:00, 13:00-17:00
WEEK = (OFFICE,) * 5 + ((), ())
UTC_OFFICE = Calendar("UTC", WEEK, ((date(2026, 11, 28), "A Saturday"),), name="Office")
GOLD = Policy(
    "Gold",
    UTC_OFFICE,
    {
        "normal": {
            "first_response": Target(2 * HOUR, (50, 75)),
            "next_response": Target(HOUR),
            "update": Target(4 * HOUR),
            "resolution": Target(8 * HOUR, (75,)),
        },
        "urgent": {"first_response": Target(HOUR), "resolution": Target(4 * HOUR, (75,))},
    },
    {"pending": {"resolution", "update"}, "on_hold": {"first_response", "resolution"}},
)
ANEW = replace(GOLD, name="Anew", on_reopen="anew")
SHORT = replace(GOLD, name="Short", targets={"normal": {"first_response": Target(600, (50,))}})
LONG = replace(GOLD, name="Long", targets={"normal": {"first_response": Target(6 * HOUR)}})
POLICIES = {"gold": GOLD, "anew": ANEW, "short": SHORT, "long": LONG}


def on(text: str) -> datetime:
    """`26 10:00` is a Thursday of November 2026, in UTC."""
    day, _, time = text.partition(" ")
    return datetime.fromisoformat(f"2026-11-{day}T{time}Z")


def ticket(
    *told: tuple[Any, ...], created: str = "26 10:00", policy: str | None = "gold"
) -> list[Event]:
    """Created, then (when, kind, further fields)."""
    first = Event(on(created), "created", policy, "normal", "new")
    return [first, *(Event(on(at), kind, **(more[0] if more else {})) for at, kind, *more in told)]


def pending(at: str) -> tuple[Any, ...]:
    return at, "state_changed", {"state": "pending"}


def hold(at: str) -> tuple[Any, ...]:
    return at, "state_changed", {"state": "on_hold"}


def go_on(at: str) -> tuple[Any, ...]:
    return at, "state_changed", {"state": "open"}


def read(events: Sequence[Event], now: str, kind: Kind = "first_response") -> Reading:
    found = current(read_clocks(POLICIES, events, on(now)), kind)
    assert found is not None
    return found
