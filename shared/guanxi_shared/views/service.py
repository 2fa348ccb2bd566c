"""Use cases of saved views: kept when they mean something, run with the eyes of whoever looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared import pages, reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Malformed
from guanxi_shared.identifiers import new_id
from guanxi_shared.kept_filters import as_kept, broken, whole_values
from guanxi_shared.pages import ListQuery
from guanxi_shared.reads import Asker
from guanxi_shared.records import State
from guanxi_shared.resources import Resource
from guanxi_shared.sharing import load_shared, sharing_columns
from guanxi_shared.views.schemas import NewView, ViewUpdate
from guanxi_shared.writes import check_version


@dataclass(frozen=True, slots=True)
class Views:
    """The resource of views itself, and by their names the resources that views are `of`."""

    resource: Resource
    of: Mapping[str, Resource]


PAGING = frozenset({"limit", "cursor", "total"})


async def create_view(call: Call, connection: Connection, views: Views, data: NewView) -> State:
    sent = data.model_dump(exclude_none=True)
    await _check(call, views.of[sent["resource"]], sent["document"], sent["columns"])
    columns = {
        **sent,
        "id": data.id or new_id(),
        "organisation_id": call.organisation,
        "owner_id": call.by.user_id,
        **await sharing_columns(call, connection, views.resource, sent, {}),
    }
    return await records.insert_record(connection, views.resource, columns, actor=call.actor)


async def update_view(
    call: Call,
    connection: Connection,
    views: Views,
    view_id: UUID,
    data: ViewUpdate,
    version: int | None,
) -> State:
    loaded = await load_shared(call, connection, views.resource, view_id)
    await check_version(connection, views.resource, loaded, version)
    sent = whole_values(data)
    whole = {**loaded.row, **sent}
    await _check(call, views.of[whole["resource"]], whole["document"], whole["columns"])
    changes = sent | await sharing_columns(call, connection, views.resource, sent, loaded.row)
    return await records.update_record(
        connection, views.resource, loaded, changes, actor=call.actor
    )


async def delete_view(
    call: Call, connection: Connection, views: Views, view_id: UUID, version: int | None
) -> State:
    loaded = await load_shared(call, connection, views.resource, view_id)
    await check_version(connection, views.resource, loaded, version)
    return await records.delete_record(connection, views.resource, loaded, actor=call.actor)


async def restore_view(call: Call, connection: Connection, views: Views, view_id: UUID) -> State:
    loaded = await load_shared(call, connection, views.resource, view_id, deleted=True)
    return await records.restore_record(connection, views.resource, loaded, actor=call.actor)


async def run_view(
    call: Call, views: Views, view_id: UUID, paging: Mapping[str, Any]
) -> tuple[Resource, ListQuery]:
    """The list that a view means now: relative days counted from today, fields as they are today;
    BrokenFilter names what is there no more."""
    view = await reads.find_record(call, views.resource, view_id)
    resource = views.of[view["resource"]]
    call.by.demand(resource.permission("read"))
    document = orjson.loads(orjson.dumps(view["document"]))
    kept = await understood_view(as_kept(call), resource, document, view["columns"])
    if not paging:
        return resource, kept
    fields = await reads.all_fields(call, resource)
    whole = {**document, "fields": view["columns"], **paging}
    query = pages.from_document(whole, resource, fields, call.clock)
    return resource, await reads.prepared(as_kept(call), query)


async def understood_view(
    asker: Asker, resource: Resource, document: Mapping[str, Any], columns: Sequence[str]
) -> ListQuery:
    """The list of a kept document; BrokenFilter says what of it means nothing (any more)."""
    fields = await asker.custom_fields.extend(asker.organisation, resource)
    try:
        whole = {**document, "fields": list(columns)}
        query = pages.from_document(whole, resource, fields, asker.clock)
        return await reads.prepared(asker, query)
    except Malformed as problem:
        raise broken(problem, "document") from problem


async def _check(
    call: Call, resource: Resource, document: Mapping[str, Any], columns: Sequence[str]
) -> None:
    call.by.demand(resource.permission("read"))
    await understood_view(call, resource, document, columns)
