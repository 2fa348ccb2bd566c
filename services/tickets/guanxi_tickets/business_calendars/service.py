"""Use cases of business calendars: make, change, put away."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_tickets.business_calendars.resources import CALENDARS
from guanxi_tickets.business_calendars.schemas import CalendarCreate, CalendarUpdate
from guanxi_tickets.sla.hours_rules import calendar_from
from guanxi_tickets.sla_policies.known import policies_of

PARTS: Final = ("name", "time_zone", "always", "hours", "holidays", "exceptional_days")
USED = """
SELECT name FROM sla_policies WHERE organisation_id = $1 AND calendar_id = $2 AND deleted_at IS NULL
ORDER BY name LIMIT 1
"""


def document_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `calendar_from` reads, of a stored or shown calendar."""
    return {name: row[name] for name in PARTS}


async def create_calendar(call: Call, connection: Connection, data: CalendarCreate) -> State:
    columns = data.model_dump(mode="json", by_alias=True, exclude={"id"})
    calendar_from(document_of(columns))
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id()}
    return await records.insert_record(connection, CALENDARS, columns, actor=call.actor)


async def update_calendar(
    call: Call, connection: Connection, calendar_id: UUID, data: CalendarUpdate,
    version: int | None,
) -> State:  # fmt: skip
    loaded = await _load(connection, calendar_id)
    await check_version(connection, CALENDARS, loaded, version)
    changes = data.model_dump(mode="json", by_alias=True, include=data.model_fields_set)
    calendar_from(document_of({**loaded.row, **changes}))
    state = await records.update_record(connection, CALENDARS, loaded, changes, actor=call.actor)
    policies_of(call.house).forget(call.organisation)
    return state


async def delete_calendar(
    call: Call, connection: Connection, calendar_id: UUID, version: int | None
) -> State:
    loaded = await _load(connection, calendar_id)
    await check_version(connection, CALENDARS, loaded, version)
    user = await connection.fetchval(USED, call.organisation, calendar_id)
    if user is not None:
        raise Conflict(f"The policy {user} goes by this calendar.", code="calendar_in_use")
    return await records.delete_record(connection, CALENDARS, loaded, actor=call.actor)


async def _load(connection: Connection, calendar_id: UUID) -> Loaded:
    return await records.load_record(connection, CALENDARS, calendar_id, scope=EVERYTHING)
