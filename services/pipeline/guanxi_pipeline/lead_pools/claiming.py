"""Leads out of the pools and back: two who want one at the same instant never both get it.

A lead is held by its row lock from the look to the write, so the second claim waits and then finds an
owner. The claims of one person take turns, so that no limit is passed by being quick.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from guanxi_pipeline.errors import AlreadyClaimed, NotOwned
from guanxi_pipeline.lead_pools.pooled import POOLED, Membership, membership_of
from guanxi_pipeline.lead_pools.room import demand_room, take_turns
from guanxi_pipeline.lead_pools.schemas import ClaimNext
from guanxi_pipeline.leads.resources import LEAD, LEADS
from guanxi_pipeline.leads.rules import OPEN_STATUSES, demand_open, owned, unowned
from guanxi_pipeline.leads.service import demand_unbusy, load_lead
from guanxi_pipeline.leads.writing import write_lead
from guanxi_shared import filters, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, NotFound
from guanxi_shared.filters import Binder
from guanxi_shared.records import Loaded, State
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import EVERYTHING


async def claim_lead(call: Call, connection: Connection, lead_id: UUID) -> State:
    """One lead of a pool becomes the caller's. Claiming what one holds already changes nothing."""
    user = _person(call)
    await take_turns(call, connection, user)
    member = await membership_of(call)
    loaded = await records.load_record(connection, LEADS, lead_id, scope=EVERYTHING)
    if loaded.row["owner_id"] == user:
        return LEADS.state(loaded.row, {})
    await _demand_waiting(call, loaded, member)
    demand_unbusy(loaded)
    await demand_room(call, connection, user)
    return await _take(call, connection, loaded, user)


async def claim_next_lead(call: Call, connection: Connection, data: ClaimNext) -> State:
    """The best of the caller's pools that nobody else holds at this moment: the highest score, then
    the longest wait."""
    user = _person(call)
    await take_turns(call, connection, user)
    await demand_room(call, connection, user)
    lead_id = await _next(call, connection, await membership_of(call), data)
    if lead_id is None:
        raise NotFound("No lead waits for you.", code="pool_empty")
    loaded = await records.load_record(connection, LEADS, lead_id, scope=EVERYTHING)
    return await _take(call, connection, loaded, user)


async def release_lead(call: Call, connection: Connection, lead_id: UUID) -> State:
    """Back into the pool of its team, or the common one."""
    loaded = await load_lead(call, connection, lead_id)
    demand_unbusy(loaded)
    demand_open(loaded.row)
    if loaded.row["owner_id"] is None:
        raise NotOwned("Nobody owns this lead; it waits already.")
    return await write_lead(call, connection, loaded, unowned(), verb="released")


async def _take(call: Call, connection: Connection, loaded: Loaded, user: UUID) -> State:
    now = datetime.now(UTC)
    changes = owned(user, now) | {"claimed_at": now}
    about = {"pool": {"team_id": loaded.row["team_id"] and str(loaded.row["team_id"])}}
    return await write_lead(call, connection, loaded, changes, verb="assigned", more=about)


async def _next(
    call: Call, connection: Connection, member: Membership, data: ClaimNext
) -> UUID | None:
    document = data.model_dump(mode="json")["filter_groups"]
    groups = filters.groups_from_document(document, POOLED.fields, call.clock)
    bind = Binder()
    waiting, asked = member.waiting(bind), filters.compile_groups(groups, bind)
    found = select(LEAD.c.id).where(
        LEAD.c.organisation_id == bindparam("organisation", type_=Uuid), waiting,
        LEAD.c.conversion_id.is_(None),
    )  # fmt: skip
    if asked is not None:
        found = found.where(asked)
    found = found.order_by(LEAD.c.score.desc().nulls_last(), LEAD.c.created_at, LEAD.c.id).limit(1)
    compiled = compile_after_binding(found.with_for_update(key_share=True, skip_locked=True))
    values: dict[str, Any] = {"organisation": call.organisation, **bind.values}
    # The connection is bound already; $1 is unused by the text and keeps the numbering shared.
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({compiled.sql}) AS found"
    lead_id: UUID | None = await connection.fetchval(sql, "", *compiled.args(values))
    return lead_id


async def _demand_waiting(call: Call, loaded: Loaded, member: Membership) -> None:
    """Whoever may look into its pool has seen it there: that it is gone tells nothing new. To all
    others it does not exist."""
    row, scope = loaded.row, await call.scope(LEADS.name)
    is_pooled = member.covers(row["team_id"]) and row["status"] in OPEN_STATUSES
    if is_pooled and row["owner_id"] is None:
        return
    was_pooled = is_pooled and row["claimed_at"] is not None
    if was_pooled or scope.covers(id=loaded.id, owner_id=row["owner_id"], team_id=row["team_id"]):
        raise AlreadyClaimed(f"The lead {str(loaded.id)!r} is in no pool any more.")
    raise NotFound(f"There is no lead with the id {str(loaded.id)!r}.")


def _person(call: Call) -> UUID:
    """Who claims; a service is nobody who could hold a lead."""
    if call.by.user_id is None:
        raise Forbidden("This token names no person.")
    return call.by.user_id
