"""The one record that an organisation has of a kind: its settings, shown with their defaults before
anybody has written them. The record bears the organisation's id."""

from collections.abc import Mapping
from typing import Any

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
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('only record ' || $1::text, 0))"


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
