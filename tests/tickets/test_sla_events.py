"""What a ticket's log is for its clocks, as a rule alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from guanxi_tickets.sla_clocks.event_rules import events_from

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def version(minute: int, verb: str, status: str, priority: str = "normal") -> dict[str, Any]:
    kinds = {"supplier": "on_hold"}
    return {
        "at": START + timedelta(minutes=minute), "verb": verb, "status": status,
        "status_kind": kinds.get(status, status), "priority": priority,
    }  # fmt: skip


def told(*log: dict[str, Any], replies: Any = ()) -> list[tuple[int, str]]:
    events = events_from(log, replies, "gold")
    return [(int((event.at - START).total_seconds() // 60), event.kind) for event in events]


def test_each_version_is_what_it_is_for_the_clocks() -> None:
    assert told(
        version(0, "created", "new"),
        version(1, "updated", "new"),  # its tags: nothing to a clock
        version(2, "assigned", "new"),
        version(3, "updated", "new", "high"),
        version(4, "moved", "open", "high"),
        version(5, "moved", "supplier", "high"),
        version(6, "solved", "solved", "high"),
        version(7, "closed", "closed", "high"),
        version(8, "reopened", "open", "high"),
        version(9, "deleted", "open", "high"),
        version(10, "restored", "open", "high"),
    ) == [
        (0, "created"), (3, "priority_changed"), (4, "state_changed"), (5, "state_changed"),
        (6, "solved"), (7, "state_changed"), (8, "reopened"), (9, "deleted"), (10, "restored"),
    ]  # fmt: skip


def test_a_ticket_that_begins_as_solved_is_solved_at_once() -> None:
    assert told(version(0, "created", "closed")) == [(0, "created"), (0, "solved")]


def test_replies_stand_where_they_were_written_and_after_the_beginning() -> None:
    replies = [
        {"at": START, "author_kind": "agent"},
        {"at": START + timedelta(minutes=2), "author_kind": "requester"},
    ]
    log = version(0, "created", "new"), version(1, "moved", "open"), version(3, "solved", "solved")
    assert told(*log, replies=replies) == [
        (0, "created"), (0, "agent_replied"), (1, "state_changed"), (2, "customer_replied"), (3, "solved"),
    ]  # fmt: skip


def test_policy_priority_and_state_come_along() -> None:
    created, moved = events_from(
        [version(0, "created", "new"), version(1, "moved", "supplier", "urgent")], [], "gold"
    )
    assert (created.policy, created.priority, created.state) == ("gold", "normal", "new")
    assert (moved.policy, moved.priority, moved.state) == (None, "urgent", "supplier")
    assert events_from([], [], None) == []
