"""The allow-list of members: whoever sees the campaign sees them; of people, their ids alone."""

from dataclasses import replace
from typing import Final

from guanxi_contacts import models
from guanxi_contacts.campaign_members.schemas import CampaignMemberRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of

MEMBER: Final = models.CampaignMember.metadata.tables["campaign_members"]
_fields = fields_of(MEMBER, hidden=("owner_id", "team_id"))
CAMPAIGN_MEMBERS: Resource = Resource(
    name="campaign-members",
    noun="campaign_member",
    service="contacts",
    table=MEMBER,
    fields=_fields | {"answers": replace(_fields["answers"], kind=r.OBJECT)},
    model=CampaignMemberRead,
    permitted_as="campaigns",
    seen_as="campaigns",
)
# Below a campaign that was found, shares of it included.
OF_CAMPAIGN: Resource = replace(CAMPAIGN_MEMBERS, is_owned=False)
