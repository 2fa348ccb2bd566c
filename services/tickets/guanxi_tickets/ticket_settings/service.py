"""Use cases of the settings for tickets: shown with their defaults before anybody has written them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.only_record import only_record, write_only_record
from guanxi_shared.records import State
from guanxi_tickets.errors import StateInUse
from guanxi_tickets.ticket_settings import rules
from guanxi_tickets.ticket_settings.known import ways_of
from guanxi_tickets.ticket_settings.resources import TICKET_SETTINGS
from guanxi_tickets.ticket_settings.schemas import TicketSettingsUpdate

DEFAULTS: Final[Mapping[str, Any]] = {
    "states": list(rules.DEFAULT_STATES), "priorities": rules.DEFAULT_PRIORITIES,
    "complaints_need_loop": "no",
    "without_entitlement": "allow", "sends_mail": True,
}  # fmt: skip
PRESENT = "SELECT states::text FROM ticket_settings WHERE organisation_id = $1 AND id = $1"
STANDING = """
SELECT status, count(*) AS many FROM tickets WHERE organisation_id = $1 AND status = ANY($2::text[])
GROUP BY status ORDER BY status
"""


async def get_ticket_settings(call: Call) -> State:
    return await only_record(call, TICKET_SETTINGS, DEFAULTS)


async def update_ticket_settings(
    call: Call, connection: Connection, data: TicketSettingsUpdate, version: int | None
) -> State:
    """Another process goes by the old ones for at most a second."""
    changes = data.model_dump(mode="json", include=data.model_fields_set)
    if "states" in changes:
        rules.demand_usable(changes["states"])
        await _demand_empty(connection, call, changes["states"])
    if "priorities" in changes:
        changes["priorities"] = changes["priorities"] or rules.DEFAULT_PRIORITIES
    state = await write_only_record(call, connection, TICKET_SETTINGS, DEFAULTS, changes, version)
    ways_of(call.house).forget(call.organisation)
    return state


async def _demand_empty(
    connection: Connection, call: Call, states: Sequence[Mapping[str, Any]]
) -> None:
    """Nothing stands in a state that goes, or that would mean something else; deleted tickets may come
    back to theirs."""
    found = await connection.fetchval(PRESENT, call.organisation)
    before = orjson.loads(found or "[]") or rules.DEFAULT_STATES
    gone = rules.without_place(before, states)
    rows = await connection.fetch(STANDING, call.organisation, gone) if gone else []
    if rows:
        named = ", ".join(f"{row['status']} ({row['many']})" for row in rows)
        raise StateInUse(
            f"Tickets stand in: {named}.", errors={"states": "Move those tickets elsewhere first."}
        )
