"""What an event of another service says on the timelines of our accounts and contacts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared.heard import Event, id_of, maybe_id_of, moment_of

# Whose events are shown, and the resource whose readers see them.
RESOURCES: Final[Mapping[str, str]] = {
    "pipeline.opportunity": "opportunities",
    "pipeline.quote": "quotes",
    "pipeline.order": "orders",
    "pipeline.contract": "contracts",
    "pipeline.invoice": "invoices",
    "pipeline.payment": "payments",
    "tickets.ticket": "tickets",
    "tickets.sla": "tickets",
    "tickets.promise": "tickets",
    "tickets.survey": "tickets",
}
TYPES: Final = tuple(f"{prefix}.*" for prefix in RESOURCES)
# What is not worth an entry of its own, but for a change of where the record stands.
QUIET: Final = frozenset({"updated", "deleted", "restored", "erased"})
STANDS: Final = frozenset({"status", "stage_id", "priority"})
NAMED: Final = ("name", "subject", "clock", "number")
KEPT: Final = (
    "number", "name", "subject", "status", "stage_id", "amount", "total", "probability", "close_on",
    "reason", "priority", "kind", "channel", "score", "clock", "ordered_on", "due_on", "paid_on",
    "ticket_id", "due_at", "outcome",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """The record that an event is about, as far as it decides who sees what is told of it."""

    id: UUID
    resource: str
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    deleted_at: datetime | None
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Entry:
    subject_type: str
    subject_id: UUID
    title: str
    summary: str | None
    data: Mapping[str, Any]

    def of(self, subject_id: UUID) -> "Entry":
        """The same of the record that its own has become."""
        return self if subject_id == self.subject_id else replace(self, subject_id=subject_id)


def source_of(event: Event) -> Source | None:
    """None for events that no timeline shows. An SLA, a promise or a survey belongs to its ticket."""
    service, noun, verb = event["type"].split(".", 2)
    resource = RESOURCES.get(f"{service}.{noun}")
    if resource is None:
        return None
    state = event["after"]
    owner_id = event.get("owner_id") or state.get("owner_id") or state.get("assignee_id")
    return Source(
        id=id_of(event["subject_id"]),
        resource=resource,
        owner_id=maybe_id_of(owner_id),
        team_id=maybe_id_of(event.get("team_id") or state.get("team_id")),
        version=int(event["version"]),
        deleted_at=moment_of(event) if verb in ("deleted", "erased") else None,
        is_erased=verb == "erased",
    )


def newest_of(sources: Iterable[Source]) -> list[Source]:
    """Of each record its newest version, in the order of their ids, in which all who write them lock them; of
    the same version the one that was told first."""
    newest: dict[UUID, Source] = {}
    for source in sources:
        known = newest.get(source.id)
        if known is None or known.version < source.version:
            newest[source.id] = source
    return [newest[id] for id in sorted(newest)]


def entries_of(event: Event) -> list[Entry]:
    """One for each account and contact that the event names, each once."""
    service, noun, verb = event["type"].split(".", 2)
    if f"{service}.{noun}" not in RESOURCES or _is_quiet(verb, event):
        return []
    state = event["after"]
    named = next((str(state[name]) for name in NAMED if state.get(name)), None)
    title = f"{noun.capitalize()} {verb.replace('_', ' ')}" + (f": {named}" if named else "")
    data = {name: state[name] for name in KEPT if state.get(name) is not None}
    summary = state.get("reason") if isinstance(state.get("reason"), str) else None
    return [
        Entry(subject_type, subject_id, title, summary, data)
        for subject_type, subject_id in subjects_of(state)
    ]


def _is_quiet(verb: str, event: Event) -> bool:
    if verb == "updated":
        return STANDS.isdisjoint(event.get("changed") or ())
    return verb in QUIET


def subjects_of(state: Mapping[str, Any]) -> list[tuple[str, UUID]]:
    """`account_id`, `account_ids`, `contact_id`, `contact_ids`, `contacts` and who requested it."""
    found: dict[tuple[str, UUID], None] = {}
    for name, noun in (
        ("account_id", "account"),
        ("contact_id", "contact"),
        ("requester_id", "contact"),
    ):
        if (one := maybe_id_of(state.get(name))) is not None:
            found[noun, one] = None
    for name, noun in (("account_ids", "account"), ("contact_ids", "contact")):
        found |= dict.fromkeys((noun, id_of(one)) for one in state.get(name) or ())
    for link in state.get("contacts") or ():
        if (one := maybe_id_of(link.get("contact_id"))) is not None:
            found["contact", one] = None
    return list(found)
