"""Text search as SQL: what `text.classify_query` found out about a query, over the search rows.

What a record is found by lies in a table of its own, `<table>_search`: entering its words and
trigrams anew costs more than all the rest of a write, and most changes touch none of them. Owner,
team, tags and deletion are copied there, so that one index serves "张 among my own records".
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    Table,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import resources as r
from guanxi_shared.filters import Binder
from guanxi_shared.pages import ListQuery, Sort
from guanxi_shared.resources import Field, Resource, Where
from guanxi_shared.respelling import NOTHING, Part
from guanxi_shared.text import SearchQuery, classify_query, escape_like
from guanxi_shared.visibility import Scope, predicate

HEAD: Final = 400  # characters of what a record is found by that are compared with the query


def table_of(resource: Resource) -> Table:
    if resource.search is None:
        raise TypeError(f"{resource.name} has no text search")
    return resource.search


def belongs(resource: Resource) -> ColumnElement[bool]:
    """A record and its search row."""
    table, words = resource.table, table_of(resource)
    return and_(words.c.organisation_id == table.c.organisation_id, words.c.id == table.c.id)


def is_visible(resource: Resource, scope: Scope) -> ColumnElement[bool]:
    """The visibility rule over the copies, which narrow the index; the record itself decides."""
    words = table_of(resource)
    return and_(words.c.deleted_at.is_(None), predicate(words, scope))


def found_in(table: Table, words: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Records of a table whose search row fits."""
    rows = (
        select(words.c.id)
        .where(words.c.organisation_id == table.c.organisation_id, condition)
        .correlate(table)
    )
    return table.c.id.in_(rows)


def keyed(table: Table, words: Table, keys: BindParameter[Any]) -> ColumnElement[bool]:
    """Records of a table that have one of these match keys: few, by an index, whatever the keys are.

    The plan is the same whether Postgres knows the keys or not, so that it may be kept (see
    `Field.finds_few`): within a subselect it cannot look at them. The ids found are an array, which
    counts as few: each record by its id, instead of the caller's records one after the other until
    one fits. The statement binds `organisation`.
    """
    return _keyed(table, words, keys.key)


@lru_cache(maxsize=256)
def _keyed(table: Table, words: Table, name: str) -> ColumnElement[bool]:
    """Kept by the parameter's name: putting it together takes as long as Postgres takes to answer it."""
    keys: BindParameter[Any] = bindparam(name, type_=ARRAY(Text))
    rows = (
        select(words.c.id)
        .where(
            words.c.organisation_id == bindparam("organisation", type_=Uuid),
            words.c.match_keys.op("&&")(select(keys).scalar_subquery()),
        )
        .correlate(None)
    )
    found: ColumnElement[bool] = table.c.id == any_(func.array(rows.scalar_subquery()))
    return found


def tagged(table: Table, words: Table) -> Where:
    """How the field `tags` is compared: by the copy in the search row, which is indexed."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        if operator == "is_null":
            return table.c.tags.is_(None) if value else table.c.tags.is_not(None)
        compare = "&&" if operator == "in" else "@>"
        return found_in(table, words, words.c.tags.op(compare)(bind(value, ARRAY(Text))))

    return where


def matches(
    resource: Resource, query: ListQuery, text: str, bind: Binder
) -> ColumnElement[bool]:  # fmt: skip
    """Rows that hold every word of the query's text, or a phone number that holds its digits.

    A fuzzy one allows typing mistakes instead: what the text is without them where the resource knows
    its words, else word similarity above the pool's threshold. What the ranking goes by is bound under
    names of its own (`search_text`, …).
    """
    asked, table = classify_query(text), table_of(resource)
    if query.is_fuzzy and resource.respell is not None:
        respelt = query.respelt or NOTHING
        _bind_rank(bind, respelt.text, [part.pieces[0] for part in respelt.parts])
        held = [_holds(table, part, bind) for part in respelt.parts]
        return and_(*held) if held else false()
    _bind_rank(bind, asked.text, asked.grams, asked.patterns)
    if query.is_fuzzy:
        if not asked.fuzzy:
            return false()
        similar: ColumnElement[bool] = bindparam("search_text", type_=Text).op("<%")(
            table.c.search_text
        )
        return similar
    found = []
    if asked.grams or asked.patterns:
        found.append(_words(table, asked, bind))
    if asked.digits:
        found.append(table.c.search_digits.like(bind(f"%{asked.digits}%", Text)))
    return or_(*found) if found else false()


def _bind_rank(
    bind: Binder, text: str, pieces: Sequence[str], patterns: Sequence[str] = ()
) -> None:
    own = escape_like(text)
    bind.values |= {
        "search_text": text, "search_prefix": f"{own}%", "search_within": f"%{own}%",
        "search_starts": f"% {own}%", "search_whole": f"% {own} %",
        "search_inside": [*patterns, *(f"%{escape_like(piece)}%" for piece in pieces)],
    }  # fmt: skip


def _holds(table: Table, part: Part, bind: Binder) -> ColumnElement[bool]:
    """Pieces too short for trigrams are elements of an array first, and counted in what that leaves."""
    held = [_contains(table, bind(f"%{escape_like(piece)}%", Text)) for piece in part.pieces]
    if not part.are_grams:
        return or_(*held)
    pieces = bind(list(part.pieces), ARRAY(Text))
    any_of_them: ColumnElement[bool] = table.c.search_grams.op("&&")(pieces)
    if part.at_least == 1:
        return any_of_them
    count: ColumnElement[int] = sum(
        (case((each, 1), else_=0) for each in held), literal_column("0")
    )
    return and_(any_of_them, count >= part.at_least)


def _contains(table: Table, pattern: BindParameter[Any]) -> ColumnElement[bool]:
    columns = [table.c[name] for name in ("search_text", "search_body") if name in table.c]
    return or_(*(column.like(pattern) for column in columns))


def _words(table: Table, asked: SearchQuery, bind: Binder) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = []
    if asked.grams:
        grams = bind(list(asked.grams), ARRAY(Text))
        parts.append(table.c.search_grams.op("@>")(grams))
    parts += [_contains(table, bind(pattern, Text)) for pattern in asked.patterns]
    return and_(*parts)


def shape_of(query: ListQuery) -> tuple[Any, ...] | None:
    """What the text of `matches` depends on."""
    if query.text is None:
        return None
    asked = classify_query(query.text)
    respelt = query.respelt.shape if query.respelt is not None else None
    return (
        query.is_fuzzy, asked.fuzzy, bool(asked.grams), len(asked.patterns), bool(asked.digits), respelt,
    )  # fmt: skip


def rank_sorts(resource: Resource) -> tuple[Sort, Sort]:
    """Best first: names that begin with the text, then the most similar, then the shorter.

    Where the body lies apart, all that is found there alone comes after what is found by name, the latest
    first: with a word that is in every text only names are measured."""
    table = table_of(resource)
    begins = case((_like(table.c.search_text, "search_prefix"), 2.0), else_=0.0)
    shortness = 1.0 / (10.0 + cast(func.length(table.c.search_text), Float))
    best: ColumnElement[Any] = begins + _similarity(table) + shortness
    if "search_body" in table.c:
        best = case((_holds_all(table), best), else_=0.0)
    rank = Field("_rank", r.NUMBER, begins, cast(best, Float), (), is_nullable=False)
    identity = Field("id", r.ID, table.c.id, table.c.id, ("id",), is_nullable=False)
    return Sort(rank, True), Sort(identity, True)


def _similarity(table: Table) -> ColumnElement[Any]:
    """How near what a record is found by comes to the text: 1 for a word of it, less for the beginning of
    one, for a part, and for all of its words apart. Of a long one its beginning counts, where the names are.

    What holds every word as it is typed need not be measured, and that is what nearly all searches find:
    to look at it takes 1 µs for 75 characters, word similarity 12 µs, and 110 µs for 400. Words are told apart by
    blanks on both sides: one pattern for each question takes a third of the time of one for each kind of edge.
    """
    head = func.left(table.c.search_text, HEAD)
    words = literal_column("' '").op("||")(
        func.replace(head, literal_column("E'\\n'"), literal_column("' '"))
    )
    words = words.op("||")(literal_column("' '"))
    measured = func.word_similarity(bindparam("search_text", type_=Text), head)
    held = case(
        (not_(_like(head, "search_within")), 0.25),
        (_like(words, "search_whole"), 1.0),
        (_like(words, "search_starts"), 0.75),
        else_=0.5,
    )
    return case((_holds_all(table), held), else_=cast(measured, Float))


def _holds_all(table: Table) -> ColumnElement[bool]:
    inside = all_(bindparam("search_inside", type_=ARRAY(Text)))
    found: ColumnElement[bool] = table.c.search_text.bool_op("LIKE")(inside)
    return found


def _like(text: ColumnElement[str], name: str) -> ColumnElement[bool]:
    return text.like(bindparam(name, type_=Text))
