"""The allow-list of agents. An agent is the user's own, as far as visibility goes."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.agents.schemas import AgentRead

AGENT: Final = models.Agent.metadata.tables["agents"]


def _fields() -> dict[str, Field]:
    fields = {
        ("user_id" if name == "owner_id" else name): field
        for name, field in fields_of(AGENT, hidden=("shift_ends_at",)).items()
    }
    fields["user_id"] = replace(fields["user_id"], name="user_id")
    fields["shifts"] = replace(fields["shifts"], kind=r.OBJECT)
    fields["skills"] = replace(fields["skills"], key="skill")
    return fields


AGENTS: Resource = Resource(
    name="agents",
    noun="agent",
    service="tickets",
    table=AGENT,
    fields=_fields(),
    model=AgentRead,
)
