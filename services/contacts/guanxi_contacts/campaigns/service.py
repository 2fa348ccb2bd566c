"""Use cases of campaigns: load, decide, change, publish."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.campaigns import rules
from guanxi_contacts.campaigns.resources import CAMPAIGNS
from guanxi_contacts.campaigns.schemas import CampaignCreate, CampaignUpdate
from guanxi_contacts.errors import AlreadyDrawn
from guanxi_shared import records
from guanxi_shared.batch import finding
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, stored

DEFAULTS: Final[Mapping[str, Any]] = {
    "status": "planned", "consent": "granted", "costs": [], "hold_out_share": 0.0, "hold_out_seed": 0, "tags": [],
}  # fmt: skip
HAS_MEMBERS: Final = """
SELECT EXISTS (SELECT FROM campaign_members WHERE organisation_id = $1 AND campaign_id = $2)
"""
LOCK: Final = "SELECT 1 FROM campaigns WHERE organisation_id = $1 AND id = $2 FOR UPDATE"
HAND_OVER: Final = """
UPDATE campaign_members SET owner_id = $3, team_id = $4 WHERE organisation_id = $1 AND campaign_id = $2
"""
find_campaigns = finding(CAMPAIGNS, {"id": "id = $2::text::uuid", "external_id": "external_id = $2"})  # fmt: skip


async def create_campaign(call: Call, connection: Connection, data: CampaignCreate) -> State:
    """The caller owns it unless they name somebody else."""
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    columns = {
        **DEFAULTS, "organisation_id": call.organisation, "owner_id": call.by.user_id,
        **rules.columns_from(sent), "id": data.id or new_id(),
    }  # fmt: skip
    rules.demand_sense(columns)
    columns["custom"] = await stored(call, CAMPAIGNS, sent.get("custom", {}))
    await owned_by(call, connection, CAMPAIGNS, sent)
    columns |= rules.found_by(columns)
    return await records.insert_record(connection, CAMPAIGNS, columns, actor=call.actor)


async def load_campaign(
    call: Call, connection: Connection, campaign_id: UUID, *, deleted: bool = False
) -> Loaded:
    """Under its lock, for somebody who may change it."""
    scope = await call.scope(CAMPAIGNS.name)
    return await records.load_record(
        connection, CAMPAIGNS, campaign_id, scope=scope, deleted=deleted
    )


async def update_campaign(
    call: Call, connection: Connection, campaign_id: UUID, data: CampaignUpdate, version: int | None
) -> State:
    sent = data.model_dump(exclude_unset=True)
    changes = rules.columns_from(sent)
    loaded = await load_campaign(call, connection, campaign_id)
    await check_version(connection, CAMPAIGNS, loaded, version)
    rules.demand_move(loaded.row["status"], changes.get("status", loaded.row["status"]))
    rules.demand_sense({**loaded.row, **changes})
    if "custom" in sent:
        present = loaded.row["custom"]
        changes["custom"] = await stored(call, CAMPAIGNS, sent["custom"], present=present)
    await owned_by(call, connection, CAMPAIGNS, sent)
    await _demand_undrawn(connection, loaded, changes)
    if rules.FOUND_BY & set(changes):
        changes |= rules.found_by({**loaded.row, **changes})
    if owners := rules.new_owners(loaded.row, changes):
        whose = {**loaded.row, **owners}
        await connection.execute(LOCK, call.organisation, campaign_id)
        await connection.execute(
            HAND_OVER, call.organisation, campaign_id, whose["owner_id"], whose["team_id"]
        )
    return await records.update_record(connection, CAMPAIGNS, loaded, changes, actor=call.actor)


async def _demand_undrawn(
    connection: Connection, loaded: Loaded, changes: Mapping[str, Any]
) -> None:
    """Who came before was drawn by the share that there was: with another one the groups would not be alike."""
    changed = [n for n in rules.DRAWN_BY if n in changes and changes[n] != loaded.row[n]]
    if not changed:
        return
    whose = (loaded.row["organisation_id"], loaded.id)
    await connection.execute(LOCK, *whose)
    if await connection.fetchval(HAS_MEMBERS, *whose):
        raise AlreadyDrawn(
            "Its members were drawn already.", errors={changed[0]: "Make a new campaign."}
        )


async def delete_campaign(
    call: Call, connection: Connection, campaign_id: UUID, version: int | None
) -> State:
    loaded = await load_campaign(call, connection, campaign_id)
    await check_version(connection, CAMPAIGNS, loaded, version)
    return await records.delete_record(connection, CAMPAIGNS, loaded, actor=call.actor)


async def restore_campaign(call: Call, connection: Connection, campaign_id: UUID) -> State:
    loaded = await load_campaign(call, connection, campaign_id, deleted=True)
    return await records.restore_record(connection, CAMPAIGNS, loaded, actor=call.actor)
