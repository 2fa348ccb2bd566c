"""The allow-list of business calendars."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.business_calendars.schemas import CalendarRead

TABLE: Final = models.BusinessCalendar.metadata.tables["business_calendars"]
_FIELDS = fields_of(TABLE)
CALENDARS: Resource = Resource(
    name="business-calendars",
    noun="business_calendar",
    service="tickets",
    table=TABLE,
    fields=_FIELDS | {"hours": replace(_FIELDS["hours"], kind=r.OBJECT)},
    is_owned=False,
    model=CalendarRead,
)
