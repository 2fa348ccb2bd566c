"""The allow-lists of segments, and of the accounts that are told to be in them."""

from dataclasses import replace
from typing import Final

from guanxi_contacts import models
from guanxi_contacts.segments.schemas import SegmentMemberRead, SegmentRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of

SEGMENT: Final = models.Account.metadata.tables["segments"]
SEGMENT_ACCOUNT: Final = models.Account.metadata.tables["segment_accounts"]
_fields = fields_of(SEGMENT, hidden=("team_id", "looked_at", "not_told"))
SEGMENTS = Resource(
    name="segments",
    noun="segment",
    service="contacts",
    table=SEGMENT,
    fields=_fields | {"document": replace(_fields["document"], kind=r.OBJECT)},
    is_for_everybody=True,
    model=SegmentRead,
)
SEGMENT_MEMBERS = Resource(
    name="segment-members",
    noun="segment_member",
    service="contacts",
    table=SEGMENT_ACCOUNT,
    fields=fields_of(SEGMENT_ACCOUNT, hidden=("owner_id", "team_id")),
    is_for_everybody=True,
    model=SegmentMemberRead,
    permitted_as="segments",
    seen_as="segments",
    names=("account_id", "accounts"),
)
