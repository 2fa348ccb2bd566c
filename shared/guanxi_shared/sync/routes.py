"""What the gateway's `/v1/sync` asks a service, in the name of the person with the phone."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared.calls import Call, begin
from guanxi_shared.errors import Malformed
from guanxi_shared.sync.cells import as_id
from guanxi_shared.sync.pulling import Question, Standing, pull
from guanxi_shared.sync.pushing import apply, check
from guanxi_shared.sync.sights import Choice
from guanxi_shared.sync.tables import SyncTable
from guanxi_shared.writes import parse

PATH = "/internal/sync"
MOST_BYTES = 64 << 20


class Asked(BaseModel):
    """`standing` is what this service said last, as the phone's cursor kept it."""

    model_config = ConfigDict(extra="forbid")

    standing: dict[str, Any] | None = None
    whose: Literal["mine", "team", "all"] = "all"
    days: int | None = None
    device_id: str | None = None
    again: dict[str, list[str]] = Field(default_factory=dict)
    gone: dict[str, list[str]] = Field(default_factory=dict)
    tables: list[str] = Field(default_factory=list)
    columns: dict[str, list[str]] = Field(default_factory=dict)
    changes: dict[str, dict[str, list[Any]]] = Field(default_factory=dict)

    def question(self) -> Question:
        try:
            standing = Standing.from_json(self.standing)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            sentence = "This is no standing of ours."
            raise Malformed(sentence, errors={"standing": sentence}) from error
        return Question(
            standing,
            Choice(self.whose, self.days),
            self.device_id,
            {name: _ids(ids) for name, ids in self.again.items()},
            {name: _ids(ids) for name, ids in self.gone.items()},
            frozenset(self.tables),
            self.columns,
        )


def _ids(texts: list[str]) -> list[UUID]:
    return [found for text in texts if (found := as_id(text)) is not None]


Push = Callable[[Call, tuple[SyncTable, ...], Question, Any], Awaitable[Mapping[str, Any]]]


def sync_router(*tables: SyncTable) -> APIRouter:
    """The tables in the order in which a push writes them: what is named before what names it."""
    router = APIRouter(include_in_schema=False)

    @router.post(f"{PATH}/changes")
    async def changes(request: Request) -> Response:
        call = await begin(request, "sync:read")
        asked = parse(Asked, await call.body(limit=MOST_BYTES))
        return _answer(await pull(call, tables, asked.question()))

    @router.post(f"{PATH}/check")
    async def check_part(request: Request) -> Response:
        return await _push(request, check)

    @router.post(f"{PATH}/apply")
    async def apply_part(request: Request) -> Response:
        return await _push(request, apply)

    async def _push(request: Request, push: Push) -> Response:
        call = await begin(request, "sync:create")
        asked = parse(Asked, await call.body(limit=MOST_BYTES))
        return _answer(await push(call, tables, asked.question(), asked.changes))

    return router


def _answer(found: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(found), media_type="application/json")
