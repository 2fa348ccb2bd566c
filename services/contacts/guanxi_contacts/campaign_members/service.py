"""Use cases of members: added by the many, sent to, heard from, taken out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.campaign_members import rules
from guanxi_contacts.campaign_members.adding import (
    IS_MEMBER,
    Meant,
    counts_of,
    meant_by,
    next_of,
)
from guanxi_contacts.campaign_members.consenting import REASONS
from guanxi_contacts.campaign_members.resources import CAMPAIGN_MEMBERS
from guanxi_contacts.campaign_members.schemas import MOST, MembersAdd, MemberUpdate
from guanxi_contacts.campaign_members.sending import demand_sendable
from guanxi_contacts.campaigns.service import load_campaign
from guanxi_contacts.errors import CampaignOver
from guanxi_contacts.segments.members import PATIENCE
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.many_records import Change, insert_many, load_many, write_many
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

OPEN: Final = frozenset({"planned", "running"})
Place = tuple[UUID, UUID]  # the campaign and the member's record


async def add_members(
    call: Call, connection: Connection, campaign_id: UUID, data: MembersAdd
) -> State:
    """One request at a time adds to a campaign. Who was taken out before comes back as they were drawn."""
    await connection.execute(PATIENCE)
    campaign = (await load_campaign(call, connection, campaign_id)).row
    if campaign["status"] not in OPEN:
        raise CampaignOver(
            f"This campaign is {campaign['status']}.", errors={"status": "Let it go on first."}
        )
    meant = await meant_by(call, data)
    counts = await counts_of(call, connection, meant, campaign)
    found = await next_of(call, connection, meant, campaign, MOST + 1)
    rows = [_row(campaign, meant, data, row) for row in found[:MOST]]
    groups = await _write(call, connection, rows)
    return {
        "added": len(rows), "treated": groups.count("treated"), "held_out": groups.count("held_out"),
        "already": counts.get(IS_MEMBER, 0), "refused": {each: counts.get(each, 0) for each in REASONS},
        "has_more": len(found) > MOST,
    }  # fmt: skip


def _row(
    campaign: Mapping[str, Any], meant: Meant, data: MembersAdd, found: Mapping[str, Any]
) -> dict[str, Any]:
    now, group = datetime.now(UTC), data.group
    if group is None:
        share, seed = campaign["hold_out_share"], campaign["hold_out_seed"]
        is_out = rules.is_held_out(campaign["id"], found["id"], share=share, seed=seed)
        group = "held_out" if is_out else "treated"
    return {
        "organisation_id": campaign["organisation_id"], "campaign_id": campaign["id"],
        "id": rules.member_record_id(campaign["id"], found["id"]), "member_type": meant.resource.noun,
        "member_id": found["id"], "account_id": found["account_id"], "member_group": group,
        "is_by_lot": data.group is None or data.is_by_lot, "status": "targeted", "sent_at": None,
        "responded_at": None, "answers": {}, "owner_id": campaign["owner_id"], "team_id": campaign["team_id"],
        "version": 1, "created_at": now, "updated_at": now, "deleted_at": None,
    }  # fmt: skip


async def _write(
    call: Call, connection: Connection, rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The groups that they are in."""
    there = await load_many(connection, CAMPAIGN_MEMBERS, [row["id"] for row in rows])
    new = [row for row in rows if row["id"] not in there]
    await insert_many(connection, CAMPAIGN_MEMBERS, new, actor=call.actor)
    by_id = {row["id"]: row for row in rows}
    back = [
        Change(loaded, {"deleted_at": None, **_again(loaded, by_id[id])}, verb="restored")
        for id, loaded in there.items()
    ]
    await write_many(connection, CAMPAIGN_MEMBERS, back, actor=call.actor)
    return [row["member_group"] for row in (*new, *(each.loaded.row for each in back))]


def _again(loaded: Loaded, row: Mapping[str, Any]) -> dict[str, Any]:
    """Whose campaign it is now, and which record it names."""
    names = ("owner_id", "team_id", "member_id", "account_id")
    return {name: row[name] for name in names if row[name] != loaded.row[name]}


async def load_member(
    call: Call, connection: Connection, place: Place, version: int | None, *, deleted: bool = False
) -> tuple[Loaded, Loaded]:
    """The campaign, which the caller may change, and the member."""
    campaign_id, member_id = place
    campaign = await load_campaign(call, connection, campaign_id)
    member = await records.load_record(
        connection, CAMPAIGN_MEMBERS, member_id, scope=EVERYTHING, deleted=deleted
    )
    if member.row["campaign_id"] != campaign_id:
        raise NotFound(f"There is no campaign_member with the id {str(member_id)!r}.")
    await check_version(connection, CAMPAIGN_MEMBERS, member, version)
    return campaign, member


async def update_member(
    call: Call, connection: Connection, place: Place, data: MemberUpdate, version: int | None
) -> State:
    campaign, member = await load_member(call, connection, place, version)
    sent = data.model_dump(exclude_unset=True)
    changes = rules.after_move(member.row, sent, call.clock.now)
    if changes["status"] == "sent" and member.row["status"] == "targeted":
        await demand_sendable(call, connection, campaign.row, member.row)
    return await records.update_record(
        connection, CAMPAIGN_MEMBERS, member, changes, actor=call.actor
    )


async def remove_member(
    call: Call, connection: Connection, place: Place, version: int | None
) -> State:
    _, member = await load_member(call, connection, place, version)
    return await records.delete_record(connection, CAMPAIGN_MEMBERS, member, actor=call.actor)


async def restore_member(call: Call, connection: Connection, place: Place) -> State:
    _, member = await load_member(call, connection, place, None, deleted=True)
    return await records.restore_record(connection, CAMPAIGN_MEMBERS, member, actor=call.actor)
