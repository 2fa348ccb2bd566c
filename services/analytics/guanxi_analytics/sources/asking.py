"""A job of the whole organisation, one at a time."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson
from starlette.responses import Response

from guanxi_shared.calls import Call
from guanxi_shared.errors import Conflict
from guanxi_shared.job_routes import shown
from guanxi_shared.jobs import create_job, read_job

RUNNING: Final = """
SELECT id FROM jobs WHERE organisation_id = $1 AND kind = $2 AND status IN ('queued', 'running') LIMIT 1
"""
ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1 || $2, 0))"


async def ask_for_job(
    call: Call, kind: str, params: Mapping[str, Any] = MappingProxyType({})
) -> Response:
    """202 with the job; Conflict names the one that is under way."""
    async with call.db.transaction(call.organisation) as connection:
        await connection.execute(ALONE, kind, str(call.organisation))
        under_way = await connection.fetchval(RUNNING, call.organisation, kind)
        if under_way is not None:
            raise Conflict(f"That is under way already: /v1/jobs/{under_way}.", code="under_way")
        made = await create_job(
            connection,
            call.organisation,
            kind=kind,
            params=dict(params),
            created_by=call.by.user_id,
        )
        job = shown(await read_job(connection, call.organisation, made))
    body = orjson.dumps(job, option=orjson.OPT_UTC_Z, default=str)
    location = {"location": f"/v1/jobs/{made}"}
    return Response(body, 202, location, media_type="application/json")
