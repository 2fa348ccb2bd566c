"""Hot reads: get and list, from a cached statement to bytes without an object in between.

One statement each, the organisation bound inside it, the visibility predicate in its WHERE.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)  # fmt: skip
from starlette.responses import Response

from guanxi_shared import filters, pages, search
from guanxi_shared import resources as r
from guanxi_shared.calls import Call
from guanxi_shared.db import Database, bound
from guanxi_shared.errors import NotFound
from guanxi_shared.filters import Binder
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import ListQuery, Sort
from guanxi_shared.resources import Field, Resource
from guanxi_shared.statements import Compiled, Shapes
from guanxi_shared.visibility import Scope, branches, predicate

JSON_OPTIONS = orjson.OPT_UTC_Z
SHAPES = Shapes()
FEW_BRANCHES = 3
Row = dict[str, Any]


async def get_record(call: Call, resource: Resource, id_text: str) -> Response:
    """One record as JSON with its ETag; 304 when the caller has this version already."""
    row = await find_record(call, resource, id_in_path(id_text))
    etag = f'"{row["version"]}"'
    known = call.request.headers.get("if-none-match", "")
    if etag in known or known == "*":
        return Response(status_code=304, headers={"etag": etag})
    body = orjson.dumps(row, option=JSON_OPTIONS)
    return Response(body, media_type="application/json", headers={"etag": etag})


async def find_record(call: Call, resource: Resource, record_id: UUID) -> Row:
    """A visible record as the API shows it; NotFound otherwise."""
    scope = await call.scope_of(resource)
    key = ("get", resource.name, scope.shape)
    compiled = SHAPES.get(key, lambda: _by_id(resource, scope))
    values = {"organisation": call.organisation, "record": record_id, **scope.params()}
    rows = await call.db.points.fetch(
        _bound(compiled), str(call.organisation), *compiled.args(values)
    )
    if not rows:
        raise NotFound(f"There is no {resource.noun} with the id {str(record_id)!r}.")
    return _rows(rows, resource, resource.shown)[0]


async def list_records(call: Call, resource: Resource) -> Response:
    """`GET /v1/{resource}` as design section 4 says."""
    fields = await all_fields(call, resource)
    raw: bytes = call.request.scope["query_string"]
    query = pages.from_query_string(raw, resource, fields, call.clock)
    return await answer_list(call, resource, query)


async def search_records(call: Call, resource: Resource) -> Response:
    """`POST /v1/{resource}/search`: the same list from a document."""
    fields = await all_fields(call, resource)
    query = pages.from_document(await call.json(), resource, fields, call.clock)
    return await answer_list(call, resource, query)


async def all_fields(call: Call, resource: Resource) -> Mapping[str, Field]:
    """The resource's fields and the organisation's own ones under `custom.`."""
    return await call.house.custom_fields.extend(call.organisation, resource)


async def answer_list(call: Call, resource: Resource, query: ListQuery) -> Response:
    return answer_page(call, *await page_of(call, resource, query))


def answer_page(
    call: Call, rows: Sequence[Row], following: str | None, total: int | None
) -> Response:
    """One page as every list answers it."""
    page = {"next_cursor": following, "has_more": following is not None, "total": total}
    body = orjson.dumps({"data": rows, "page": page}, option=JSON_OPTIONS)
    headers = {}
    if following is not None and call.request.method == "GET":
        headers["link"] = f'<{_next_url(call.request.scope, following)}>; rel="next"'
    return Response(body, media_type="application/json", headers=headers)


def _next_url(scope: Mapping[str, Any], cursor: str) -> str:
    """This request's path and query with another cursor (which needs no quoting)."""
    kept = [
        p for p in scope["query_string"].decode().split("&") if p and not p.startswith("cursor=")
    ]
    return f"{scope['path']}?{'&'.join([*kept, f'cursor={cursor}'])}"


async def page_of(
    call: Call, resource: Resource, query: ListQuery
) -> tuple[list[Row], str | None, int | None]:
    """One page, the cursor of the next one (None at the end), and the total if asked for.

    A text that matches nothing as written is looked for once more allowing typing mistakes.
    """
    scope = await call.scope_of(resource)
    includes = [
        (name, await call.scope(resource.includes[name].resource)) for name in query.includes
    ]
    rows = await _fetch(call, resource, query, scope, includes)
    if not rows and query.text is not None and query.after is None:
        query = replace(query, is_fuzzy=True)
        rows = await _fetch(call, resource, query, scope, includes)
    has_more = len(rows) > query.limit
    rows = rows[: query.limit]
    following = pages.next_cursor(query, _sort_values(rows[-1], query)) if has_more else None
    total = await _count(call, resource, query, scope) if query.total else None
    shown = (*query.fields, *query.includes)
    return _rows(rows, resource, shown), following, total


class Place(Protocol):
    """Where rows are read: a call, or a job that works for one."""

    @property
    def db(self) -> Database: ...

    @property
    def organisation(self) -> UUID: ...


async def every_page(
    place: Place, resource: Resource, query: ListQuery, *, scope: Scope
) -> AsyncIterator[list[Row]]:
    """All rows of a query, `query.limit` at a time, however long that takes: each page is a
    statement of its own, and what changes meanwhile is shown as it is when its page comes."""
    while True:
        rows = await _fetch(place, resource, query, scope, ())
        if not rows and query.text is not None and query.after is None and not query.is_fuzzy:
            query = replace(query, is_fuzzy=True)
            continue
        has_more, rows = len(rows) > query.limit, rows[: query.limit]
        if rows:
            following = replace(query, after=tuple(_sort_values(rows[-1], query)))
            yield _rows(rows, resource, query.fields)
            query = following
        if not has_more:
            return


async def _fetch(
    call: Place,
    resource: Resource,
    query: ListQuery,
    scope: Scope,
    includes: Sequence[tuple[str, Scope]],
) -> list[asyncpg.Record]:
    bind = Binder()
    after = None if query.after is None else tuple(value is None for value in query.after)
    key = (
        "list", resource.name, query.fields, filters.shape_of(query.groups), _custom_shape(query),
        tuple((s.field.name, s.descending) for s in query.sorts), search.shape_of(query), after,
        scope.shape, scope.branch_shape, query.limit, tuple((name, s.shape) for name, s in includes),
    )  # fmt: skip
    # The conditions are built even when the text is known: their values come with them.
    conditions = _conditions(resource, query, bind)
    compiled = SHAPES.get(key, lambda: _list(resource, query, scope, includes, conditions))
    values = {
        "organisation": call.organisation,
        **bind.values,
        **scope.params(),
        **scope.branch_params(),
    }
    values |= _after_values(query)
    for name, included in includes:
        values |= {f"{name}_{key}": value for key, value in included.params().items()}
    # A plain list walks the same indexes whatever the values are: its plan is kept.
    in_order = scope.is_plain or scope.branch_shape is not None
    is_plain = not query.groups and query.text is None and not includes and in_order
    pool = call.db.points if is_plain else call.db.pool
    return await pool.fetch(_bound(compiled), str(call.organisation), *compiled.args(values))


def _custom_shape(query: ListQuery) -> tuple[str, ...]:
    """Custom fields of two organisations may share a name but not a kind."""
    used = [c.field for group in query.groups for c in group] + [s.field for s in query.sorts]
    return tuple(field.kind for field in used if field.name.startswith("custom."))


def _conditions(resource: Resource, query: ListQuery, bind: Binder) -> list[ColumnElement[bool]]:
    found = []
    grouped = filters.compile_groups(query.groups, bind)
    if grouped is not None:
        found.append(grouped)
    if query.text is not None:
        found.append(search.matches(resource.table, query.text, bind, is_fuzzy=query.is_fuzzy))
    return found


def _by_id(resource: Resource, scope: Scope) -> Select[Any]:
    table = resource.table
    return select(*_columns(resource, resource.shown)).where(
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        table.c.id == bindparam("record", type_=Uuid),
        table.c.deleted_at.is_(None),
        predicate(table, scope),
    )


def _list(
    resource: Resource, query: ListQuery, scope: Scope, includes: Sequence[tuple[str, Scope]],
    conditions: Sequence[ColumnElement[bool]],
) -> Select[Any]:  # fmt: skip
    table = resource.table
    columns = _columns(resource, query.fields)
    columns += [resource.includes[name].build(included).label(name) for name, included in includes]
    ranked = not query.sorts
    order = search.rank_sorts(table) if ranked else query.sorts
    columns += [
        sort.field.compared.label(f"_sort{index}")
        for index, sort in enumerate(order)
        if not _is_among(sort, query)
    ]
    wanted = [
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        table.c.deleted_at.is_(None),
        *conditions,
    ]
    if query.after is not None:
        wanted.append(_beyond(order, query.after))
    ordered = [_ordered(sort) for sort in order]
    # A limit in the text lets Postgres know how little is asked, even in a kept plan.
    most: ColumnElement[int] = literal_column(str(query.limit + 1))
    if not _asks_by_branches(query, scope):
        wanted.append(predicate(table, scope))
    else:
        firsts = [
            select(table.c.id).where(*wanted, branch).order_by(*ordered).limit(most).correlate(None)
            for branch in branches(table, scope)
        ]
        wanted = [wanted[0], table.c.id.in_(union_all(*firsts))]
    return select(*columns).where(*wanted).order_by(*ordered).limit(most)


def _asks_by_branches(query: ListQuery, scope: Scope) -> bool:
    """A text is looked for once for all branches, unless they are few: then each may rather read
    its owner's records than the whole index of words."""
    shape = scope.branch_shape
    if shape is None or query.text is None:
        return shape is not None
    return sum(shape) <= FEW_BRANCHES


def _columns(resource: Resource, names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [resource.fields[name].shown.label(name) for name in names]


def _is_among(sort: Sort, query: ListQuery) -> bool:
    """Whether a shown column holds the exact value that the sort compares."""
    exact = sort.field.kind == r.ID or sort.field.shown is sort.field.compared
    return exact and sort.field.name in query.fields and sort.field.kind not in r.AS_JSON


def _ordered(sort: Sort) -> ColumnElement[Any]:
    column = sort.field.compared
    ordered = column.desc() if sort.descending else column.asc()
    return ordered.nulls_last() if sort.field.is_nullable else ordered


def _sort_values(row: asyncpg.Record, query: ListQuery) -> list[Any]:
    if not query.sorts:
        return [row["_sort0"], row["id"]]
    return [
        row[sort.field.name] if _is_among(sort, query) else row[f"_sort{index}"]
        for index, sort in enumerate(query.sorts)
    ]


def _after_values(query: ListQuery) -> dict[str, Any]:
    return {f"after{i}": value for i, value in enumerate(query.after or ()) if value is not None}


def _beyond(order: Sequence[Sort], after: Sequence[Any]) -> ColumnElement[bool]:
    """Rows after the cursor. Equal directions without nulls compare as one row value, which an
    index serves; the general case spells the lexicographic order out. Nulls stand last."""
    binds = [bindparam(f"after{i}", type_=s.field.compared.type) for i, s in enumerate(order)]
    columns = [s.field.compared for s in order]
    directions = {s.descending for s in order}
    if len(directions) == 1 and not any(s.field.is_nullable for s in order):
        left, right = tuple_(*columns), tuple_(*binds)
        return left < right if directions == {True} else left > right
    branches = []
    for index, sort in enumerate(order):
        equal = [
            columns[i].is_(None) if after[i] is None else columns[i] == binds[i]
            for i in range(index)
        ]
        branches.append(and_(*equal, _past(sort, columns[index], binds[index], after[index])))
    return or_(*branches)


def _past(sort: Sort, column: Any, bind: Any, value: Any) -> ColumnElement[bool]:
    if value is None:  # nothing stands after null
        return column.is_(None) & column.is_not(None)  # type: ignore[no-any-return]
    beyond = column < bind if sort.descending else column > bind
    return or_(beyond, column.is_(None)) if sort.field.is_nullable else beyond


async def _count(call: Call, resource: Resource, query: ListQuery, scope: Scope) -> int:
    bind = Binder()
    table = resource.table
    conditions = _conditions(resource, query, bind)
    key = (
        "count", resource.name, filters.shape_of(query.groups), _custom_shape(query),
        search.shape_of(query), scope.shape,
    )  # fmt: skip
    compiled = SHAPES.get(
        key,
        lambda: select(func.count().label("total")).select_from(table).where(
            table.c.organisation_id == bindparam("organisation", type_=Uuid),
            table.c.deleted_at.is_(None),
            predicate(table, scope),
            *conditions,
        ),
    )  # fmt: skip
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
        query = replace(query, is_fuzzy=is_fuzzy)
        records = await _fetch(call, resource, query, scope, ())
        if records:
            rows = _rows(records[:limit], resource, query.fields)
            return [(record["_sort0"], row) for record, row in zip(records, rows, strict=False)]
    return []
