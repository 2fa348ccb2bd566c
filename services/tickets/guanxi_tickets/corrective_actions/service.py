"""Use cases of corrective actions: planned, done, checked for their effect."""

from datetime import UTC, datetime
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_user
from guanxi_tickets.complaints.rounds import belongs
from guanxi_tickets.complaints.service import current_round
from guanxi_tickets.corrective_actions.resources import ACTIONS
from guanxi_tickets.corrective_actions.schemas import ActionCheck, ActionCreate, ActionUpdate
from guanxi_tickets.errors import ActionNotNow
from guanxi_tickets.tickets.service import load_ticket

Place = tuple[UUID, UUID]  # the ticket and the action


async def plan_action(
    call: Call, connection: Connection, ticket_id: UUID, data: ActionCreate
) -> State:
    """It may outlive the complaint, and be planned after it was solved."""
    ticket, last = await current_round(call, connection, ticket_id)
    if data.responsible_id is not None:
        await demand_user(call, connection, data.responsible_id, "responsible_id")
    columns = {
        **data.model_dump(), "organisation_id": call.organisation, "id": data.id or new_id(),
        "ticket_id": ticket_id, "round_id": last.id, "status": "open",
        "owner_id": ticket.row["owner_id"], "team_id": ticket.row["team_id"],
    }  # fmt: skip
    return await records.insert_record(
        connection, ACTIONS, columns, actor=call.actor, verb="planned"
    )


async def update_action(
    call: Call, connection: Connection, place: Place, data: ActionUpdate, version: int | None
) -> State:
    action = await _load(call, connection, place, version, status="open")
    changes = data.model_dump(exclude_unset=True)
    if changes.get("responsible_id") is not None:
        await demand_user(call, connection, changes["responsible_id"], "responsible_id")
    return await records.update_record(connection, ACTIONS, action, changes, actor=call.actor)


async def finish_action(
    call: Call, connection: Connection, place: Place, version: int | None
) -> State:
    action = await _load(call, connection, place, version, status="open")
    changes = {"status": "done", "done_at": datetime.now(UTC), "done_by": call.by.user_id}
    return await records.update_record(
        connection, ACTIONS, action, changes, actor=call.actor, verb="done"
    )


async def check_action(
    call: Call, connection: Connection, place: Place, data: ActionCheck, version: int | None
) -> State:
    """Of one that is done; a later check takes the place of an earlier one, which the log keeps."""
    action = await _load(call, connection, place, version, status="done")
    changes = {
        "effect": data.effect, "effect_note": data.note, "checked_at": datetime.now(UTC),
        "checked_by": call.by.user_id,
    }  # fmt: skip
    return await records.update_record(
        connection, ACTIONS, action, changes, actor=call.actor, verb="checked"
    )


async def drop_action(
    call: Call, connection: Connection, place: Place, version: int | None
) -> State:
    action = await _load(call, connection, place, version, status="open")
    return await records.delete_record(connection, ACTIONS, action, actor=call.actor)


async def _load(
    call: Call, connection: Connection, place: Place, version: int | None, *, status: str
) -> Loaded:
    """Who sees its ticket, or the one that this was merged into, sees it; ActionNotNow unless it stands
    where that can be said."""
    call.by.demand(ACTIONS.permission("read"))
    ticket_id, action_id = place
    await load_ticket(call, connection, ticket_id)
    action = await records.load_record(connection, ACTIONS, action_id, scope=EVERYTHING)
    if not await belongs(connection, call.organisation, action.row["ticket_id"], ticket_id):
        raise NotFound(f"There is no corrective_action with the id {str(action_id)!r}.")
    await check_version(connection, ACTIONS, action, version)
    if action.row["status"] != status:
        raise ActionNotNow(f"This action is {action.row['status']}.")
    return action
