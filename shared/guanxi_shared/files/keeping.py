"""Bytes of an upload on their way to a row that says where they lie."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Table
from starlette.responses import Response

from guanxi_shared import pages, writes
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Malformed, NotFound, Problem
from guanxi_shared.files import rules
from guanxi_shared.files.receiving import Received, receive_file
from guanxi_shared.files.settings import FileSettings, file_settings
from guanxi_shared.files.storage import key_of, name_of, storage_of
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import new_id
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_shared.reads import Row
from guanxi_shared.records import State, state_bytes

BLOB = "SELECT blob_id, storage FROM {table} WHERE organisation_id = $2 AND id = $3"


@dataclass(slots=True)
class Place:
    """Where the bytes of an upload lie, and whether a row came to say so."""

    blob_id: UUID
    storage: str
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the query of an upload says: the client's own id, a name, and what the service asks for besides."""

    file_id: UUID | None
    name: str | None
    more: tuple[tuple[str, str], ...]


def upload_options(call: Call, also: tuple[str, ...] = ()) -> Asked:
    """`id` and `name` once each; what else there is, `also`, as often as it is sent."""
    pairs = pages.query_pairs(call.request.scope["query_string"])
    unknown = next((name for name, _ in pairs if name not in {"id", "name", *also}), None)
    if unknown is not None:
        raise Malformed(
            f"An upload does not take {unknown!r}.", errors={unknown: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    ids = [id_sent("id", text) for name, text in pairs if name == "id"]
    names = [text for name, text in pairs if name == "name"]
    if len(ids) > 1 or len(names) > 1:
        raise Malformed("id and name are sent once.", errors={"id": "Send it once."})
    more = tuple(pair for pair in pairs if pair[0] in also)
    return Asked(next(iter(ids), None), next(iter(names), None), more)


def id_sent(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed(f"{name} must be a UUID.", errors={name: "Send a UUID."}) from error


Insert = Callable[[Connection, Received, Place, str], Awaitable[State]]
Find = Callable[[UUID], Awaitable[Row]]


async def keep_upload(
    call: Call, asked: Asked, told: object, insert: Insert, find: Find, *, path: str, key: str,
    settings: FileSettings | None = None,
) -> Response:  # fmt: skip
    """The body of the request as a file: the row that `insert` makes of it, once for an Idempotency-Key
    (`told` is what a repeated request has to say as well) and once for a client's own id, whose clash with
    the primary key `key` is answered with what `find` gives. `settings` if others than the service's hold."""
    received = await receive_file(call.request, settings or file_settings(call.house))
    name = rules.file_name(asked.name) if asked.name is not None else received.name
    fingerprint = orjson.dumps([received.sha256, str(asked.file_id), name, told])
    try:
        async with stored_bytes(call, received) as place:

            async def work(connection: Connection) -> Answer:
                state = await insert(connection, received, place, name)
                place.is_used = True
                headers = {"etag": writes.etag_of(state), "location": f"{path}/{state['id']}"}
                return Answer(201, state_bytes(state), headers)

            return await answer_once(call, work, fingerprint_of=fingerprint)
    except asyncpg.UniqueViolationError as error:
        if asked.file_id is None or error.constraint_name != key:
            raise
        return answer_file(await same_file(find, asked.file_id, received, name))
    finally:
        received.path.unlink(missing_ok=True)


@asynccontextmanager
async def stored_bytes(call: Call, received: Received) -> AsyncIterator[Place]:
    """The bytes in their place; gone again when the row was refused or not needed. After any other
    failure nobody knows whether the row is there: then the sweeper decides."""
    settings = file_settings(call.house)
    place = Place(new_id(), name_of(settings))
    storage, key = storage_of(settings, place.storage), key_of(call.organisation, place.blob_id)
    await storage.put(key, received.path)
    try:
        yield place
    except (Problem, asyncpg.IntegrityConstraintViolationError):
        await storage.delete(key)
        raise
    if not place.is_used:
        await storage.delete(key)


def columns_of(call: Call, received: Received, place: Place, asked: Asked, name: str) -> Row:
    """What every row of a file says of its bytes."""
    return {
        "organisation_id": call.organisation, "id": asked.file_id or new_id(), "name": name,
        "content_type": received.content_type, "declared_type": received.declared_type,
        "size": received.size, "sha256": received.sha256, "blob_id": place.blob_id,
        "storage": place.storage,
    }  # fmt: skip


async def same_file(find: Find, file_id: UUID, received: Received, name: str) -> Row:
    """What a repeated upload under the client's own id finds; Conflict when it is another file."""
    conflict = Conflict(
        "A file with this id exists already and differs.",
        errors={"id": "Taken; choose a new id."},
        code="id_taken",
    )
    try:
        row = await find(file_id)
    except NotFound as error:
        raise conflict from error
    if (row["sha256"], row["name"]) != (received.sha256, name):
        raise conflict
    return row


async def blob_place(call: Call, table: Table, file_id: UUID) -> tuple[str, str]:
    """The key and the storage of a file's bytes."""
    sql = BLOB.format(table=table.name)
    row = await call.db.fetchrow(call.organisation, sql, call.organisation, file_id)
    if row is None:
        raise NotFound(f"There is no file with the id {str(file_id)!r}.")
    return key_of(call.organisation, row["blob_id"]), row["storage"]


def answer_file(row: Row) -> Response:
    body = orjson.dumps(row, option=JSON_OPTIONS)
    headers = {"etag": writes.etag_of(row)}
    return Response(body, media_type="application/json", headers=headers)
