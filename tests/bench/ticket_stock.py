"""Tickets under a policy whose ids are fixed, so that processes that make them agree on it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

CALENDAR_ID = UUID("01900000-0000-7000-8000-0000000000ca")
POLICY_ID = UUID("01900000-0000-7000-8000-0000000000b0")
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
SUBJECTS = (
    "发票抬头有误", "Invoice names the wrong company", "设备无法启动", "Machine does not start",
    "请问保修期多久", "How long does the warranty last", "登录失败", "Login fails",
)  # fmt: skip
PRIORITIES = ("urgent", "high", "normal", "low")
# Status, kind, and how many of twenty tickets stand there: all are still to be done.
STATES = (
    ("new", "new", 5),
    ("open", "open", 9),
    ("pending", "pending", 4),
    ("on_hold", "on_hold", 2),
)
AHEAD = timedelta(days=3650)


def calendar() -> dict[str, Any]:
    """As `POST /v1/business-calendars` takes it."""
    spans = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
    week = ("monday", "tuesday", "wednesday", "thursday", "friday")
    return {
        "id": str(CALENDAR_ID), "name": "Bench", "time_zone": "Asia/Shanghai",
        "hours": dict.fromkeys(week, spans),
    }  # fmt: skip


def policy() -> dict[str, Any]:
    """As `POST /v1/sla-policies` takes it: warnings, pauses, and a breach that raises the priority."""
    targets = {
        priority: {
            "first_response": {"seconds": 1800 * rank, "warnings": [50, 75]},
            "next_response": {"seconds": 7200 * rank},
            "resolution": {"seconds": 14_400 * rank, "warnings": [50, 75]},
        }
        for rank, priority in enumerate(PRIORITIES, start=1)
    }
    raising = {"on": "breach", "actions": [{"action": "raise"}]}
    return {
        "id": str(POLICY_ID), "name": "Bench", "calendar_id": str(CALENDAR_ID), "targets": targets,
        "pauses": {"pending": ["resolution"]}, "escalations": [raising],
    }  # fmt: skip


def state_of(number: int) -> tuple[str, str]:
    """Status and kind, by the shares above; neighbours stand apart."""
    share = number * 7 % 20
    for status, kind, count in STATES:
        share -= count
        if share < 0:
            return status, kind
    raise AssertionError("the shares sum to twenty")


def ticket(number: int) -> dict[str, Any]:
    """Every column of an open ticket that does not say whose it is; its timer is years ahead."""
    status, kind = state_of(number)
    rank = number * 13 % 4 + 1
    at = BEGAN + timedelta(minutes=number * 7919 % 400_000)
    return {
        "number": f"B-{number:07d}", "subject": f"{SUBJECTS[number % len(SUBJECTS)]} {number:06d}",
        "priority": PRIORITIES[rank - 1], "priority_rank": rank, "priority_source": "table",
        "status": status, "status_kind": kind, "status_changed_at": at, "reopened_count": 0,
        "sla_due_at": at + timedelta(hours=8 * rank), "sla_next_at": at + AHEAD, "sla_breached": [],
        "description": None, "external_id": None,
    }  # fmt: skip
