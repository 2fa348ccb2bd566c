"""Keyset pages: each row once, in order, whatever is written meanwhile."""

import base64
import functools
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import Clients, Organisation
from tests.library.books import all_pages, book, ids, shelve

FIELDS = (
    "subtitle",
    "pages",
    "weight",
    "rating",
    "price",
    "is_lent",
    "printed_on",
    "due_at",
    "author_id",
)
AUTHORS = ("00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002")

some_book = st.fixed_dictionaries(
    {"title": st.sampled_from(["a", "b"])},
    optional={
        "subtitle": st.sampled_from(["x", "y", "é", "书"]),
        "pages": st.sampled_from([-1, 0, 2**40]),
        "weight": st.sampled_from(["0.10", "0.1", "0.12345678901234567891", "7"]),
        "rating": st.sampled_from([0.1, 0.30000000000000004, 1e300]),
        "price": st.sampled_from(
            [{"amount": a, "currency": "CNY"} for a in ("1.00", "999999999.12")]
        ),
        "is_lent": st.booleans(),
        "printed_on": st.sampled_from(["1999-12-31", "2000-01-01"]),
        "due_at": st.sampled_from(["2026-11-22T08:00:00.000001Z", "2026-11-22T08:00:00.000002Z"]),
        "author_id": st.sampled_from(AUTHORS),
    },
)
sorts = st.lists(
    st.tuples(st.sampled_from(("title", *FIELDS)), st.booleans()),
    min_size=1, max_size=4, unique_by=lambda s: s[0],
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    books=st.lists(some_book, max_size=14),
    later=st.lists(some_book, max_size=3),
    order=sorts,
    limit=st.integers(1, 6),
    only_ids=st.booleans(),
)
async def test_paging_sees_each_row_once_while_others_are_written(
    client: Clients, organisation: Organisation, books: list[dict[str, Any]],
    later: list[dict[str, Any]], order: list[tuple[str, bool]], limit: int, only_ids: bool,
) -> None:  # fmt: skip
    mark = str(uuid4())
    rep = client(organisation.rep)
    made = await shelve(rep, [b | {"tags": [mark]} for b in books])
    params: dict[str, Any] = {"tags": mark, "limit": limit, "sort": _spelt(order)}
    if only_ids:
        params["fields"] = "id"
    seen: list[str] = []
    cursor = ""
    while True:
        answer = await rep.get("/v1/books", params=params | {"cursor": cursor})
        assert answer.status_code == 200, answer.text
        seen += ids(answer.json()["data"])
        await shelve(rep, [b | {"tags": [mark]} for b in later])
        later = []
        if (cursor := answer.json()["page"]["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen))
    before = [id for id in seen if id in set(ids(made))]
    assert before == ids(sorted(made, key=functools.cmp_to_key(_by(order))))


def _spelt(order: list[tuple[str, bool]]) -> str:
    return ",".join(("-" if descending else "") + name for name, descending in order)


def _by(order: list[tuple[str, bool]]) -> Any:
    """Nulls last either way; the id decides, in the direction of the last field."""

    def compare(left: dict[str, Any], right: dict[str, Any]) -> int:
        for name, descending in [*order, ("id", order[-1][1])]:
            one, other = _value(left[name]), _value(right[name])
            if one != other and None in (one, other):
                return 1 if one is None else -1
            if one != other:
                return (1 if one > other else -1) * (-1 if descending else 1)
        return 0

    return compare


def _value(shown: Any) -> Any:
    if isinstance(shown, dict):
        return float(shown["amount"])
    return shown.encode() if isinstance(shown, str) else shown


async def test_weights_that_differ_in_the_last_digit_are_all_seen(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    weights = [f"0.1234567890123456789{digit}" for digit in range(8)]
    made = await shelve(rep, [{"title": "x", "weight": weight} for weight in weights])
    seen = await all_pages(rep, {"sort": "weight", "limit": 1})
    assert ids(seen) == ids(made)


async def test_a_page_says_whether_more_follow_and_how_many_there_are(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    await shelve(rep, [{"title": str(n)} for n in range(5)])
    answer = await rep.get("/v1/books", params={"limit": 2, "total": "exact"})
    page = answer.json()["page"]
    assert (page["has_more"], page["total"]) == (True, 5)
    following = await rep.get(answer.headers["link"].partition(">")[0][1:])
    assert following.json()["page"]["has_more"]
    whole = await rep.get("/v1/books", params={"limit": 5})
    assert whole.json()["page"] == {"next_cursor": None, "has_more": False, "total": None}
    assert "link" not in whole.headers


async def test_a_ranked_search_is_paged_to_its_end(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await shelve(rep, [{"title": f"三国演义 {n}"} for n in range(7)])
    for text in ("三国", "sanguo", "sgyy"):
        seen = await all_pages(rep, {"q": text, "limit": 2})
        assert sorted(ids(seen)) == sorted(ids(made)), text


@pytest.mark.parametrize(
    "moving",
    ["due_at[lt]=now", "due_at[lt]=2099-01-01", "updated_at[gte]=-30d", "updated_at[lte]=now"],
)
async def test_a_cursor_goes_on_with_a_relative_date(
    client: Clients, organisation: Organisation, moving: str
) -> None:
    rep = client(organisation.rep)
    await shelve(rep, [{"title": str(n), "due_at": "2020-01-01T00:00:00Z"} for n in range(3)])
    name, _, value = moving.partition("=")
    assert len(await all_pages(rep, {name: value, "limit": 1})) == 3


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"sort": "copies"}, "sort"),
        ({"sort": "nothing"}, "sort"),
        ({"sort": "--title"}, "sort"),
        ({"sort": "title,pages,weight,rating,subtitle,isbn"}, "sort"),
        ({"sort": "title,pages,title,pages,title,pages"}, "sort"),
        ({"fields": "search_text"}, "fields"),
        ({"fields": "organisation_id"}, "fields"),
        ({"include": "readers"}, "include"),
        ({"total": "about"}, "total"),
        ({"cursor": "!"}, "cursor"),
        ({"q": "x" * 201}, "q"),
        ({"colour": "red"}, "colour"),
        ({"pages[near]": "3"}, "pages"),
        ({"pages[gt": "3"}, "pages[gt"),
        ({"deleted_at[is_null]": "false"}, "deleted_at"),
    ],
)
async def test_what_a_list_does_not_take_is_400_and_named(
    client: Clients, organisation: Organisation, params: dict[str, str], field: str
) -> None:
    answer = await client(organisation.rep).get("/v1/books", params=params)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert answer.json()["violations"][0]["pointer"].startswith("/")


async def test_a_cursor_of_another_query_is_refused(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    await shelve(rep, [{"title": str(n)} for n in range(3)])
    first = await rep.get("/v1/books", params={"limit": 1, "sort": "title"})
    cursor = first.json()["page"]["next_cursor"]
    for other in ({"sort": "-title"}, {"sort": "title", "title": "1"}, {"q": "1"}):
        answer = await rep.get("/v1/books", params={"limit": 1, "cursor": cursor, **other})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), other


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.one_of(
        st.lists(st.sampled_from(["today", "abc", "-99999y", None, 1, 1e308, [], {}, True, "\x00"]), max_size=3),
        st.none(), st.integers(0, 9), st.text(),
    ),
    order=st.sampled_from(["due_at", "printed_on", "weight", "author_id", "pages", "is_lent", "title"]),
)  # fmt: skip
async def test_a_forged_cursor_is_never_more_than_refused(
    client: Clients, organisation: Organisation, values: Any, order: str
) -> None:
    rep = client(organisation.rep)
    signature = await _signature(rep, order)
    forged = base64.urlsafe_b64encode(orjson.dumps([signature, 0, values])).decode().rstrip("=")
    answer = await rep.get("/v1/books", params={"limit": 1, "sort": order, "cursor": forged})
    assert answer.status_code in (200, 400), answer.text


async def _signature(rep: httpx.AsyncClient, order: str) -> int:
    first = await rep.get("/v1/books", params={"limit": 1, "sort": order})
    if first.json()["page"]["next_cursor"] is None:
        await shelve(rep, [{"title": "1"}, {"title": "2"}])
        first = await rep.get("/v1/books", params={"limit": 1, "sort": order})
    cursor = first.json()["page"]["next_cursor"]
    found: int = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
    return found


async def test_only_the_fields_asked_for_come_and_the_id_always(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    await book(rep, pages=3)
    answer = await rep.get("/v1/books", params={"fields": "pages,title"})
    assert list(answer.json()["data"][0]) == ["id", "pages", "title"]
