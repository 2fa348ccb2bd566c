"""`?on_duplicate=` of a create: say nothing, tell how many there are, or refuse."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from guanxi_contacts.duplicates.service import duplicates_of_create, refuse_duplicates
from guanxi_contacts.query_words import word_in
from guanxi_shared import writes
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.documents import query_parameter
from guanxi_shared.records import State
from guanxi_shared.resources import Resource

POLICIES = ("ignore", "report", "refuse")
ON_DUPLICATE = query_parameter(
    "on_duplicate", "string",
    "What to do about records that are likely the same: ignore (the default), report their number in"
    " X-Duplicate-Count, or refuse with 409 and the candidates.",
    enum=list(POLICIES),
)  # fmt: skip
COUNT_HEADER = "x-duplicate-count"

Create = Callable[[Call, Any, Any], Awaitable[State]]


async def create_unless_duplicate(
    call: Call, resource: Resource, model: type[BaseModel], create: Create, *, path: str
) -> Response:
    """A create with what the caller wants done about duplicates. Without the parameter nothing is
    looked up and the create stays one statement."""
    policy = word_in(call, "on_duplicate", POLICIES)
    if policy == "ignore":
        return await writes.create(call, resource, model, create, path=path)
    headers: dict[str, str] = {}

    async def looking_first(call: Call, connection: Connection | Deferred, data: Any) -> State:
        found = await duplicates_of_create(call, connection, resource, data)
        if policy == "refuse":
            refuse_duplicates(resource, found)
        state = await create(call, connection, data)
        headers[COUNT_HEADER] = str(len(found))
        if found:
            headers["link"] = f'<{path}/{state["id"]}/duplicates>; rel="duplicates"'
        return state

    return await writes.create(call, resource, model, looking_first, path=path, headers=headers)
