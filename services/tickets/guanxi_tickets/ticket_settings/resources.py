"""The settings for tickets as a resource: one record for an organisation, in its log and feed."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.ticket_settings.schemas import TicketSettingsRead

TABLE: Final = models.TicketSettings.metadata.tables["ticket_settings"]
_FIELDS = fields_of(TABLE)
TICKET_SETTINGS: Resource = Resource(
    name="ticket_settings",
    noun="ticket_settings",
    service="tickets",
    table=TABLE,
    fields=_FIELDS | {"priorities": replace(_FIELDS["priorities"], kind=r.OBJECT)},
    is_owned=False,
    model=TicketSettingsRead,
)
