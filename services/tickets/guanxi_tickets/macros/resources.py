"""The allow-list of macros."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.macros.schemas import MacroRead

TABLE: Final = models.Macro.metadata.tables["macros"]
_FIELDS = fields_of(TABLE, hidden=("team_id",))
MACROS: Resource = Resource(
    name="macros",
    noun="macro",
    service="tickets",
    table=TABLE,
    fields=_FIELDS | {"actions": replace(_FIELDS["actions"], kind=r.OBJECT)},
    is_for_everybody=True,
    model=MacroRead,
)
