"""The policy and the calendar of a ticket as they were when it was made. They never change: a process
reads each once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from guanxi_tickets.business_calendars.service import document_of as calendar_document
from guanxi_tickets.sla.hours_rules import calendar_from
from guanxi_tickets.sla.policy_rules import policy_from
from guanxi_tickets.sla.run_rules import Policy
from guanxi_tickets.sla_policies.service import document_of as policy_document
from guanxi_tickets.ticket_settings.rules import RANKS

MOST: Final = 1000
AS_THEY_WERE = """
SELECT p.after::text AS policy, c.after::text AS calendar FROM events p, events c
WHERE p.organisation_id = $1::uuid AND p.subject_type = 'sla_policy' AND p.subject_id = $2 AND p.version = $3
  AND c.organisation_id = $1::uuid AND c.subject_type = 'business_calendar' AND c.subject_id = $4 AND c.version = $5
"""
NAMED: Final = (
    "sla_policy_id",
    "sla_policy_version",
    "sla_calendar_id",
    "sla_calendar_version",
)
ROW = f"SELECT organisation_id, id, {', '.join(NAMED)} FROM tickets WHERE organisation_id = $1 AND id = $2"
Kept = tuple[Any, ...]


class Reading(Protocol):
    """Whatever is bound to the organisation already."""

    async def fetchrow(self, sql: str, *args: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Promised:
    """`key` names the policy among those of a ticket."""

    key: str
    policy: Policy
    escalations: list[dict[str, Any]]


_KNOWN: dict[Kept, Promised] = {}


async def promised_of(
    connection: Reading, organisation: UUID, row: Mapping[str, Any]
) -> Promised | None:
    """What a ticket's row says that is promised; None without a policy."""
    if row.get("sla_policy_id") is None:
        return None
    named = (organisation, *(row[name] for name in NAMED))
    if named not in _KNOWN:
        if len(_KNOWN) >= MOST:
            _KNOWN.clear()
        _KNOWN[named] = await _read(connection, named)
    return _KNOWN[named]


async def promised_row(
    connection: Reading, organisation: UUID, ticket_id: UUID
) -> Mapping[str, Any]:
    """What says what is promised of a stored ticket."""
    found = await connection.fetchrow(ROW, organisation, ticket_id)
    assert found is not None
    return dict(found)


async def _read(connection: Reading, named: Kept) -> Promised:
    found = await connection.fetchrow(AS_THEY_WERE, *named)
    assert found is not None
    document, calendar = (orjson.loads(found[name]) for name in ("policy", "calendar"))
    read = policy_from(
        policy_document(document), calendar_from(calendar_document(calendar)),
        priorities=RANKS, states=document["pauses"],
    )  # fmt: skip
    return Promised(f"{named[1]}:{named[2]}", read, document.get("escalations") or [])
