"""Use cases of files: keep one, change what is known of it, find those that a caller may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

import asyncpg

from guanxi_contacts.files.resources import FILES, READABLE, SUBJECTS, Seen, readable_groups
from guanxi_contacts.files.schemas import FileUpdate
from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, NotFound, UnknownReference
from guanxi_shared.files.keeping import Asked, Place, columns_of
from guanxi_shared.files.receiving import Received
from guanxi_shared.filters import Condition
from guanxi_shared.pages import ListQuery, Sort
from guanxi_shared.reads import Row
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by

Links = list[dict[str, str]]

LINK = """
INSERT INTO file_links (organisation_id, file_id, subject_type, subject_id)
SELECT $1, $2, * FROM unnest($3::text[], $4::uuid[]) ON CONFLICT DO NOTHING
"""
UNLINK = "DELETE FROM file_links WHERE organisation_id = $1 AND file_id = $2"
# Held until the link is committed: who deletes or erases the record waits, and then sees the link.
SUBJECT = """
SELECT id, owner_id, team_id FROM {table}
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE
"""
# Before its links, which are rows of their own, are looked at and written anew.
HOLD = "SELECT id FROM files WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE"


async def seen_by(call: Call) -> Seen:
    scopes = {noun: await call.scope(table.name) for noun, table in SUBJECTS.items()}
    return Seen(await call.scope(FILES.name), scopes)


@dataclass(frozen=True, slots=True)
class NarrowedQuery(ListQuery):
    """A list narrowed to what its caller sees; its cursors belong to the list as it was asked for."""

    signed_as: int = 0

    @property
    def signature(self) -> int:
        return self.signed_as


async def page_query(call: Call, query: ListQuery) -> ListQuery:
    parts = {each.name: getattr(query, each.name) for each in fields(query)}
    parts["groups"] = readable_groups(query.groups, await seen_by(call))
    return NarrowedQuery(**parts, signed_as=query.signature)


async def find_file(call: Call, file_id: UUID) -> Row:
    """A file as the API shows it; NotFound for what the caller does not see."""
    wanted = ((Condition(FILES.fields["id"], "eq", file_id),),)
    in_order = (Sort(FILES.fields["id"], False),)
    query = ListQuery(FILES.shown, wanted, in_order, None, 1, None, False, ())
    rows, _, _ = await reads.page_of(call, READABLE, await page_query(call, query))
    if not rows:
        raise NotFound(f"There is no file with the id {str(file_id)!r}.")
    return rows[0]


async def insert_file(
    call: Call, connection: Connection, received: Received, place: Place, asked: Asked, name: str,
    links: Links,
) -> State:  # fmt: skip
    await check_links(call, connection, links)
    columns = {**columns_of(call, received, place, asked, name), "owner_id": call.by.user_id}
    state = await records.insert_record(
        connection, FILES, columns, actor=call.actor, computed={"links": links}
    )
    await _link(connection, call.organisation, columns["id"], links)
    return state


async def load_file(
    call: Call, connection: Connection, file_id: UUID, *, deleted: bool = False
) -> Loaded:
    """To be changed by those who may write its owner's files; who sees it by a link may not."""
    scope = await call.scope(FILES.name)
    try:
        return await records.load_record(connection, FILES, file_id, scope=scope, deleted=deleted)
    except NotFound:
        if deleted:
            raise
        await find_file(call, file_id)
        raise Forbidden("You may read this file but not change it.", code="read_only") from None


async def update_file(
    call: Call, connection: Connection, file_id: UUID, data: FileUpdate, version: int | None
) -> State:
    sent = data.model_dump(exclude_unset=True)
    if "links" in sent:  # records before their files, the order in which an erasure holds them
        await _hold_subjects(call, connection, as_stored(sent["links"]))
        await connection.execute(HOLD, call.organisation, file_id)
    loaded = await load_file(call, connection, file_id)
    await check_version(connection, FILES, loaded, version)
    await owned_by(call, connection, FILES, sent)
    computed = {}
    if "links" in sent:
        links = as_stored(sent.pop("links"))
        standing = loaded.computed["links"]
        await check_links(call, connection, [link for link in links if link not in standing])
        computed["links"] = links
        await connection.execute(UNLINK, call.organisation, file_id)
        await _link(connection, call.organisation, file_id, links)
    return await records.update_record(
        connection, FILES, loaded, sent, actor=call.actor, computed=computed
    )


async def link_file(
    call: Call, connection: Connection, file_id: UUID, link: dict[str, str]
) -> None:
    """One more record for a file that the caller sees; its owner is not asked."""
    await find_file(call, file_id)
    loaded = await records.load_record(connection, FILES, file_id, scope=EVERYTHING, to_write=False)
    links = as_stored([*loaded.computed["links"], link])
    await _link(connection, call.organisation, file_id, links)
    await records.update_record(
        connection, FILES, loaded, {}, actor=call.actor, computed={"links": links}
    )


async def delete_file(
    call: Call, connection: Connection, file_id: UUID, version: int | None
) -> State:
    loaded = await load_file(call, connection, file_id)
    await check_version(connection, FILES, loaded, version)
    return await records.delete_record(connection, FILES, loaded, actor=call.actor)


async def restore_file(call: Call, connection: Connection, file_id: UUID) -> State:
    loaded = await load_file(call, connection, file_id, deleted=True)
    if loaded.row["erased_at"] is not None:
        raise NotFound(f"There is no file with the id {str(file_id)!r}.")
    return await records.restore_record(connection, FILES, loaded, actor=call.actor)


def as_stored(links: Sequence[Mapping[str, Any]]) -> Links:
    """In the order that reads give them, each once."""
    unique = {(str(link["type"]), str(link["id"])) for link in links}
    return [{"type": noun, "id": record_id} for noun, record_id in sorted(unique)]


async def check_links(call: Call, connection: Connection, links: Links) -> None:
    """Each record must be there and be seen by the caller; one statement for each kind."""
    for noun, rows in (await _hold_subjects(call, connection, links)).items():
        wanted = [UUID(link["id"]) for link in links if link["type"] == noun]
        covers = (await call.scope(SUBJECTS[noun].name)).covers
        seen = {
            r["id"] for r in rows
            if covers(id=r["id"], owner_id=r["owner_id"], team_id=r["team_id"])
        }  # fmt: skip
        if not seen.issuperset(wanted):
            raise _unknown(noun)


async def _hold_subjects(
    call: Call, connection: Connection, links: Links
) -> dict[str, list[asyncpg.Record]]:
    """Those of the linked records that are there, by their kind."""
    found = {}
    for noun in sorted({link["type"] for link in links}):
        wanted = [UUID(link["id"]) for link in links if link["type"] == noun]
        if (table := SUBJECTS.get(noun)) is None:
            raise _unknown(noun)
        sql = SUBJECT.format(table=table.name)
        found[noun] = await connection.fetch(sql, call.organisation, wanted)
    return found


def _unknown(noun: str) -> UnknownReference:
    return UnknownReference(
        f"There is no such {noun}.", errors={f"{noun}_id": f"There is no such {noun}."}
    )


async def _link(connection: Connection, organisation: UUID, file_id: UUID, links: Links) -> None:
    if links:
        nouns = [link["type"] for link in links]
        ids = [UUID(link["id"]) for link in links]
        await connection.execute(LINK, organisation, file_id, nouns, ids)
