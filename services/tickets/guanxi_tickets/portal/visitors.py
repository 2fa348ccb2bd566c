"""Whoever comes without a token: what they may do here, and how the log names them."""

import math
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, Call, House

FACTS: Final = "SELECT name, time_zone, region FROM directory_state WHERE organisation_id = $2"


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    name: str
    time_zone: str
    region: str


@dataclass(slots=True)
class VisitorCall(Call):
    """A call without a user; `channel` is ours and not what the visitor's client says."""

    channel: str = "portal"

    @property
    def actor(self) -> Actor:
        return Actor(
            id=None, kind="customer", channel=self.channel,
            request_id=logs.request_id.get() or None, trace_id=logs.trace_id.get() or None,
        )  # fmt: skip


async def facts_of(here: House, organisation: UUID) -> OrganisationFacts:
    rows = await here.db.lookup(organisation, FACTS, organisation)
    found = dict(rows[0]) if rows else {"name": "", "time_zone": "UTC", "region": "CN"}
    return OrganisationFacts(**found)


def visitor_of(organisation: UUID, facts: OrganisationFacts) -> Principal:
    """Nobody in particular. Whose tickets they see is decided before anything is asked in their name; notes
    and what is internal they may not see whatever is asked."""
    return Principal(
        kind="service", name="visitor", organisation_id=organisation, user_id=None, role="visitor",
        permissions=frozenset({"tickets:read", "tickets:create"}), visibility={"*": "all"},
        time_zone=facts.time_zone, session_id=None, directory_version=0, expires_at=math.inf,
    )  # fmt: skip
