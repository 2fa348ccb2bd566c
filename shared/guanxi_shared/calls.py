"""One request as services see it: the house it came to, who asks, through which channel."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from starlette.requests import Request

from guanxi_shared import logs
from guanxi_shared.asked import Asked
from guanxi_shared.auth import Principal, bearer
from guanxi_shared.db import Database
from guanxi_shared.errors import Malformed, TooLarge, Unauthenticated, UnsupportedMedia
from guanxi_shared.filters import Clock
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Directory, Scope, sight_of

if TYPE_CHECKING:
    from guanxi_shared.auth import Verifier
    from guanxi_shared.custom_fields import CustomFields
    from guanxi_shared.feed.feed import Feed
    from guanxi_shared.settings import Common, ServiceSettings

MAX_JSON_BYTES = 1_048_576
CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,29}")


@dataclass(slots=True)
class House:
    """What a service process holds for its life; made in `create_app`, reached by `house(request)`."""

    name: str
    settings: "ServiceSettings"
    common: "Common"
    db: Database
    directory: Directory
    verifier: "Verifier"
    feed: "Feed"
    custom_fields: "CustomFields"
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it and how, as the log keeps it."""

    id: UUID | None
    kind: str
    channel: str
    request_id: str | None = None
    trace_id: str | None = None


@dataclass(slots=True)
class Call:
    request: Request
    house: House
    by: Principal

    @property
    def organisation(self) -> UUID:
        return self.by.organisation

    @property
    def db(self) -> Database:
        return self.house.db

    @property
    def custom_fields(self) -> "CustomFields":
        return self.house.custom_fields

    @property
    def clock(self) -> Clock:
        return Clock(now=datetime.now(UTC), zone=self.by.zone)

    @property
    def actor(self) -> Actor:
        return Actor(
            id=self.by.user_id,
            kind=self.by.kind,
            channel=channel_of(self.request),
            request_id=logs.request_id.get() or None,
            trace_id=logs.trace_id.get() or None,
        )

    async def scope(self, resource: str) -> Scope:
        return await self.house.directory.scope(self.by, resource)

    async def scope_of(self, resource: Resource) -> Scope:
        return await sight_of(self, self.by, resource)

    async def body(self, *, limit: int = MAX_JSON_BYTES) -> bytes:
        content_type = self.request.headers.get("content-type", "application/json")
        if "json" not in content_type:
            raise UnsupportedMedia("Send application/json.")
        return await read_body(self.request, limit)

    async def json(self, *, limit: int = MAX_JSON_BYTES) -> Any:
        raw = await self.body(limit=limit)
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Malformed(f"The body is not valid JSON: {error}") from error


def channel_of(request: Request) -> str:
    """What a client says it is (`phone`, `import`); `api` for what is not one short word."""
    claimed = request.headers.get("x-guanxi-channel", "")
    return claimed if CHANNEL.fullmatch(claimed) else "api"


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused before it is read when it says that it is too long."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(limit)
    if isinstance(request, Asked):
        if (body := await request.taken(limit)) is None:
            raise _too_large(limit)
        return body
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)
    return b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may hold at most {limit} bytes.")


def house(request: Request) -> House:
    found: House = request.app.state.house
    return found


async def begin(request: Request, permission: str | None) -> Call:
    """Verify the caller, let the directory copy catch up with them, demand the permission."""
    here = house(request)
    by = await here.verifier.verify(bearer(request.headers))
    if permission is not None:
        by.demand(permission)
    logs.organisation_id.set(str(by.organisation_id or ""))
    newest = request.headers.get("x-directory-version")
    version = int(newest) if newest and newest.isdecimal() else by.directory_version
    if version and by.organisation_id is not None:
        await here.directory.wait_for(by.organisation_id, version)
    return Call(request, here, by)


async def begin_internal(request: Request) -> Principal:
    """A peer service's call; a person's token is refused whatever it permits."""
    by = await house(request).verifier.verify(bearer(request.headers))
    if by.kind != "service":
        raise Unauthenticated("Only services of the suite may call this.")
    return by
