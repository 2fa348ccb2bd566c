"""The allow-list of promises: what of them is told; their clocks are those of the ticket."""

from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.promises.schemas import PromiseMade

PROMISE: Final = models.TicketPromise.metadata.tables["ticket_promises"]
PROMISES: Resource = Resource(
    name="promises",
    noun="promise",
    service="tickets",
    table=PROMISE,
    fields=fields_of(PROMISE, hidden=("owner_id", "team_id")),
    model=PromiseMade,
    permitted_as="tickets",
    seen_as="tickets",
)
