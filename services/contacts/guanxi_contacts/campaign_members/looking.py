"""Looking at members: of a campaign that the caller sees, all of them."""

from dataclasses import replace
from uuid import UUID

from guanxi_contacts.campaign_members.resources import OF_CAMPAIGN
from guanxi_contacts.campaigns.resources import CAMPAIGNS
from guanxi_shared import pages, reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound
from guanxi_shared.filters import Condition
from guanxi_shared.pages import ListQuery


async def members_page(call: Call, campaign_id: UUID) -> ListQuery:
    """The list that the query string means, of this campaign."""
    await reads.find_record(call, CAMPAIGNS, campaign_id)
    raw: bytes = call.request.scope["query_string"]
    query = pages.from_query_string(raw, OF_CAMPAIGN, OF_CAMPAIGN.fields, call.clock)
    field = OF_CAMPAIGN.fields["campaign_id"]
    return replace(query, within=(Condition(field, "eq", campaign_id, str(campaign_id)),))


async def demand_member(call: Call, campaign_id: UUID, member_id: UUID) -> str:
    """The member's id once the campaign is one that the caller sees, and the member's own."""
    await reads.find_record(call, CAMPAIGNS, campaign_id)
    row = await reads.find_record(call, OF_CAMPAIGN, member_id)
    if row["campaign_id"] != str(campaign_id):
        raise NotFound(f"There is no campaign_member with the id {str(member_id)!r}.")
    return str(member_id)
