"""Members by the many who are sent to or who responded, each looked at again before anything is sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.campaign_members import rules
from guanxi_contacts.campaign_members.consenting import ALLOWED, REASONS, reason_of
from guanxi_contacts.campaign_members.resources import CAMPAIGN_MEMBERS, MEMBER
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
PAGE: Final = 10_000
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
    refused = dict.fromkeys(REASONS, 0)
    if data.members is None:
        ids, has_more = await _waiting(call, connection, campaign, refused)
    else:
        rows = await connection.fetch(NAMED, call.organisation, campaign_id, list(said))
        ids, has_more = [row["id"] for row in rows], False
    members = await _held(connection, ids, said)
    if data.status == "sent":
        members = await _sendable(call, connection, campaign, members, refused)
    now = call.clock.now
    changes = [_change(each, data, said.get(each.row["member_id"]), now) for each in members]
    marked = await write_many(connection, CAMPAIGN_MEMBERS, changes, actor=call.actor)
    return {
        "marked": marked, "unchanged": len(members) - marked, "refused": refused,
        "has_more": has_more,
    }  # fmt: skip


def demand_running(campaign: Mapping[str, Any]) -> None:
    if campaign["status"] not in SENT_IN:
        raise CampaignOver(
            f"This campaign is {campaign['status']}.", errors={"status": "Let it run first."}
        )


async def _waiting(
    call: Call, connection: Connection, campaign: Mapping[str, Any], refused: dict[str, int]
) -> tuple[list[UUID], bool]:
    """The next who may be contacted, and whether there are more of them; those before them who may not
    are counted in `refused`, however many they are."""
    bind, found, after = Binder(), list[UUID](), UUID(int=0)
    compiled = compile_after_binding(_waiting_page(campaign, bind))
    while True:
        values = {
            "organisation": call.organisation, "campaign": campaign["id"], "after": after, **bind.values
        }  # fmt: skip
        rows = await connection.fetch(f"{UNUSED} {compiled.sql}", "", *compiled.args(values))
        for row in rows:
            if row["reason"] != ALLOWED:
                refused[row["reason"]] += 1
            elif len(found) == MOST:
                return found, True
            else:
                found.append(row["id"])
        if len(rows) < PAGE:
            return found, False
        after = rows[-1]["id"]


def _waiting_page(campaign: Mapping[str, Any], bind: Binder) -> Select[UUID, str]:
    is_person = MEMBER.c.member_type == literal(CONTACTS.noun, Text)
    person = and_(
        is_person,
        CONTACT.c.organisation_id == MEMBER.c.organisation_id,
        CONTACT.c.id == MEMBER.c.member_id,
    )
    allowed = literal(ALLOWED, Text)
    reason = case((CONTACT.c.id.is_(None), allowed), else_=reason_of(CONTACTS, campaign, bind))
    return (
        select(MEMBER.c.id, reason.label("reason"))
        .select_from(MEMBER.outerjoin(CONTACT, person))
        .where(
            MEMBER.c.organisation_id == bindparam("organisation", type_=Uuid),
            MEMBER.c.campaign_id == bindparam("campaign", type_=Uuid),
            MEMBER.c.member_group == literal("treated", Text),
            MEMBER.c.status == literal("targeted", Text),
            MEMBER.c.deleted_at.is_(None),
            MEMBER.c.id > bindparam("after", type_=Uuid),
        )
        .order_by(MEMBER.c.id)
        .limit(literal_column(str(PAGE)))
    )


async def _held(
    connection: Connection, ids: Sequence[UUID], said: Mapping[UUID, MemberMark]
) -> list[Loaded]:
    """Under their locks."""
    loaded = await load_many(connection, CAMPAIGN_MEMBERS, ids)
    members = [each for each in loaded.values() if each.row["deleted_at"] is None]
    if missing := set(said) - {each.row["member_id"] for each in members}:
        raise UnknownReference(
            f"{min(missing)} is no member of this campaign.",
            errors={"members": f"There is no such member: {min(missing)}."},
        )
    return members


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
    call: Call, connection: Connection, campaign: Mapping[str, Any], members: Sequence[Loaded],
    refused: dict[str, int],
) -> list[Loaded]:  # fmt: skip
    """Without those who said since they were added that they are not to be contacted; `refused` counts
    them."""
    waiting = [each.row for each in members if each.row["status"] == "targeted"]
    reasons = await _reasons(call, connection, campaign, waiting)
    for reason in reasons.values():
        refused[reason] += 1
    return [
        m for m in members if m.row["status"] != "targeted" or m.row["member_id"] not in reasons
    ]


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
