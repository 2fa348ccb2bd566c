"""What a ticket's log and its replies are for its clocks. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from guanxi_tickets.sla.run_rules import Event, EventKind
from guanxi_tickets.ticket_settings.rules import ENDING

# What of a ticket its clocks go by, beside when it is there.
STANDING: Final = ("status", "status_kind", "priority")
OVER: Final[Mapping[str, EventKind]] = {"kept": "promise_kept", "withdrawn": "promise_withdrawn"}


def events_from(
    log: Iterable[Mapping[str, Any]], replies: Iterable[Mapping[str, Any]], policy: str | None,
    promises: Iterable[Mapping[str, Any]] = (),
) -> list[Event]:  # fmt: skip
    """`log` has `at`, `verb`, `status`, `status_kind`, `priority` of each version, in their order;
    `replies` have `at` and `author_kind`, `promises` `at`, `due_at`, `outcome` and `ended_at`. Of one
    instant the log comes first: who replies to a new ticket at once replies after its beginning."""
    found = list(_of_log(list(log), policy))
    for promise in promises:
        found.append(Event(promise["at"], "promised", due_at=promise["due_at"]))
        if promise["outcome"] is not None:
            found.append(Event(promise["ended_at"], OVER[promise["outcome"]]))
    for reply in replies:
        kind: EventKind = "agent_replied" if reply["author_kind"] == "agent" else "customer_replied"
        found.append(Event(reply["at"], kind))
    return sorted(found, key=lambda event: event.at)


def _of_log(log: Sequence[Mapping[str, Any]], policy: str | None) -> Iterator[Event]:
    if not log:
        return
    first = log[0]
    yield Event(first["at"], "created", policy, first["priority"], first["status"])
    if first["status_kind"] in ENDING:
        yield Event(first["at"], "solved")
    for before, after in pairwise(log):
        if (kind := _kind(before, after)) is not None:
            yield Event(after["at"], kind, None, after["priority"], after["status"])


def _kind(before: Mapping[str, Any], after: Mapping[str, Any]) -> EventKind | None:
    """What a version is for the clocks; None when it is nothing to them."""
    if after["verb"] == "deleted":
        return "deleted"
    if after["verb"] == "restored":
        return "restored"
    was_over, is_over = before["status_kind"] in ENDING, after["status_kind"] in ENDING
    if was_over != is_over:
        return "solved" if is_over else "reopened"
    if before["status"] != after["status"]:
        return "state_changed"
    return "priority_changed" if before["priority"] != after["priority"] else None
