"""Fields whose meaning is looked up before they are compared, and conditions that are the route's."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from guanxi_shared import filters, pages
from guanxi_shared import resources as r
from guanxi_shared.calls import Call
from guanxi_shared.filters import Binder, Clock, Condition
from guanxi_shared.reads import page_of, prepared
from guanxi_shared.resources import Field, looked_up
from guanxi_shared.visibility import EVERYTHING, Scope
from tests.factories import Clients, Organisation
from tests.library.app import BOOK
from tests.library.tables import BOOKS

CLOCK = Clock(datetime(2026, 11, 22, tzinfo=UTC), ZoneInfo("UTC"))


def unprepared(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    raise AssertionError("not looked up")


async def by_shelf(asker: dict[str, str], item: Condition) -> Condition:
    """The asker's shelf says by which column a book is found."""
    column = BOOKS.c[asker[item.value]]

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = column == bind("x", column.type)
        return found

    return replace(item, field=replace(item.field, where=where, shape=column.name, prepare=None))


SHELF: Field = looked_up("shelf", r.TEXT, BOOKS, unprepared, prepare=by_shelf)


async def test_what_is_looked_up_is_part_of_the_statements_shape() -> None:
    asked = ((filters.condition("shelf", "eq", "upper", {"shelf": SHELF}, CLOCK),),)
    by_title = await filters.prepared({"upper": "title"}, asked)
    by_subtitle = await filters.prepared({"upper": "subtitle"}, asked)
    texts = [str(filters.compile_groups(groups, Binder())) for groups in (by_title, by_subtitle)]
    assert texts == ["books.title = :v0", "books.subtitle = :v0"]
    assert filters.shape_of(by_title) != filters.shape_of(by_subtitle)
    plain = ((filters.condition("title", "eq", "x", BOOK.fields, CLOCK),),)
    assert await filters.prepared({}, plain) is plain


async def test_a_cursor_outlives_what_is_looked_up_and_the_routes_own_conditions() -> None:
    fields = {**BOOK.fields, "shelf": SHELF}
    query = pages.from_query_string(b"shelf=upper&limit=1", BOOK, fields, CLOCK)
    found = await prepared({"upper": "title"}, query)  # type: ignore[arg-type]
    own = filters.condition("title", "eq", "x", BOOK.fields, CLOCK)
    cursor = pages.next_cursor(replace(found, within=(own,)), [str(uuid4())])
    raw = f"shelf=upper&limit=1&cursor={cursor}".encode()
    assert pages.from_query_string(raw, BOOK, fields, CLOCK).after is not None


async def test_what_a_route_demands_holds_whatever_is_asked_for(
    client: Clients, organisation: Organisation, library: Any, gateway_stand_in: Any
) -> None:
    rep = client(organisation.rep)
    for title in ("a", "b", "c"):
        assert (await rep.post("/v1/books", json={"title": title})).status_code == 201
    call = await _call(library, gateway_stand_in, organisation)
    own = filters.condition("title", "in", ["a", "b"], BOOK.fields, CLOCK)
    titles = {}
    for raw in (b"total=exact", b"title=a&total=exact", b"title=c&total=exact"):
        query = pages.from_query_string(raw, BOOK, BOOK.fields, CLOCK)
        rows, _, total = await page_of(call, BOOK, replace(query, within=(own,)))
        titles[raw] = (sorted(row["title"] for row in rows), total)
    assert list(titles.values()) == [(["a", "b"], 2), (["a"], 1), ([], 0)]


async def _call(library: Any, gateway: Any, organisation: Organisation) -> Call:
    house = library.state.house
    by = await house.verifier.verify(gateway.sign(organisation.rep.grant))
    return Call(None, house, by)  # type: ignore[arg-type]


def test_one_more_team_is_seen_by_whoever_does_not_see_everything() -> None:
    team, owner = uuid4(), uuid4()
    scope = Scope(owners=(owner,)).and_team(team)
    assert scope.covers(id=uuid4(), owner_id=None, team_id=team)
    assert not scope.covers(id=uuid4(), owner_id=None, team_id=None)
    assert EVERYTHING.and_team(team) is EVERYTHING
