"""Where a merged record went: the end of the chain of merges, for those who may see it."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.resources import Resource

SURVIVOR = """
WITH RECURSIVE way (id, merged_into_id, place) AS (
    SELECT id, merged_into_id, 0 FROM {table}
    WHERE organisation_id = $2 AND id = $3 AND merged_into_id IS NOT NULL
    UNION ALL SELECT t.id, t.merged_into_id, way.place + 1
    FROM {table} AS t JOIN way ON t.id = way.merged_into_id WHERE t.organisation_id = $2
) SELECT t.id, t.owner_id, t.team_id FROM {table} AS t JOIN way ON way.id = t.id
WHERE t.organisation_id = $2 AND way.merged_into_id IS NULL AND t.deleted_at IS NULL
"""
MOVED: dict[int | str, Any] = {
    308: {
        "description": "It was merged into the record at Location.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "The survivor."}},
    }
}


async def get_or_redirect(call: Call, resource: Resource, id_text: str) -> Response:
    """The record, or 308 to the one that it was merged into."""
    try:
        return await reads.get_record(call, resource, id_text)
    except NotFound:
        survivor = await _survivor_of(call, resource, id_in_path(id_text))
        if survivor is None:
            raise
    return Response(status_code=308, headers={"location": f"/v1/{resource.name}/{survivor}"})


async def _survivor_of(call: Call, resource: Resource, record_id: UUID) -> UUID | None:
    sql = SURVIVOR.format(table=resource.table.name)
    row = await call.db.fetchrow(call.organisation, sql, call.organisation, record_id)
    if row is None:
        return None
    scope = await call.scope(resource.name)
    is_seen = scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
    return row["id"] if is_seen else None
