"""The allow-list of merges: seen by those who see the survivor. The feed tells of them by its events."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of, looked_up, overlaps
from guanxi_tickets import models
from guanxi_tickets.merges.schemas import TicketMergeRead

TABLE: Final = models.TicketMerge.metadata.tables["ticket_merges"]
_FIELDS = fields_of(TABLE, hidden=("before", "after", "owner_id", "team_id"))
MERGES: Resource = Resource(
    name="ticket-merges",
    noun="ticket_merge",
    service="tickets",
    table=TABLE,
    fields=_FIELDS
    | {
        "moved": replace(_FIELDS["moved"], kind=r.OBJECT),
        "source_id": looked_up("source_id", r.ID, TABLE, overlaps(TABLE.c.source_ids)),
    },
    model=TicketMergeRead,
    permitted_as="tickets",
    seen_as="tickets",
)
