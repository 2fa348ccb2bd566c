"""The allow-list of corrective actions. Whoever sees the ticket sees them."""

from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.corrective_actions.schemas import ActionRead

ACTION: Final = models.CorrectiveAction.metadata.tables["corrective_actions"]
ACTIONS: Resource = Resource(
    name="corrective-actions",
    noun="corrective_action",
    service="tickets",
    table=ACTION,
    fields=fields_of(ACTION, hidden=("owner_id", "team_id")),
    model=ActionRead,
    permitted_as="ticket-notes",
    seen_as="tickets",
)
