"""The SELECTs behind a get and a list: from a checked query to one statement of Core.

A resource whose table has the column `document` keeps each record there as the API shows it: what
asks for whole records reads that column and decodes nothing. Everything else is asked for by column.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)  # fmt: skip

from guanxi_shared import filters, search
from guanxi_shared import resources as r
from guanxi_shared.filters import Binder
from guanxi_shared.pages import ListQuery, Sort
from guanxi_shared.resources import DOCUMENT, Resource
from guanxi_shared.visibility import Scope, branches, predicate

Includes = Sequence[tuple[str, Scope]]


def document_of(table: Table) -> ColumnElement[Any]:
    """The record as the API shows it, as bytes: nothing is decoded on the way."""
    return func.convert_to(table.c[DOCUMENT], literal("UTF8", Text)).label(DOCUMENT)


def one(resource: Resource, scope: Scope, *, as_document: bool) -> Select[Any]:
    table = resource.table
    shown = columns_of(resource, resource.shown)
    columns = [document_of(table), table.c.version] if as_document else shown
    return select(*columns).where(
        of_organisation(table),
        table.c.id == bindparam("record", type_=Uuid),
        table.c.deleted_at.is_(None),
        predicate(table, scope),
    )


def many(
    resource: Resource, query: ListQuery, scope: Scope, includes: Includes,
    conditions: Sequence[ColumnElement[bool]], *, as_documents: bool,
) -> Select[Any]:  # fmt: skip
    """A page and one row more. Without `as_documents` the columns are those of `query.fields`."""
    table = resource.table
    columns = [document_of(table)] if as_documents else columns_of(resource, query.fields)
    columns += [resource.includes[name].build(included).label(name) for name, included in includes]
    if query.text is not None and not (query.sorts or query.groups or query.within):
        return _best(resource, query, scope, columns, conditions)
    order = query.sorts or search.rank_sorts(resource)
    columns += [
        sort.field.compared.label(f"_sort{index}")
        for index, sort in enumerate(order)
        if as_documents or not is_among(sort, query)
    ]
    ordered = [order_by(sort) for sort in order]
    # A limit in the text lets Postgres know how little is asked, even in a kept plan.
    most: ColumnElement[int] = literal_column(str(query.limit + 1))
    present = (
        [table.c.deleted_at.is_(None)] if "deleted_at" in table.c else []
    )  # else: never deleted
    wanted = [of_organisation(table), *present, *conditions]
    if query.after is not None:
        wanted.append(_beyond(order, query.after))
    found = select(*columns)
    if query.text is not None:
        found = found.join(search.table_of(resource), search.belongs(resource))
        wanted += [predicate(table, scope), search.is_visible(resource, scope)]
    elif scope.branch_shape is None or query.is_by_key:
        wanted.append(predicate(table, scope))
    else:
        firsts = [
            select(table.c.id).where(*wanted, branch).order_by(*ordered).limit(most).correlate(None)
            for branch in branches(table, scope)
        ]
        wanted = [wanted[0], table.c.id.in_(union_all(*firsts))]
    return found.where(*wanted).order_by(*ordered).limit(most)


def walks_an_index(resource: Resource, query: ListQuery, scope: Scope) -> bool:
    """Whether the page is found by going through one owner's records (and those of teams, each) in the order
    asked for, which an index keeps, looking at plain columns of each. No value makes another plan
    better, so that one may be kept. Whoever sees many owners has a plan that depends on how many."""
    if query.text is not None or query.within or not query.groups or len(scope.owners) != 1:
        return False
    if scope.everything or not (scope.is_plain or scope.branch_shape):
        return False
    if not all(_is_plain(item.field) for group in query.groups for item in group):
        return False
    if len({sort.descending for sort in query.sorts}) != 1:
        return False
    order = tuple(sort.field.name for sort in query.sorts)
    whose = ("owner_id", "team_id") if scope.teams else ("owner_id",)
    return all(_is_kept_in_order(resource.table, owner, order) for owner in whose)


def _is_plain(field: r.Field) -> bool:
    """A column that is compared as it stands, of which no index makes a list of few."""
    return field.where is None and field.kind in r.ORDERED and len(field.columns) == 1


@lru_cache(maxsize=256)
def _is_kept_in_order(table: Table, whose: str, order: tuple[str, ...]) -> bool:
    wanted = ("organisation_id", whose, *order)
    kept = (tuple(str(column.name) for column in index.columns) for index in table.indexes)
    return any(names[: len(wanted)] == wanted for names in kept)


def _best(
    resource: Resource, query: ListQuery, scope: Scope, columns: Sequence[ColumnElement[Any]],
    conditions: Sequence[ColumnElement[bool]],
) -> Select[Any]:  # fmt: skip
    """The best matches of a text alone: ranked among the search rows, only the page's own fetched."""
    table, words = resource.table, search.table_of(resource)
    order = search.rank_sorts(resource)
    most: ColumnElement[int] = literal_column(str(query.limit + 1))
    wanted = [of_organisation(words), search.is_visible(resource, scope), *conditions]
    if query.after is not None:
        wanted.append(_beyond(order, query.after))
    best = (
        select(words.c.id.label("id"), order[0].field.compared.label("rank"))
        .where(*wanted)
        .order_by(*(order_by(sort) for sort in order))
        .limit(most)
        .subquery("best")
    )
    return (
        select(*columns, best.c.rank.label("_sort0"), best.c.id.label("_sort1"))
        .select_from(table.join(best, table.c.id == best.c.id))
        .where(of_organisation(table), table.c.deleted_at.is_(None), predicate(table, scope))
        .order_by(best.c.rank.desc(), best.c.id.desc())
    )


def are_present(table: Table) -> list[ColumnElement[bool]]:
    """Nothing to ask of a log, whose rows are never deleted softly."""
    return [table.c.deleted_at.is_(None)] if "deleted_at" in table.c else []


def how_many(
    resource: Resource, query: ListQuery, scope: Scope, conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    table = resource.table
    wanted = [
        of_organisation(table), *are_present(table), predicate(table, scope), *conditions,
    ]  # fmt: skip
    found = select(func.count().label("total")).select_from(table)
    if query.text is not None:
        found = found.join(search.table_of(resource), search.belongs(resource))
        wanted.append(search.is_visible(resource, scope))
    return found.where(*wanted)


def conditions_of(resource: Resource, query: ListQuery, bind: Binder) -> list[ColumnElement[bool]]:
    """What the filters and the text ask for; their values are left in `bind`."""
    found = []
    for groups in (query.groups, (query.within,)):
        if (grouped := filters.compile_groups(groups, bind)) is not None:
            found.append(grouped)
    if query.text is not None:
        found.append(search.matches(resource, query, query.text, bind))
    return found


def of_organisation(table: Table) -> ColumnElement[bool]:
    found: ColumnElement[bool] = table.c.organisation_id == bindparam("organisation", type_=Uuid)
    return found


def columns_of(resource: Resource, names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [resource.fields[name].shown.label(name) for name in names]


def is_among(sort: Sort, query: ListQuery) -> bool:
    """Whether a shown column holds the exact value that the sort compares."""
    exact = sort.field.kind == r.ID or sort.field.shown is sort.field.compared
    return exact and sort.field.name in query.fields and sort.field.kind not in r.AS_JSON


def sort_values(row: asyncpg.Record, query: ListQuery) -> list[Any]:
    """Where a row stands in the order: from columns of their own, or the shown ones."""
    if not query.sorts:
        return [row["_sort0"], row["_sort1"] if "_sort1" in row else row["id"]]
    return [
        row[own] if (own := f"_sort{index}") in row else row[sort.field.name]
        for index, sort in enumerate(query.sorts)
    ]


def order_by(sort: Sort) -> ColumnElement[Any]:
    """A sort as SQL; nulls stand last."""
    column = sort.field.compared
    ordered = column.desc() if sort.descending else column.asc()
    return ordered.nulls_last() if sort.field.is_nullable else ordered


def after_values(query: ListQuery) -> dict[str, Any]:
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
    alternatives = []
    for index, sort in enumerate(order):
        equal = [
            columns[i].is_(None) if after[i] is None else columns[i] == binds[i]
            for i in range(index)
        ]
        alternatives.append(and_(*equal, _past(sort, columns[index], binds[index], after[index])))
    return or_(*alternatives)


def _past(sort: Sort, column: Any, bind: Any, value: Any) -> ColumnElement[bool]:
    if value is None:  # nothing stands after null
        return column.is_(None) & column.is_not(None)  # type: ignore[no-any-return]
    beyond = column < bind if sort.descending else column > bind
    return or_(beyond, column.is_(None)) if sort.field.is_nullable else beyond
