"""Hot reads: get and list, from a cached statement to bytes without an object in between.

One statement each, the organisation bound inside it, the visibility predicate in its WHERE.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import orjson
from starlette.responses import Response

from guanxi_shared import filters, pages, search, selects
from guanxi_shared import resources as r
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Call
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database, bound
from guanxi_shared.errors import NotFound
from guanxi_shared.filters import Binder, Clock
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_shared.pages import ListQuery
from guanxi_shared.resources import DOCUMENT, Field, Resource
from guanxi_shared.statements import Compiled, Shapes
from guanxi_shared.visibility import Scope

SHAPES = Shapes()
Row = dict[str, Any]


async def get_record(call: Call, resource: Resource, id_text: str) -> Response:
    """One record as JSON with its ETag; 304 when the caller has this version already."""
    record_id = id_in_path(id_text)
    body, version = await _read_one(call, resource, record_id)
    etag = f'"{version}"'
    known = call.request.headers.get("if-none-match", "")
    if etag in known or known == "*":
        return Response(status_code=304, headers={"etag": etag})
    return Response(body, media_type="application/json", headers={"etag": etag})


async def _read_one(call: Call, resource: Resource, record_id: UUID) -> tuple[bytes, int]:
    if resource.has_documents:
        record = await _fetch_one(call, resource, record_id, as_document=True)
        if (document := record[DOCUMENT]) is not None:
            return document, record["version"]
    row = await find_record(call, resource, record_id)
    return orjson.dumps(row, option=JSON_OPTIONS), row["version"]


async def find_record(call: Call, resource: Resource, record_id: UUID) -> Row:
    """A visible record as the API shows it; NotFound otherwise."""
    record = await _fetch_one(call, resource, record_id, as_document=False)
    return _rows([record], resource, resource.shown)[0]


async def _fetch_one(
    call: Call, resource: Resource, record_id: UUID, *, as_document: bool
) -> asyncpg.Record:
    scope = await call.scope_of(resource)
    key = ("get", resource.name, scope.shape, as_document)
    compiled = SHAPES.get(key, lambda: selects.one(resource, scope, as_document=as_document))
    values = {"organisation": call.organisation, "record": record_id, **scope.params()}
    record = await call.db.points.fetchrow(
        _bound(compiled), str(call.organisation), *compiled.args(values)
    )
    if record is None:
        raise NotFound(f"There is no {resource.noun} with the id {str(record_id)!r}.")
    return record


async def list_records(call: Call, resource: Resource) -> Response:
    """`GET /v1/{resource}` as design section 4 says."""
    fields = await all_fields(call, resource)
    raw: bytes = call.request.scope["query_string"]
    query = pages.from_query_string(raw, resource, fields, call.clock)
    return await answer_list(call, resource, await prepared(call, query))


async def search_records(call: Call, resource: Resource) -> Response:
    """`POST /v1/{resource}/search`: the same list from a document."""
    fields = await all_fields(call, resource)
    query = pages.from_document(await call.json(), resource, fields, call.clock)
    return await answer_list(call, resource, await prepared(call, query))


async def prepared(asker: "Asker", query: ListQuery) -> ListQuery:
    """The query, ready to be run: what its fields look up first is looked up."""
    groups = await filters.prepared(asker, query.groups)
    return query if groups is query.groups else replace(query, groups=groups)


async def all_fields(call: Call, resource: Resource) -> Mapping[str, Field]:
    """The resource's fields and the organisation's own ones under `custom.`."""
    return await call.house.custom_fields.extend(call.organisation, resource)


async def answer_list(call: Call, resource: Resource, query: ListQuery) -> Response:
    as_documents = resource.has_documents and query.fields == resource.shown
    page = await _read_page(call, resource, query, as_documents=as_documents)
    if as_documents and any(record[DOCUMENT] is None for record in page.records):
        page, as_documents = await _read_page(call, resource, query, as_documents=False), False
    if as_documents:
        listed = b",".join([_whole(record, query.includes) for record in page.records])
        return _answer(call, listed, page.following, page.total)
    shown = (*query.fields, *query.includes)
    return answer_page(call, _rows(page.records, resource, shown), page.following, page.total)


def answer_page(
    call: Call, rows: Sequence[Row], following: str | None, total: int | None
) -> Response:
    """One page as every list answers it."""
    return _answer(call, orjson.dumps(rows, option=JSON_OPTIONS)[1:-1], following, total)


def _answer(call: Call, listed: bytes, following: str | None, total: int | None) -> Response:
    page = {"next_cursor": following, "has_more": following is not None, "total": total}
    body = b'{"data":[' + listed + b'],"page":' + orjson.dumps(page) + b"}"
    headers = {}
    if following is not None and call.request.method == "GET":
        headers["link"] = f'<{next_url(call.request.scope, following)}>; rel="next"'
    return Response(body, media_type="application/json", headers=headers)


def _whole(record: asyncpg.Record, includes: Sequence[str]) -> bytes:
    """A record's document, with what it includes at its end."""
    document: bytes = record[DOCUMENT]
    if not includes:
        return document
    more = [b'"%s":%s' % (name.encode(), (record[name] or "null").encode()) for name in includes]
    return document[:-1] + b"," + b",".join(more) + b"}"


def next_url(scope: Mapping[str, Any], cursor: str) -> str:
    """This request's path and query with another cursor (which needs no quoting)."""
    kept = [
        p for p in scope["query_string"].decode().split("&") if p and not p.startswith("cursor=")
    ]
    return f"{scope['path']}?{'&'.join([*kept, f'cursor={cursor}'])}"


@dataclass(slots=True)
class Page:
    """`following` is the cursor of the next page, None at the end; `total` is None if not asked for."""

    records: list[asyncpg.Record]
    following: str | None
    total: int | None


async def _read_page(
    call: Call, resource: Resource, query: ListQuery, *, as_documents: bool
) -> Page:
    """A text that matches nothing as written is looked for once more allowing typing mistakes."""
    scope = await call.scope_of(resource)
    for name in query.includes:
        call.by.demand(f"{resource.includes[name].resource}:read")
    includes = [
        (name, await call.scope(resource.includes[name].resource)) for name in query.includes
    ]
    if query.is_fuzzy:  # says the cursor
        query = await _forgiving(call, resource, query)
    records = await _fetch(call, resource, query, scope, includes, as_documents=as_documents)
    if not records and query.text is not None and query.after is None:
        query = await _forgiving(call, resource, query)
        records = await _fetch(call, resource, query, scope, includes, as_documents=as_documents)
    has_more = len(records) > query.limit
    records = records[: query.limit]
    following = (
        pages.next_cursor(query, selects.sort_values(records[-1], query)) if has_more else None
    )
    total = await _count(call, resource, query, scope) if query.total else None
    return Page(records, following, total)


async def _forgiving(place: "Place", resource: Resource, query: ListQuery) -> ListQuery:
    """The query, with typing mistakes allowed."""
    if resource.respell is None or query.text is None:
        return replace(query, is_fuzzy=True)
    return replace(query, is_fuzzy=True, respelt=await resource.respell(place, query.text))


async def page_of(
    call: Call, resource: Resource, query: ListQuery
) -> tuple[list[Row], str | None, int | None]:
    """One page as rows, the cursor of the next one (None at the end), and the total if asked for."""
    page = await _read_page(call, resource, query, as_documents=False)
    shown = (*query.fields, *query.includes)
    return _rows(page.records, resource, shown), page.following, page.total


class Place(Protocol):
    """Where rows are read: a call, or a job that works for one."""

    @property
    def db(self) -> Database: ...

    @property
    def organisation(self) -> UUID: ...


class Asker(Place, Protocol):
    """Who asks for rows: a call, or a job in somebody's name (`by` is None for nobody's)."""

    @property
    def by(self) -> Principal | None: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def custom_fields(self) -> CustomFields: ...

    async def scope_of(self, resource: Resource) -> Scope: ...


async def every_page(
    place: Place, resource: Resource, query: ListQuery, *, scope: Scope
) -> AsyncIterator[list[Row]]:
    """All rows of a query, `query.limit` at a time, however long that takes: each page is a
    statement of its own, and what changes meanwhile is shown as it is when its page comes."""
    while True:
        rows = await _fetch(place, resource, query, scope, ())
        if not rows and query.text is not None and query.after is None and not query.is_fuzzy:
            query = await _forgiving(place, resource, query)
            continue
        has_more, rows = len(rows) > query.limit, rows[: query.limit]
        if rows:
            following = replace(query, after=tuple(selects.sort_values(rows[-1], query)))
            yield _rows(rows, resource, query.fields)
            query = following
        if not has_more:
            return


async def _fetch(
    call: Place, resource: Resource, query: ListQuery, scope: Scope,
    includes: selects.Includes, *, as_documents: bool = False,
) -> list[asyncpg.Record]:  # fmt: skip
    bind = Binder()
    after = None if query.after is None else tuple(value is None for value in query.after)
    key = (
        "list", resource.name, as_documents or query.fields, filters.shape_of((*query.groups, query.within)),
        _custom_shape(query), tuple((s.field.name, s.descending) for s in query.sorts),
        search.shape_of(query), after, scope.shape, scope.branch_shape, query.limit,
        tuple((name, s.shape) for name, s in includes),
    )  # fmt: skip
    # The conditions are built even when the text is known: their values come with them.
    conditions = selects.conditions_of(resource, query, bind)
    compiled = SHAPES.get(
        key,
        lambda: selects.many(
            resource, query, scope, includes, conditions, as_documents=as_documents
        ),
    )
    values = {
        "organisation": call.organisation,
        **bind.values,
        **scope.params(),
        **scope.branch_params(),
    }
    values |= selects.after_values(query)
    for name, included in includes:
        values |= {f"{name}_{key}": value for key, value in included.params().items()}
    pool = call.db.pool if includes else _pool_for(call.db, resource, query, scope)
    return await pool.fetch(_bound(compiled), str(call.organisation), *compiled.args(values))


def _pool_for(db: Database, resource: Resource, query: ListQuery, scope: Scope) -> asyncpg.Pool:
    """Where the statement is planned as often as it has to be."""
    if _is_always_planned_alike(query, scope):
        return db.points
    return db.walks if selects.walks_an_index(resource, query, scope) else db.pool


def _is_always_planned_alike(query: ListQuery, scope: Scope) -> bool:
    """A plain list walks the same indexes whatever the values are, and so does a look-up by a key."""
    if query.is_by_key:
        return True
    in_order = scope.is_plain or scope.branch_shape is not None
    return in_order and not query.groups and not query.within and query.text is None


def _custom_shape(query: ListQuery) -> tuple[str, ...]:
    sorted_by = tuple(s.field.kind for s in query.sorts if s.field.name.startswith("custom."))
    return (*filters.kinds_of((*query.groups, query.within)), *sorted_by)


async def count_records(call: Call, resource: Resource, query: ListQuery) -> int:
    """How many visible records a query means."""
    return await _count(call, resource, query, await call.scope_of(resource))


async def _count(call: Call, resource: Resource, query: ListQuery, scope: Scope) -> int:
    bind = Binder()
    conditions = selects.conditions_of(resource, query, bind)
    key = (
        "count", resource.name, filters.shape_of((*query.groups, query.within)), _custom_shape(query),
        search.shape_of(query), scope.shape,
    )  # fmt: skip
    compiled = SHAPES.get(key, lambda: selects.how_many(resource, query, scope, conditions))
    values = {"organisation": call.organisation, **bind.values, **scope.params()}
    total: int = await call.db.pool.fetchval(
        _bound(compiled), str(call.organisation), *compiled.args(values)
    )
    return total


def _bound(compiled: Compiled) -> str:
    return bound(compiled.sql)


def _rows(records: Sequence[asyncpg.Record], resource: Resource, names: Sequence[str]) -> list[Row]:
    """Rows for orjson: JSON columns pass through as they are, hidden sort columns fall away."""
    fields = resource.fields
    raw = [n for n in names if n not in fields or fields[n].kind in r.AS_JSON]
    rows = []
    extra = len(records[0]) > len(names) if records else False
    for record in records:
        row = {name: record[name] for name in names} if extra else dict(record)
        for name in raw:
            if (value := row[name]) is not None:
                row[name] = orjson.Fragment(value)
        rows.append(row)
    return rows


async def ranked(
    call: Call, resource: Resource, text: str, *, fields: Sequence[str], limit: int
) -> list[tuple[float, Row]]:
    """The best matches of a text with their rank, for a search over several resources.

    Typing mistakes are allowed only when nothing matches as written.
    """
    scope = await call.scope_of(resource)
    query = ListQuery(tuple(fields), (), (), text, limit, None, False, ())
    for is_fuzzy in (False, True):
        query = await _forgiving(call, resource, query) if is_fuzzy else query
        records = await _fetch(call, resource, query, scope, ())
        if records:
            rows = _rows(records[:limit], resource, query.fields)
            return [(record["_sort0"], row) for record, row in zip(records, rows, strict=False)]
    return []
