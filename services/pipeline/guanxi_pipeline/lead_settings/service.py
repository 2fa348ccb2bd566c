"""The one record of an organisation: shown with its defaults before anybody has written it."""

from collections.abc import Mapping
from typing import Any, Final

from guanxi_pipeline.lead_settings.resources import LEAD_SETTINGS
from guanxi_pipeline.lead_settings.schemas import LeadSettingsUpdate
from guanxi_pipeline.leads.known import ways_of
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound, Stale
from guanxi_shared.reads import find_record
from guanxi_shared.records import State
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

# One writer at a time: the first write is an insert.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('lead ways ' || $1::text, 0))"
DEFAULTS: Final[Mapping[str, Any]] = {
    "first_response_minutes": None, "disqualify_reasons": [], "is_reason_free": True,
    "max_claimed": None, "is_common_pool_open": False,
}  # fmt: skip


async def get_lead_settings(call: Call) -> State:
    return await only_record(call, LEAD_SETTINGS, DEFAULTS)


async def update_lead_settings(
    call: Call, connection: Connection, data: LeadSettingsUpdate, version: int | None
) -> State:
    changes = data.model_dump(exclude_unset=True)
    return await write_only_record(call, connection, LEAD_SETTINGS, DEFAULTS, changes, version)


async def only_record(call: Call, resource: Resource, defaults: Mapping[str, Any]) -> State:
    """The organisation's record; version 0 with the defaults when it was never written."""
    try:
        return await find_record(call, resource, call.organisation)
    except NotFound:
        return {
            "id": call.organisation, **defaults, "version": 0, "created_at": None, "updated_at": None,
        }  # fmt: skip


async def write_only_record(
    call: Call, connection: Connection, resource: Resource, defaults: Mapping[str, Any],
    changes: Mapping[str, Any], version: int | None,
) -> State:  # fmt: skip
    """The first write makes it; If-Match `"0"` guards that."""
    await connection.execute(LOCK, str(call.organisation))
    ways_of(call.house).forget(call.organisation)
    sql = f"SELECT 1 FROM {resource.table.name} WHERE organisation_id = $1 AND id = $1"
    if await connection.fetchval(sql, call.organisation) is None:
        if version:
            raise Stale("This was never written; read it again.")
        columns = {"organisation_id": call.organisation, "id": call.organisation, **defaults}
        return await records.insert_record(
            connection, resource, columns | dict(changes), actor=call.actor
        )
    loaded = await records.load_record(connection, resource, call.organisation, scope=EVERYTHING)
    await check_version(connection, resource, loaded, version)
    return await records.update_record(connection, resource, loaded, changes, actor=call.actor)
