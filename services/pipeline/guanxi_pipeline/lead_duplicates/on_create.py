"""The answer to a create with what may be the same already: a hint, asked after the lead is kept."""

from typing import Any

import orjson
from starlette.responses import Response

from guanxi_pipeline.lead_duplicates.schemas import LeadMade
from guanxi_pipeline.lead_duplicates.service import find_duplicates
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.schemas import LeadCreate
from guanxi_shared import documents
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed

CHECKED = documents.query_parameter(
    "check_duplicates", "string", "false: nobody looks, and the answer does not wait for it.",
    enum=["true", "false"],
)  # fmt: skip


def documented() -> dict[str, Any]:
    found = documents.creates(LEADS, LeadCreate, parameters=[CHECKED])
    return found | {"response_model": LeadMade}


def is_checked(call: Call) -> bool:
    """Malformed for another word."""
    word = call.request.query_params.get("check_duplicates", "true")
    if word not in ("true", "false"):
        raise Malformed(
            "check_duplicates is true or false.",
            errors={"check_duplicates": "Send true or false."}, code="bad_value",
        )  # fmt: skip
    return word == "true"


async def with_duplicates(call: Call, made: Response) -> Response:
    """Added behind the answer that is kept for repetition: a repeated request may find others."""
    if made.status_code >= 400:  # what an earlier request made was erased since
        return made
    lead = orjson.loads(bytes(made.body))
    lead["duplicates"] = await find_duplicates(call, lead) if is_checked(call) else None
    headers = {k: v for k, v in made.headers.items() if k.lower() != "content-length"}
    return Response(orjson.dumps(lead), made.status_code, headers)
