"""The allow-list of policies."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.sla_policies.schemas import PolicyRead

TABLE: Final = models.SlaPolicy.metadata.tables["sla_policies"]
_FIELDS = fields_of(TABLE)
POLICIES: Resource = Resource(
    name="sla-policies",
    noun="sla_policy",
    service="tickets",
    table=TABLE,
    fields=_FIELDS
    | {name: replace(_FIELDS[name], kind=r.OBJECT) for name in ("targets", "pauses")}
    | {
        name: replace(_FIELDS[name], is_filtered=False)
        for name in ("filter_groups", "escalations", "promise_warnings")
    },
    is_owned=False,
    model=PolicyRead,
)
