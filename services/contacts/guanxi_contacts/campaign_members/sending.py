"""Members by the many who are sent to or who responded, each looked at again before anything is sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.campaign_members import rules
from guanxi_contacts.campaign_members.consenting import ALLOWED, REASONS, reason_of
from guanxi_contacts.campaign_members.resources import CAMPAIGN_MEMBERS
from guanxi_contacts.campaign_members.schemas import MOST, MemberMark, MembersMark
from guanxi_contacts.campaigns.service import load_campaign
from guanxi_contacts.errors import CampaignOver, MemberRefused, NotSendable
from guanxi_contacts.resources import CONTACT, CONTACTS
from guanxi_contacts.segments.members import PATIENCE, UNUSED
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.filters import Binder
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import Loaded, State
from guanxi_shared.statements import compile_after_binding

NAMED: Final = """
SELECT id FROM campaign_members WHERE organisation_id = $1 AND campaign_id = $2 AND member_id = ANY($3::uuid[])
  AND deleted_at IS NULL
"""
WAITING: Final = """
SELECT id FROM campaign_members WHERE organisation_id = $1 AND campaign_id = $2 AND member_group = 'treated'
  AND status = 'targeted' AND deleted_at IS NULL ORDER BY id LIMIT $3
"""
SENT_IN: Final = frozenset({"running"})


async def mark_members(
    call: Call, connection: Connection, campaign_id: UUID, data: MembersMark
) -> State:
    """All of it or nothing; who may not be contacted any more stays as they are and is counted."""
    await connection.execute(PATIENCE)
    campaign = (await load_campaign(call, connection, campaign_id)).row
    if data.status == "sent":
        demand_running(campaign)
    said = {each.member_id: each for each in data.members or ()}
    members, has_more = await _meant(call, connection, campaign_id, data, said)
    refused = dict.fromkeys(REASONS, 0)
    if data.status == "sent":
        members, refused = await _sendable(call, connection, campaign, members)
    now = call.clock.now
    changes = [_change(each, data, said.get(each.row["member_id"]), now) for each in members]
    marked = await write_many(connection, CAMPAIGN_MEMBERS, changes, actor=call.actor)
    return {
        "marked": marked, "unchanged": len(members) - marked, "refused": refused,
        "has_more": has_more and marked > 0,
    }  # fmt: skip


def demand_running(campaign: Mapping[str, Any]) -> None:
    if campaign["status"] not in SENT_IN:
        raise CampaignOver(
            f"This campaign is {campaign['status']}.", errors={"status": "Let it run first."}
        )


async def _meant(
    call: Call, connection: Connection, campaign_id: UUID, data: MembersMark,
    said: Mapping[UUID, MemberMark],
) -> tuple[list[Loaded], bool]:  # fmt: skip
    """Under their locks: those named, or the next who are waiting."""
    whose = (call.organisation, campaign_id)
    if data.members is not None:
        rows = await connection.fetch(NAMED, *whose, list(said))
    else:
        rows = await connection.fetch(WAITING, *whose, MOST + 1)
    loaded = await load_many(connection, CAMPAIGN_MEMBERS, [row["id"] for row in rows[:MOST]])
    members = [each for each in loaded.values() if each.row["deleted_at"] is None]
    if missing := set(said) - {each.row["member_id"] for each in members}:
        raise UnknownReference(
            f"{min(missing)} is no member of this campaign.",
            errors={"members": f"There is no such member: {min(missing)}."},
        )
    return members, len(rows) > MOST


def _change(member: Loaded, data: MembersMark, said: MemberMark | None, now: datetime) -> Change:
    at = (said.at if said is not None else None) or data.at
    row, name = member.row, f"{data.status}_at"
    sent: dict[str, Any] = {"status": data.status}
    if row["status"] == "responded" and data.status == "sent":
        return Change(member)  # they were sent to before
    if at is not None:
        sent[name] = at
    if said is not None and said.answers is not None:
        if data.status != "responded":
            raise MemberRefused(
                "Only who responded has answers.", errors={"members": "Leave the answers out."}
            )
        sent["answers"] = said.answers
    return Change(member, rules.after_move(row, sent, now))


async def _sendable(
    call: Call, connection: Connection, campaign: Mapping[str, Any], members: Sequence[Loaded]
) -> tuple[list[Loaded], dict[str, int]]:
    """Without those who said since they were added that they are not to be contacted."""
    waiting = [each.row for each in members if each.row["status"] == "targeted"]
    reasons = await _reasons(call, connection, campaign, waiting)
    counts = dict.fromkeys(REASONS, 0)
    for reason in reasons.values():
        counts[reason] += 1
    return [m for m in members if m.row["status"] != "targeted" or m.row["member_id"] not in reasons], counts  # fmt: skip


async def demand_sendable(
    call: Call, connection: Connection, campaign: Mapping[str, Any], member: Mapping[str, Any]
) -> None:
    demand_running(campaign)
    reasons = await _reasons(call, connection, campaign, [member])
    if reasons:
        raise NotSendable(
            f"They may not be contacted: {reasons[member['member_id']]}.",
            errors={"status": "Ask them for their consent first."},
        )


async def _reasons(
    call: Call, connection: Connection, campaign: Mapping[str, Any], members: Sequence[Mapping[str, Any]]
) -> dict[UUID, str]:  # fmt: skip
    """Why people may not be contacted now, by the id of the person; those who may are absent."""
    people = {m["member_id"] for m in members if m["member_type"] == CONTACTS.noun}
    if not people:
        return {}
    bind = Binder()
    asked = select(CONTACT.c.id, reason_of(CONTACTS, campaign, bind).label("reason")).where(
        CONTACT.c.organisation_id == bindparam("organisation", type_=Uuid),
        CONTACT.c.id == any_(bind(sorted(people), ARRAY(Uuid))),
    )
    compiled = compile_after_binding(asked)
    values = {"organisation": call.organisation, **bind.values}
    rows = await connection.fetch(f"{UNUSED} {compiled.sql}", "", *compiled.args(values))
    return {row["id"]: row["reason"] for row in rows if row["reason"] != ALLOWED}
