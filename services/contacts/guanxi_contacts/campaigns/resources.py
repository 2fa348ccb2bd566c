"""The allow-list of campaigns."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Table, Uuid, any_, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts import models
from guanxi_contacts.campaigns.schemas import CampaignRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, fields_of, looked_up
from guanxi_shared.search import tagged

CAMPAIGN: Final[Table] = models.Campaign.metadata.tables["campaigns"]
MEMBER: Final[Table] = models.Campaign.metadata.tables["campaign_members"]


def _with_member(
    operator: str, value: Any, bind: Callable[[Any, Any], BindParameter[Any]]
) -> ColumnElement[bool]:
    """Campaigns that are meant for an account or a contact."""
    wanted = bind(value if isinstance(value, list) else [value], ARRAY(Uuid))
    members = select(MEMBER.c.campaign_id).where(
        MEMBER.c.organisation_id == CAMPAIGN.c.organisation_id,
        MEMBER.c.member_id == any_(wanted),
        MEMBER.c.deleted_at.is_(None),
    )
    return CAMPAIGN.c.id.in_(members)


def _fields() -> dict[str, Field]:
    fields = fields_of(CAMPAIGN, money=("budget", "cost"))
    fields["costs"] = replace(fields["costs"], key="note")
    fields["custom"] = replace(fields["custom"], kind=r.OBJECT)
    fields["tags"] = replace(fields["tags"], where=tagged(CAMPAIGN, models.CAMPAIGN_SEARCH))
    return fields | {"member_id": looked_up("member_id", r.ID, CAMPAIGN, _with_member)}


CAMPAIGNS: Resource = Resource(
    name="campaigns",
    noun="campaign",
    service="contacts",
    table=CAMPAIGN,
    fields=_fields(),
    search=models.CAMPAIGN_SEARCH,
    has_documents=True,
    model=CampaignRead,
)
