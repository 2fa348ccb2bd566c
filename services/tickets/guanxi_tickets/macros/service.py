"""Use cases of macros: kept when they mean something; applied as the requests they stand for."""

from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.sharing import load_shared, sharing_columns
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_team, demand_user
from guanxi_tickets.errors import StatusUnknown
from guanxi_tickets.macros.action_rules import ME, TEXTS
from guanxi_tickets.macros.placeholder_rules import parts_of
from guanxi_tickets.macros.resources import MACROS
from guanxi_tickets.macros.schemas import Actions, MacroCreate, MacroUpdate
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.tickets.resources import TICKETS

BY_ID = "SELECT id FROM macros WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
BY_NAME = """
SELECT id FROM macros WHERE organisation_id = $1 AND name = $2::text AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_macro(call: Call, connection: Connection, data: MacroCreate) -> State:
    sent = data.model_dump(exclude_none=True, exclude={"id", "actions"})
    columns = {
        **sent, "id": data.id or new_id(), "organisation_id": call.organisation,
        "owner_id": call.by.user_id, "actions": await _kept(call, connection, data.actions),
        **await sharing_columns(call, connection, MACROS, sent, {}),
    }  # fmt: skip
    return await records.insert_record(connection, MACROS, columns, actor=call.actor)


async def update_macro(
    call: Call, connection: Connection, macro_id: UUID, data: MacroUpdate, version: int | None
) -> State:
    loaded = await load_shared(call, connection, MACROS, macro_id)
    await check_version(connection, MACROS, loaded, version)
    changes = data.model_dump(exclude_unset=True, exclude={"actions"})
    if "actions" in data.model_fields_set:
        changes["actions"] = await _kept(call, connection, data.actions)
    changes |= await sharing_columns(call, connection, MACROS, changes, loaded.row)
    return await records.update_record(connection, MACROS, loaded, changes, actor=call.actor)


async def delete_macro(
    call: Call, connection: Connection, macro_id: UUID, version: int | None
) -> State:
    loaded = await load_shared(call, connection, MACROS, macro_id)
    await check_version(connection, MACROS, loaded, version)
    return await records.delete_record(connection, MACROS, loaded, actor=call.actor)


async def restore_macro(call: Call, connection: Connection, macro_id: UUID) -> State:
    loaded = await load_shared(call, connection, MACROS, macro_id, deleted=True)
    return await records.restore_record(connection, MACROS, loaded, actor=call.actor)


async def find_macros(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The macros that a batch's `match` means (at most a thousand)."""
    if field not in ("id", "name"):
        raise UnknownReference(
            f"Macros cannot be matched by {field!r}.", errors={"match": "Match by id or name."}
        )
    sql = BY_ID if field == "id" else BY_NAME
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]


async def custom_keys(call: Call) -> list[str]:
    return list(await call.house.custom_fields.definitions(call.organisation, TICKETS))


async def _kept(call: Call, connection: Connection | Deferred, actions: Actions) -> dict[str, Any]:
    """The actions as they are stored; everything that they name is there."""
    sent = actions.model_dump(mode="json", exclude_unset=True)
    if not sent:
        raise Invalid("A macro does something.", errors={"actions": "Name something to do."})
    keys = await custom_keys(call)
    for name in TEXTS.keys() & sent.keys():
        parts_of(sent[name], keys, field=f"actions.{name}")
    if "status" in sent:
        ways = await known_ways(call, sent["status"])
        if sent["status"] not in ways.states:
            there = ", ".join(ways.states)
            raise StatusUnknown(
                f"There is no status {sent['status']!r}.",
                errors={"actions.status": f"Choose one of: {there}."},
            )
    if actions.team_id is not None:
        await demand_team(call, connection, actions.team_id, "actions.team_id")
    if actions.assignee_id is not None and actions.assignee_id != ME:
        await demand_user(call, connection, UUID(str(actions.assignee_id)), "actions.assignee_id")
    return sent
