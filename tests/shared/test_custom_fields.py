"""Fields that an organisation adds behave like fields: checked, filtered, sorted, its own."""

from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.library.books import all_pages, book, ids, shelve

DEFINE = """
INSERT INTO custom_fields (organisation_id, id, resource, key, label, kind, options, is_required)
VALUES ($1, $2, 'books', $3, '{}', $4, $5, $6)
"""
KINDS: dict[str, tuple[list[str], list[Any]]] = {
    "text": ([], ["", "a", "红"]),
    "choice": (["red", "green"], ["red", "green"]),
    "choices": (["red", "green"], [[], ["red"], ["red", "green"]]),
    "integer": ([], [-1, 0, 2**52]),
    "number": ([], [-1, 0.5, 2]),
    "boolean": ([], [True, False]),
    "day": ([], ["1999-12-31", "2026-11-22"]),
}
WRONG: dict[str, list[Any]] = {
    "text": [1, [], "x" * 10_001],
    "choice": ["blue", 1, ["red"]],
    "choices": ["red", ["blue"], [1], ["red"] * 101],
    "integer": ["1", 1.5, True, 2**53],
    "number": ["one", True, 1e18, "NaN", []],
    "boolean": ["true", 1],
    "day": ["2026-02-30", "22.11.2026", 20261122],
}


async def _define(
    service: Edge, organisation: Organisation, key: str, kind: str, *, is_required: bool = False
) -> None:
    database: Database = service.state.house.db
    options = orjson.dumps(KINDS[kind][0]).decode()
    async with database.transaction(organisation.id) as connection:
        await connection.execute(DEFINE, organisation.id, new_id(), key, kind, options, is_required)
    service.state.house.custom_fields.forget(organisation.id)


async def _create(client: AsyncClient, custom: dict[str, Any]) -> Any:
    return await client.post("/v1/books", json={"title": "x", "custom": custom})


@pytest.mark.parametrize("kind", KINDS)
async def test_a_value_that_fits_is_kept_shown_and_found(
    client: Clients, organisation: Organisation, service: Edge, kind: str
) -> None:
    await _define(service, organisation, "extra", kind)
    rep = client(organisation.rep)
    empty = await book(rep)
    for value in KINDS[kind][1]:
        made = await _create(rep, {"extra": value})
        assert made.status_code == 201, made.text
        assert made.json()["custom"] == {"extra": value}
        operator, asked = ("has", (value or [""])[0]) if kind == "choices" else ("eq", value)
        filters = [{"field": "custom.extra", "operator": operator, "value": asked}]
        answer = await rep.post("/v1/books/search", json={"filter_groups": [{"filters": filters}]})
        assert answer.status_code == 200, answer.text
        if value != []:
            assert made.json()["id"] in ids(answer.json()["data"])
    nothing = await rep.get("/v1/books", params={"custom.extra[is_null]": "true"})
    assert ids(nothing.json()["data"]) == [empty["id"]]


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind in WRONG for value in WRONG[kind]]
)
async def test_a_value_that_does_not_fit_is_422_and_named(
    client: Clients, organisation: Organisation, service: Edge, kind: str, value: Any
) -> None:
    await _define(service, organisation, "extra", kind)
    answer = await _create(client(organisation.rep), {"extra": value})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["custom.extra"])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "choices"])
async def test_a_list_is_sorted_and_paged_by_such_a_field(
    client: Clients, organisation: Organisation, service: Edge, kind: str
) -> None:
    await _define(service, organisation, "extra", kind)
    rep = client(organisation.rep)
    values = KINDS[kind][1]
    made = await shelve(
        rep, [{"title": "x", "custom": {"extra": v}} for v in values] + [{"title": "x"}]
    )
    for sort, backwards in (("custom.extra", False), ("-custom.extra", True)):
        seen = await all_pages(rep, {"sort": sort, "limit": 1})
        shown = [record["custom"].get("extra") for record in seen]
        ordered = sorted(values, key=lambda v: v.encode() if isinstance(v, str) else v)
        assert shown == [*(reversed(ordered) if backwards else ordered), None]
        assert sorted(ids(seen)) == sorted(ids(made))


async def test_a_field_that_must_have_a_value_is_asked_for(
    client: Clients, organisation: Organisation, service: Edge
) -> None:
    rep = client(organisation.rep)
    old = await book(rep)
    await _define(service, organisation, "needed", "text", is_required=True)
    missing = await rep.post("/v1/books", json={"title": "x"})
    assert list(missing.json()["errors"]) == ["custom.needed"]
    made = (await _create(rep, {"needed": "a"})).json()
    emptied = await rep.patch(f"/v1/books/{made['id']}", json={"custom": {"needed": None}})
    assert emptied.status_code == 422
    renamed = await rep.patch(f"/v1/books/{old['id']}", json={"title": "y"})
    assert renamed.status_code == 200  # what was there before the rule may still be worked with


async def test_a_merge_patch_changes_one_value_and_null_removes_it(
    client: Clients, organisation: Organisation, service: Edge
) -> None:
    for key in ("one", "two"):
        await _define(service, organisation, key, "integer")
    rep = client(organisation.rep)
    made = (await _create(rep, {"one": 1, "two": 2})).json()
    path = f"/v1/books/{made['id']}"
    assert (await rep.patch(path, json={"custom": {"one": 9}})).json()["custom"] == {
        "one": 9,
        "two": 2,
    }
    assert (await rep.patch(path, json={"custom": {"one": None}})).json()["custom"] == {"two": 2}


async def test_the_fields_of_one_organisation_do_not_exist_in_another(
    client: Clients, organisation: Organisation, other_organisation: Organisation, service: Edge
) -> None:
    await _define(service, organisation, "extra", "text")
    stranger = client(other_organisation.rep)
    assert (await _create(stranger, {"extra": "a"})).status_code == 422
    assert (await stranger.get("/v1/books", params={"custom.extra": "a"})).status_code == 400


async def test_one_key_may_be_a_number_here_and_a_text_there(
    client: Clients, organisation: Organisation, other_organisation: Organisation, service: Edge
) -> None:
    await _define(service, organisation, "size", "integer")
    await _define(service, other_organisation, "size", "text")
    ours, theirs = client(organisation.rep), client(other_organisation.rep)
    await shelve(ours, [{"title": "x", "custom": {"size": n}} for n in (2, 10)])
    await shelve(theirs, [{"title": "x", "custom": {"size": n}} for n in ("2", "10")])
    for rep, expected in ((ours, [2, 10]), (theirs, ["10", "2"])):
        seen = await all_pages(rep, {"sort": "custom.size", "limit": 1})
        assert [record["custom"]["size"] for record in seen] == expected
        answer = await rep.get("/v1/books", params={"custom.size[gt]": "10"})
        assert len(answer.json()["data"]) == (1 if expected[0] == "10" else 0)


@pytest.mark.parametrize("key", ["extra' OR true --", "extra", "a.b"])
async def test_a_key_is_never_more_than_a_key(
    client: Clients, organisation: Organisation, service: Edge, key: str
) -> None:
    await _define(service, organisation, key, "text")
    rep = client(organisation.rep)
    await book(rep)
    made = (await _create(rep, {key: "v"})).json()
    filters = [{"field": f"custom.{key}", "operator": "eq", "value": "v"}]
    answer = await rep.post("/v1/books/search", json={"filter_groups": [{"filters": filters}]})
    assert ids(answer.json()["data"]) == [made["id"]]


async def test_a_definition_counts_at_once_even_if_somebody_asked_just_before_its_commit(
    client: Clients, organisation: Organisation, service: Edge
) -> None:
    rep = client(organisation.rep)
    house = service.state.house
    async with house.db.transaction(organisation.id) as connection:
        await connection.execute(DEFINE, organisation.id, new_id(), "extra", "integer", "[]", False)
        house.custom_fields.forget(organisation.id)
        assert (await _create(rep, {"extra": 1})).status_code == 422
    assert (await _create(rep, {"extra": 1})).status_code == 201
