"""The allow-list of saved views."""

from dataclasses import replace
from typing import Final

from guanxi_contacts import models
from guanxi_contacts.views.schemas import ViewRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of

VIEW: Final = models.Account.metadata.tables["views"]
_fields = fields_of(VIEW, hidden=("team_id",))
VIEWS = Resource(
    name="views",
    noun="view",
    service="contacts",
    table=VIEW,
    fields=_fields | {"document": replace(_fields["document"], kind=r.OBJECT)},
    is_for_everybody=True,
    model=ViewRead,
)
