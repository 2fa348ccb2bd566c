"""The allow-list of segments."""

from dataclasses import replace
from typing import Final

from guanxi_contacts import models
from guanxi_contacts.segments.schemas import SegmentRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of

SEGMENT: Final = models.Account.metadata.tables["segments"]
_fields = fields_of(SEGMENT, hidden=("team_id",))
SEGMENTS = Resource(
    name="segments",
    noun="segment",
    service="contacts",
    table=SEGMENT,
    fields=_fields | {"document": replace(_fields["document"], kind=r.OBJECT)},
    is_for_everybody=True,
    model=SegmentRead,
)
