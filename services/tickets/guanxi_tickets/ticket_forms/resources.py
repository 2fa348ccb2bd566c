"""The allow-list of forms."""

from dataclasses import replace
from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.ticket_forms.schemas import TicketFormRead

TABLE: Final = models.TicketForm.metadata.tables["ticket_forms"]
_fields = fields_of(TABLE)
TICKET_FORMS: Resource = Resource(
    name="ticket_forms",
    noun="ticket_form",
    service="tickets",
    table=TABLE,
    fields=_fields | {"fields": replace(_fields["fields"], key="name")},
    is_owned=False,
    model=TicketFormRead,
    permitted_as="tickets",
    path="/v1/tickets/forms",
)
