"""The answer to a create with what may be the same already: a hint, asked after the lead is kept."""

from typing import Any

import orjson
from starlette.responses import Response

from guanxi_pipeline.lead_duplicates.schemas import LeadMade
from guanxi_pipeline.lead_duplicates.service import find_duplicates
from guanxi_shared.calls import Call

WITH_DUPLICATES: dict[str, Any] = {"response_model": LeadMade}


async def with_duplicates(call: Call, made: Response) -> Response:
    """Added behind the answer that is kept for repetition: a repeated request may find others."""
    if made.status_code not in (200, 201):
        return made
    lead = orjson.loads(bytes(made.body))
    lead["duplicates"] = await find_duplicates(call, lead)
    headers = {k: v for k, v in made.headers.items() if k.lower() != "content-length"}
    return Response(orjson.dumps(lead), made.status_code, headers)
