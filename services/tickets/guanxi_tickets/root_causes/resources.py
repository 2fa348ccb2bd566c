"""The allow-list of root causes: nobody's own."""

from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.root_causes.schemas import CauseRead

TABLE: Final = models.RootCause.metadata.tables["root_causes"]
CAUSES: Resource = Resource(
    name="root-causes",
    noun="root_cause",
    service="tickets",
    table=TABLE,
    fields=fields_of(TABLE),
    is_owned=False,
    model=CauseRead,
)
