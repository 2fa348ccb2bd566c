"""Use cases of uploads that may break off: begin one, go on with it, make the file of it, give it up."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, NotFound, Problem, TooMany
from guanxi_shared.files.keeping import Asked, same_file, stored_bytes
from guanxi_shared.files.receiving import Received, received_whole
from guanxi_shared.files.resuming import Writing, writing_to
from guanxi_shared.files.storage import UNFINISHED, key_of
from guanxi_shared.files.tus_rules import Checksum
from guanxi_shared.identifiers import new_id
from guanxi_shared.tus.kinds import Announced, Row, Uploads
from guanxi_shared.tus.settings import upload_settings

MOST_OPEN: Final = 500  # of one sender

COLUMNS: Final = """
id, blob_id, name, declared_type, sha256, links::text AS links, length, received, expires_at, completed_at
"""
FIND: Final = f"""
SELECT {COLUMNS} FROM uploads
WHERE organisation_id = $2 AND id = $3 AND owner_id = $4 AND expires_at > now()
"""
STANDING: Final = f"""
SELECT {COLUMNS}, owner_id, expires_at <= now() AS is_over FROM uploads
WHERE organisation_id = $1 AND id = $2 FOR UPDATE
"""
OPEN: Final = """
SELECT count(*) FROM uploads WHERE organisation_id = $1 AND owner_id = $2 AND completed_at IS NULL
  AND expires_at > now()
"""
ADD: Final = f"""
INSERT INTO uploads (organisation_id, id, owner_id, blob_id, name, declared_type, sha256, links, length,
  received, completed_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::bigint, CASE WHEN $10 THEN $9::bigint ELSE 0 END,
  CASE WHEN $10 THEN clock_timestamp() END, clock_timestamp() + make_interval(hours => $11))
ON CONFLICT DO NOTHING RETURNING {COLUMNS}
"""
ADVANCE: Final = f"""
UPDATE uploads SET received = $4, expires_at = clock_timestamp() + make_interval(hours => $5)
WHERE organisation_id = $1 AND id = $2 AND blob_id = $3 AND completed_at IS NULL RETURNING {COLUMNS}
"""
COMPLETE: Final = """
UPDATE uploads SET completed_at = clock_timestamp() WHERE organisation_id = $1 AND id = $2 AND blob_id = $3
RETURNING id
"""
DROP: Final = "DELETE FROM uploads WHERE organisation_id = $1 AND id = $2 AND blob_id = $3"


class WrongOffset(Conflict):
    code, title = "wrong_offset", "The upload stands elsewhere"


def user_of(call: Call) -> UUID:
    if call.by.user_id is None:
        raise NotFound("Uploads are people's.")
    return call.by.user_id


async def begin_upload(
    call: Call, uploads: Uploads, connection: Connection, announced: Announced
) -> Row:
    """A new one; the one that is there already when everything said of it is the same."""
    await uploads.check(call, connection, announced.links)
    upload_id = announced.id or new_id()
    standing = await connection.fetchrow(STANDING, call.organisation, upload_id)
    if standing is not None and not standing["is_over"]:
        return _same(call, dict(standing), announced)
    if standing is not None:
        await connection.execute(DROP, call.organisation, upload_id, standing["blob_id"])
    is_there = announced.id is not None and await _is_there(call, uploads, announced.id, announced)
    await _refuse_too_many(call, connection)
    added = await connection.fetchrow(
        ADD, call.organisation, upload_id, user_of(call), new_id(), announced.name, announced.declared_type,
        announced.sha256, orjson.dumps(announced.links).decode(), announced.length, is_there,
        upload_settings(call).uploads_kept_hours,
    )  # fmt: skip
    if added is None:  # by the same request, sent twice at once
        standing = await connection.fetchrow(STANDING, call.organisation, upload_id)
        if standing is None:
            raise _taken()
        return _same(call, dict(standing), announced)
    return dict(added)


async def find_upload(call: Call, upload_id: UUID) -> Row:
    """NotFound for those of others, and for what was given up or has run out."""
    row = await call.db.fetchrow(
        call.organisation, FIND, call.organisation, upload_id, user_of(call)
    )
    if row is None:
        raise NotFound(f"There is no upload with the id {str(upload_id)!r}.")
    return dict(row)


async def look_up(call: Call, uploads: Uploads, upload_id: UUID) -> Row:
    """As it stands. One whose bytes are all here, and no file of them (the process died in between, or had
    none to receive), becomes its file now."""
    row = await find_upload(call, upload_id)
    if row["completed_at"] is not None or row["received"] < row["length"]:
        return row
    async with writing_to(path_of(call, row)) as writing:
        row = await _standing(call, upload_id, writing)
        if row["received"] == row["length"]:
            await _finish(call, uploads, row)
    return row


async def append(
    call: Call, uploads: Uploads, upload_id: UUID, pieces: AsyncIterator[bytes],
    offset: int, checksum: Checksum | None,
) -> Row:  # fmt: skip
    """What comes, from `offset` on, which must be where the upload stands; the file, once all of it is here."""
    row = await find_upload(call, upload_id)
    if row["completed_at"] is not None:
        _demand_offset(row, offset)
        return row
    async with writing_to(path_of(call, row)) as writing:
        row = await _standing(call, upload_id, writing)
        _demand_offset(row, offset)
        told = dict(row)

        async def tell(at: int) -> None:
            told.update(await _advance(call, told, at))

        if row["received"] < row["length"]:
            await writing.append(pieces, offset, row["length"], checksum, tell)
        if told["received"] == told["length"] and told["completed_at"] is None:
            await _finish(call, uploads, told)
    return told


async def give_up(call: Call, upload_id: UUID) -> None:
    """What is here of it goes; the file that it became stays."""
    row = await find_upload(call, upload_id)
    await _drop(call, row)


def path_of(call: Call, row: Row) -> Path:
    return upload_settings(call).files_dir / UNFINISHED / key_of(call.organisation, row["blob_id"])


async def _standing(call: Call, upload_id: UUID, writing: Writing) -> Row:
    """Read once more, now that nobody else writes; never more than the disk holds."""
    row = await find_upload(call, upload_id)
    if row["completed_at"] is None and writing.size < row["received"]:
        return await _advance(call, row, writing.size)
    return row


async def _advance(call: Call, row: Row, at: int) -> Row:
    async with call.db.transaction(call.organisation) as connection:
        moved = await connection.fetchrow(
            ADVANCE, call.organisation, row["id"], row["blob_id"], at, upload_settings(call).uploads_kept_hours
        )  # fmt: skip
    if moved is None:  # given up, or erased, meanwhile
        await asyncio.to_thread(path_of(call, row).unlink, missing_ok=True)
        raise NotFound(f"There is no upload with the id {str(row['id'])!r} any more.")
    return dict(moved)


async def _finish(call: Call, uploads: Uploads, row: Row) -> None:
    """The very file that an upload in one piece makes. What a rule refuses is dropped; after any other
    failure everything is as before, and the next request tries again."""
    path = path_of(call, row)
    whole = upload_settings(call).files_dir / "incoming" / f"{new_id()}.part"
    await asyncio.to_thread(_linked, path, whole)
    try:
        received = await received_whole(
            whole, row["name"], row["declared_type"], row["sha256"], upload_settings(call)
        )
        await _keep(call, uploads, row, received)
    except Problem as problem:
        if problem.status < 500:
            await _drop(call, row)
        raise
    finally:
        whole.unlink(missing_ok=True)
    await asyncio.to_thread(path.unlink, missing_ok=True)


async def _keep(call: Call, uploads: Uploads, row: Row, received: Received) -> None:
    asked = Asked(row["id"], row["name"], ())
    links = orjson.loads(row["links"])
    try:
        async with stored_bytes(call, received) as place:
            async with call.db.transaction(call.organisation) as connection:
                await _complete(call, connection, row)
                await uploads.insert(call, connection, received, place, asked, row["name"], links)
            place.is_used = True
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name not in uploads.keys:
            raise
        await same_file(
            lambda file_id: uploads.find(call, file_id, links), row["id"], received, row["name"]
        )
        async with call.db.transaction(call.organisation) as connection:
            await _complete(call, connection, row)


async def _complete(call: Call, connection: Connection, row: Row) -> None:
    if not await connection.fetchval(COMPLETE, call.organisation, row["id"], row["blob_id"]):
        raise NotFound(f"There is no upload with the id {str(row['id'])!r} any more.")


async def _drop(call: Call, row: Row) -> None:
    async with call.db.transaction(call.organisation) as connection:
        await connection.execute(DROP, call.organisation, row["id"], row["blob_id"])
    await asyncio.to_thread(path_of(call, row).unlink, missing_ok=True)


async def _is_there(call: Call, uploads: Uploads, file_id: UUID, announced: Announced) -> bool:
    """Whether the file itself is there, as far as that can be told before its bytes are; Conflict when it is
    another one."""
    try:
        row = await uploads.find(call, file_id, announced.links)
    except NotFound:
        return False  # or one that the sender does not see: told once the bytes are here
    if (row["size"], row["name"]) != (announced.length, announced.name):
        raise _taken()
    if announced.sha256 is None:
        return False
    if row["sha256"] != announced.sha256:
        raise _taken()
    return True


async def _refuse_too_many(call: Call, connection: Connection) -> None:
    if await connection.fetchval(OPEN, call.organisation, user_of(call)) >= MOST_OPEN:
        raise TooMany(
            f"You have {MOST_OPEN} uploads under way; finish or give up some.",
            headers={"Retry-After": "60"},
        )


def _same(call: Call, standing: Row, announced: Announced) -> Row:
    if standing["owner_id"] != user_of(call) or not announced.is_that_of(standing):
        raise _taken()
    return standing


def _taken() -> Conflict:
    return Conflict(
        "There is a file or an upload with this id, and it differs.",
        errors={"Upload-Metadata": "Its id is taken; choose a new one."},
        code="id_taken",
    )


def _demand_offset(row: Row, offset: int) -> None:
    if offset != row["received"]:
        raise WrongOffset(
            f"The upload stands at {row['received']}, not at {offset}.",
            errors={"Upload-Offset": f"Go on at {row['received']}."},
            headers={"Upload-Offset": str(row["received"])},
        )


def _linked(path: Path, whole: Path) -> None:
    """A second name for the same bytes: what makes a file of them may move it and fail, and they stay."""
    whole.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, whole)
