"""The HTTP side of a write: body to model, If-Match, one transaction, record and ETag back."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json  # takes integers beyond 64 bits, which orjson refuses
from starlette.responses import Response

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import AlreadyClaimed, Deferred, Outrun
from guanxi_shared.errors import (
    Conflict,
    Malformed,
    NotFound,
    PreconditionRequired,
    Stale,
    from_validation,
)
from guanxi_shared.idempotency import Answer, answer_once, claim_of, replay
from guanxi_shared.reads import find_record
from guanxi_shared.records import Loaded, State, is_same_create, state_bytes
from guanxi_shared.resources import Resource

Model = TypeVar("Model", bound=BaseModel)

CHANGED_SINCE = """
SELECT coalesce(array_agg(DISTINCT field), '{}') FROM events, unnest(changed) AS field
WHERE organisation_id = $1 AND subject_id = $2 AND subject_type = $3 AND version > $4
"""


def parse(model: type[Model], raw: bytes) -> Model:
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise from_validation(error, model) from error


def parse_object(model: type[Model], value: Any) -> Model:
    """The same for a part of a larger document, e.g. one operation of a batch."""
    try:
        return model.model_validate_json(to_json(value), strict=True)
    except ValidationError as error:
        raise from_validation(error, model) from error


async def create(
    call: Call,
    resource: Resource,
    model: type[Model],
    work: Callable[[Call, Any, Model], Awaitable[State]],
    *,
    path: str,
    named_by: str = "id",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """201 with the record; a client's own id that exists: identical 200, else 409.

    Its Location is `{path}/{the field named_by}`; `headers` are more of the answer's, which `work`
    may fill, if it asks the database something first.
    """
    raw = await call.body()
    data = parse(model, raw)
    claim = claim_of(call, raw)

    def answer_of(state: State, body: bytes) -> Answer:
        own = {"etag": etag_of(state), "location": f"{path}/{state[named_by]}"}
        return Answer(201, body, {**own, **(headers or {})})

    try:
        async with Deferred(call.db, call.organisation, answer=answer_of, claim=claim) as deferred:
            state = await work(call, deferred, data)
            answer = deferred.kept or answer_of(state, state_bytes(state))
            await deferred.keep(answer)
        return answer.response()
    except AlreadyClaimed:
        assert claim is not None
        return await replay(call, claim)
    except asyncpg.UniqueViolationError as error:
        given = getattr(data, "id", None)
        if given is None or not str(error.constraint_name).startswith("pk_"):
            raise
        return await _same_or_conflict(call, resource, given, data)


async def _same_or_conflict(
    call: Call, resource: Resource, given: UUID, data: BaseModel
) -> Response:
    wanted = data.model_dump(mode="json", exclude_unset=True)
    conflict = Conflict(
        f"A {resource.noun} with this id exists already and differs.",
        errors={"id": "Taken; choose a new id, or update the record."},
        code="id_taken",
    )
    try:
        existing = await find_record(call, resource, given)
    except NotFound as error:  # taken by a record the caller may not see, or a deleted one
        raise conflict from error
    if not is_same_create(existing, wanted):
        raise conflict
    body = orjson.dumps(existing, option=orjson.OPT_UTC_Z)
    return Answer(200, body, {"etag": etag_of(existing)}).response()


def etag_of(state: State) -> str:
    return f'"{state["version"]}"'


def wanted_version(call: Call, *, is_required: bool = False) -> int | None:
    """The version that If-Match names; None without the header or with `*`."""
    header = call.request.headers.get("if-match")
    if header is None:
        if is_required:
            raise PreconditionRequired()
        return None
    if header.strip() == "*":
        return None
    if header.startswith("W/"):
        raise Malformed(
            "Weak ETags cannot guard a write; send the ETag as you got it.", code="weak_etag"
        )
    text = header.strip().strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Malformed("If-Match must be the ETag of the record.", code="bad_etag")
    return int(text)


async def check_version(
    connection: Connection, resource: Resource, loaded: Loaded, version: int | None
) -> None:
    """Stale (412) with the current record and what changed since, unless the versions agree."""
    if version is None or version == loaded.version:
        return
    organisation = loaded.row["organisation_id"]
    differing = await connection.fetchval(
        CHANGED_SINCE, organisation, loaded.id, resource.noun, version
    )
    current = resource.state(loaded.row, loaded.computed)
    raise Stale(
        f"This {resource.noun} is at version {loaded.version}, not {version}; read it again.",
        headers={"ETag": etag_of(current)},
        current=orjson.Fragment(state_bytes(current)),
        differs=sorted(differing),
    )


async def update(
    call: Call,
    model: type[Model],
    work: Callable[[Any, Model], Awaitable[State]],
) -> Response:
    """`PATCH` by merge patch (RFC 7396): only what is sent changes.

    Tried without a lock first; who is outrun by another write does it once more under the lock.
    """
    data = parse(model, await call.body())
    try:
        async with Deferred(call.db, call.organisation) as deferred:
            state = await work(deferred, data)
    except Outrun:
        async with call.db.transaction(call.organisation) as connection:
            state = await work(connection, data)
    return Answer(200, state_bytes(state), {"etag": etag_of(state)}).response()


async def act(
    call: Call, work: Callable[[Connection], Awaitable[State]], *, raw: bytes | None = None
) -> Response:
    """Delete, restore and the domain's own verbs: 200 with the record as it is now. `raw` is the body
    of a verb that has read it (a body can be read once)."""
    if raw is None:
        raw = await call.body() if call.request.method == "POST" else b""

    async def write(connection: Connection) -> Answer:
        state = await work(connection)
        return Answer(200, state_bytes(state), {"etag": etag_of(state)})

    return await answer_once(call, write, fingerprint_of=raw)
