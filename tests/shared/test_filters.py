"""Every operator of every kind of field, held against a plain loop over the same rows."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from guanxi_shared.edge import Edge
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Clock, condition, relative_day
from guanxi_shared.resources import OPERATORS
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_events,
    new_organisation,
)
from tests.library.app import BOOK
from tests.library.books import all_pages, ids, shelve
from tests.stand_in import GatewayStandIn

Record = dict[str, Any]
AUTHORS = [str(UUID(int=n)) for n in (1, 2, 3)]
VALUES: dict[str, list[Any]] = {
    "title": ["Walden", "walden 2", "100%", "a_b", "红楼梦", "back\\slash", "Émile"],
    "subtitle": [None, "", "On Walden", "第一回"],
    "pages": [None, -3, 0, 1, 2**53],
    "weight": [None, "0.5", "0.50", "12.25"],
    "rating": [None, 0.1, 4.5],
    "price": [
        None,
        {"amount": "0.00", "currency": "CNY"},
        {"amount": "59.80", "currency": "CNY"},
        {"amount": "59.80", "currency": "EUR"},
    ],
    "is_lent": [None, True, False],
    "printed_on": [None, "1999-12-31", "2000-02-29", "2024-01-01"],
    "due_at": [None, "2026-11-21T16:00:00Z", "2026-11-21T15:59:59Z", "2030-01-01T00:00:00Z"],
    "author_id": [None, *AUTHORS],
    "tags": [[], ["a"], ["a", "b"], ["红"]],
    "reader_ids": [[], AUTHORS[:1], AUTHORS[:2]],
    "copies": [[], [{"shelf": "A1", "state": "good"}], [{"shelf": "A1"}, {"shelf": "B2"}]],
}
ASKED: dict[str, list[Any]] = {
    "title": ["walden", "Walden", "%", "_", "\\", "梦", "é", ""],
    "subtitle": ["On Walden", "on", "第", ""],
    "pages": ["0", "1", str(2**53), "-3"],
    "weight": ["0.5", "12.250", "-1"],
    "rating": ["0.1", "4.5", "3"],
    "price": ["59.8", "0", "1e2"],
    "is_lent": ["true", "false"],
    "printed_on": ["2000-02-29", "1999-12-31", "2001-01-01"],
    "due_at": ["2026-11-21T16:00:00Z", "2026-11-22T00:00:00+08:00", "2026-11-22"],
    "author_id": [*AUTHORS, str(UUID(int=9))],
    "tags": ["a", "b", "红", "c"],
    "reader_ids": AUTHORS,
    "copies": ["A1", "B2", "good", "Z9"],
}
CASES = [
    (name, operator)
    for name in VALUES
    for operator in sorted(OPERATORS[BOOK.fields[name].kind] - {"in", "nin"})
]
MANY = [
    (name, operator)
    for name in VALUES
    for operator in ("in", "nin")
    if operator in OPERATORS[BOOK.fields[name].kind]
]


@pytest.fixture(scope="module")
async def shelf(
    library: Edge, gateway_stand_in: GatewayStandIn
) -> tuple[httpx.AsyncClient, list[Record]]:
    """A reader and sixty books in which every value of VALUES occurs."""
    organisation = new_organisation(also=("books",))
    await apply_to_directory(library.state.house.db, directory_events(organisation))
    rep = Clients(library, gateway_stand_in)(organisation.rep)
    chance = random.Random(7)
    books = [
        {
            name: chosen
            for name, values in VALUES.items()
            if (chosen := chance.choice(values)) is not None
        }
        for _ in range(60)
    ]
    return rep, await shelve(rep, books)


@pytest.mark.parametrize(("name", "operator"), CASES)
async def test_an_operator_finds_what_a_plain_loop_finds(
    shelf: tuple[httpx.AsyncClient, list[Record]], name: str, operator: str
) -> None:
    rep, books = shelf
    for asked in ["true", "false"] if operator == "is_null" else ASKED[name]:
        expected = [
            b["id"]
            for b in books
            if HOLDS[operator](_stored(name, b), _asked(name, operator, asked))
        ]
        found = await all_pages(rep, {f"{name}[{operator}]": asked, "limit": 200})
        assert sorted(ids(found)) == sorted(expected), asked
        document = {"field": name, "operator": operator, "value": asked}
        searched = await _search(rep, [[document]])
        assert sorted(searched) == sorted(expected), asked


@pytest.mark.parametrize(("name", "operator"), MANY)
async def test_several_values_are_any_of_them(
    shelf: tuple[httpx.AsyncClient, list[Record]], name: str, operator: str
) -> None:
    rep, books = shelf
    for wanted in (ASKED[name][:1], ASKED[name][:3]):
        values = [_asked(name, operator, w) for w in wanted]
        expected = [b["id"] for b in books if _any_of(_stored(name, b), values, operator)]
        found = await all_pages(rep, {f"{name}[{operator}]": ",".join(wanted), "limit": 200})
        assert sorted(ids(found)) == sorted(expected)
        searched = await _search(rep, [[{"field": name, "operator": operator, "value": wanted}]])
        assert sorted(searched) == sorted(expected)


async def test_a_repeated_parameter_means_any_of_them(
    shelf: tuple[httpx.AsyncClient, list[Record]],
) -> None:
    rep, books = shelf
    answer = await rep.get("/v1/books?pages=0&pages=1&limit=200")
    expected = [b["id"] for b in books if b["pages"] in (0, 1)]
    assert sorted(ids(answer.json()["data"])) == sorted(expected)


async def test_groups_are_alternatives_and_filters_add_up(
    shelf: tuple[httpx.AsyncClient, list[Record]],
) -> None:
    rep, books = shelf
    thin = {"field": "pages", "operator": "lte", "value": 1}
    lent = {"field": "is_lent", "operator": "eq", "value": True}
    tagged = {"field": "tags", "operator": "has", "value": "a"}
    found = await _search(rep, [[thin, lent], [tagged]])
    expected = [
        b["id"] for b in books
        if (b["pages"] is not None and b["pages"] <= 1 and b["is_lent"]) or "a" in b["tags"]
    ]  # fmt: skip
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("groups", [[], [[]], [[], []]])
async def test_a_group_without_filters_holds_for_everything(
    shelf: tuple[httpx.AsyncClient, list[Record]], groups: list[list[Any]]
) -> None:
    rep, books = shelf
    assert sorted(await _search(rep, groups)) == sorted(ids(books))


async def test_an_alternative_without_filters_holds_for_everything(
    shelf: tuple[httpx.AsyncClient, list[Record]],
) -> None:
    rep, books = shelf
    thin = {"field": "pages", "operator": "eq", "value": 0}
    assert sorted(await _search(rep, [[thin], []])) == sorted(ids(books))


async def test_money_is_filtered_by_amount_and_by_currency(
    shelf: tuple[httpx.AsyncClient, list[Record]],
) -> None:
    rep, books = shelf
    found = await all_pages(rep, {"price.currency": "EUR", "price[gte]": "59.80", "limit": 200})
    wanted = [b["id"] for b in books if b["price"] == {"amount": "59.80", "currency": "EUR"}]
    assert sorted(ids(found)) == sorted(wanted)


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("pages", "eq", "many"),
        ("pages", "eq", str(2**63)),
        ("pages", "eq", True),
        ("pages", "eq", 1.5),
        ("pages", "gt", None),
        ("pages", "in", {}),
        ("pages", "in", [[1]]),
        ("weight", "eq", "NaN"),
        ("weight", "eq", "1e999"),
        ("price", "gte", "-Infinity"),
        ("is_lent", "eq", "maybe"),
        ("printed_on", "gt", "2023-02-29"),
        ("printed_on", "gt", "-99999y"),
        ("printed_on", "gt", "+99999m"),
        ("due_at", "gt", "9999-12-31T23:59:59-12:00"),
        ("due_at", "gt", "0001-01-01T00:00:00+14:00"),
        ("due_at", "gt", "yesterdays"),
        ("due_at", "gt", "next_century"),
        ("author_id", "eq", "me"),
        ("title", "contains", "\x00"),
        ("title", "eq", 7),
        ("title", "eq", "\ud800"),
        ("title", "is_null", "perhaps"),
        ("copies", "has", {}),
    ],
)
async def test_a_value_that_does_not_fit_is_400_and_names_the_field(
    client: Clients, organisation: Organisation, field: str, operator: str, value: Any
) -> None:
    body = {
        "filter_groups": [{"filters": [{"field": field, "operator": operator, "value": value}]}]
    }
    rep = client(organisation.rep, **{"content-type": "application/json"})
    answer = await rep.post("/v1/books/search", content=json.dumps(body).encode())
    assert answer.status_code == 400, answer.text
    if value != "\ud800":  # no JSON parser need take that
        assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    "document",
    [
        [],
        "all",
        {"filters": []},
        {"filter_groups": {}},
        {"filter_groups": [[]]},
        {"filter_groups": [{"filters": [{"field": "title"}]}]},
        {
            "filter_groups": [
                {"filters": [{"field": "title", "operator": "eq", "value": 1, "x": 1}]}
            ]
        },
        {"filter_groups": [{"filters": [], "or": []}]},
        {"filter_groups": [{"filters": [{"field": [], "operator": {}, "value": 1}]}]},
        {
            "filter_groups": [
                {"filters": [{"field": "pages", "operator": "in", "value": [1] * 1001}]}
            ]
        },
        {"filter_groups": [{"filters": [{"field": "pages", "operator": "eq", "value": 1}] * 51}]},
        {"sorts": "title"},
        {"sorts": [1]},
        {"fields": {"title": True}},
        {"limit": "x"},
        {"limit": 10**18},
        {"limit": True},
        {"limit": 1.5},
        {"cursor": 7},
        {"query": 7},
        {"query": ["a"]},
        {"total": True},
    ],
)
async def test_a_search_document_that_is_none_is_refused(
    client: Clients, organisation: Organisation, document: Any
) -> None:
    rep = client(organisation.rep)
    answer = await rep.post("/v1/books/search", content=_dumped(document))
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def _dumped(document: Any) -> bytes:
    return json.dumps(document).encode()


NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
SHANGHAI = Clock(now=NOW, zone=ZoneInfo("Asia/Shanghai"))  # already the 23rd there, a Monday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2026-11-23"),
        ("yesterday", "2026-11-22"),
        ("tomorrow", "2026-11-24"),
        ("-30d", "2026-10-24"),
        ("+2w", "2026-12-07"),
        (" 2w", "2026-12-07"),
        ("-1m", "2026-10-23"),
        ("+3m", "2027-02-23"),
        ("-1y", "2025-11-23"),
        ("this_week", "2026-11-23"),
        ("last_week", "2026-11-16"),
        ("this_month", "2026-11-01"),
        ("next_month", "2026-12-01"),
        ("this_quarter", "2026-10-01"),
        ("last_quarter", "2026-07-01"),
        ("next_quarter", "2027-01-01"),
        ("this_year", "2026-01-01"),
        ("next_year", "2027-01-01"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_a_relative_day_is_counted_in_the_organisations_zone(text: str, day: str) -> None:
    found = condition("printed_on", "eq", text, BOOK.fields, SHANGHAI)
    assert found.value == date.fromisoformat(day)
    instant = condition("due_at", "gte", text, BOOK.fields, SHANGHAI)
    assert instant.value == datetime.fromisoformat(f"{day}T00:00:00+08:00")


@pytest.mark.parametrize(
    ("today", "text", "day"),
    [
        ("2024-03-31", "-1m", "2024-02-29"),
        ("2023-03-31", "-1m", "2023-02-28"),
        ("2024-02-29", "+1y", "2025-02-28"),
        ("2026-12-31", "+2m", "2027-02-28"),
        ("2026-01-31", "-2m", "2025-11-30"),
        ("2026-12-15", "+12m", "2027-12-15"),
    ],
)
def test_a_month_that_is_too_short_ends_on_its_last_day(today: str, text: str, day: str) -> None:
    assert relative_day(text, date.fromisoformat(today)) == date.fromisoformat(day)


def test_midnight_is_the_first_moment_of_a_day_that_lacks_it() -> None:
    beirut = Clock(now=datetime(2026, 3, 29, 12, tzinfo=UTC), zone=ZoneInfo("Asia/Beirut"))
    before, after = beirut.midnight(date(2026, 3, 29)), beirut.midnight(date(2026, 3, 30))
    assert after - before == timedelta(hours=23)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(Malformed) as refused:
        condition("colour", "eq", "red", BOOK.fields, SHANGHAI)
    assert "colour" in refused.value.errors


async def _search(rep: httpx.AsyncClient, groups: list[list[Any]]) -> list[str]:
    document = {"filter_groups": [{"filters": group} for group in groups], "limit": 200}
    answer = await rep.post("/v1/books/search", json=document)
    assert answer.status_code == 200, answer.text
    return ids(answer.json()["data"])


def _stored(name: str, record: Record) -> Any:
    return _comparable(name, record[name])


def _asked(name: str, operator: str, text: str) -> Any:
    return text == "true" if operator == "is_null" else _comparable(name, text)


def _comparable(name: str, value: Any) -> Any:
    if value is None or name in ("tags", "reader_ids", "copies"):
        return value
    if name == "due_at":
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    if name in ("pages", "weight", "rating"):
        return float(value)
    if name == "price":
        return Decimal(value["amount"] if isinstance(value, dict) else value)
    if name == "is_lent":
        return value in (True, "true")
    return value


def _any_of(stored: Any, wanted: list[Any], operator: str) -> bool:
    if isinstance(stored, list):
        return any(item in wanted for item in stored)
    return (stored in wanted) == (operator == "in")


def _holds_all(stored: Any, wanted: Any) -> bool:
    if isinstance(stored, list):
        return any(
            wanted == (item.get("shelf") if isinstance(item, dict) else item) for item in stored
        )
    return bool(stored == wanted) and stored is not None


def _contains(stored: Any, wanted: str) -> bool:
    if isinstance(stored, list):
        return any(wanted.lower() in orjson.dumps(item).decode().lower() for item in stored)
    return stored is not None and wanted.lower() in stored.lower()


HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _holds_all,
    "has": _holds_all,
    "ne": lambda s, w: s is None or s != w,
    "gt": lambda s, w: s is not None and _key(s) > _key(w),
    "gte": lambda s, w: s is not None and _key(s) >= _key(w),
    "lt": lambda s, w: s is not None and _key(s) < _key(w),
    "lte": lambda s, w: s is not None and _key(s) <= _key(w),
    "contains": _contains,
    "starts_with": lambda s, w: s is not None and s.lower().startswith(w.lower()),
    "is_null": lambda s, w: (s is None) == w,
}


def _key(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value
