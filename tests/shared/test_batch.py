"""Many writes in one request: one result each, in order, all of them or those that went."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.factories import Clients, Organisation
from tests.library.books import book, shelve

Operation = dict[str, Any]


def _create(**data: Any) -> Operation:
    return {"op": "create", "data": {"title": "x", **data}}


async def _run(client: Any, mode: str, operations: list[Operation], **headers: str) -> Any:
    body = {"mode": mode, "operations": operations}
    return await client.post("/v1/books/batch", json=body, headers=headers)


async def _titles(client: Any) -> list[str]:
    answer = await client.get("/v1/books", params={"limit": 200})
    return sorted(record["title"] for record in answer.json()["data"])


async def test_every_operation_has_a_result_in_order(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    old, gone = await book(rep, title="old"), await book(rep, title="gone")
    own_id = str(uuid7())
    operations: list[Operation] = [
        _create(title="new"),
        {"op": "update", "id": old["id"], "data": {"title": "older"}, "if_match": '"1"'},
        {"op": "delete", "id": gone["id"]},
        {"op": "upsert", "id": own_id, "data": {"title": "brought"}},
        {
            "op": "upsert",
            "match": {"field": "isbn", "value": "1"},
            "data": {"title": "m", "isbn": "1"},
        },
        {"op": "upsert", "match": {"field": "isbn", "value": "1"}, "data": {"pages": 7}},
        {"op": "update", "match": {"field": "isbn", "value": "1"}, "data": {"pages": 8}},
    ]
    answer = await _run(rep, "all_or_nothing", operations)
    results = answer.json()["results"]
    assert [r["status"] for r in results] == [201, 200, 200, 201, 201, 200, 200]
    assert [r["index"] for r in results] == list(range(7))
    assert results[3]["id"] == own_id
    assert results[6]["data"]["pages"] == 8
    assert (await rep.get(f"/v1/books/{old['id']}")).json() == results[1]["data"]
    assert await _titles(rep) == ["brought", "m", "new", "older"]


REFUSED: list[tuple[Operation, int]] = [
    (_create(pages="many"), 422),
    (_create(title="\x00"), 400),
    (_create(isbn="taken"), 409),
    (_create(pages=2**63), 400),
    ({"op": "update", "id": str(uuid7()), "data": {"pages": 1}}, 404),
    ({"op": "update", "data": {"pages": 1}}, 422),
    ({"op": "delete", "match": {"field": "isbn", "value": "none"}}, 422),
    ({"op": "update", "match": {"field": "title", "value": "twin"}, "data": {}}, 409),
]


@pytest.mark.parametrize("mode", ["all_or_nothing", "independent"])
@pytest.mark.parametrize(("refused", "status"), REFUSED)
async def test_a_refusal_takes_all_with_it_or_only_itself(
    client: Clients, organisation: Organisation, mode: str, refused: Operation, status: int
) -> None:
    rep = client(organisation.rep)
    await shelve(rep, [{"title": "twin"}, {"title": "twin"}, {"title": "t", "isbn": "taken"}])
    before = await _titles(rep)
    answer = await _run(rep, mode, [_create(title="first"), refused, _create(title="last")])
    whole = mode == "all_or_nothing"
    assert answer.status_code == (422 if whole else 200), answer.text
    results = answer.json()["results"]
    assert [r["status"] for r in results] == [201, status, 201]
    assert results[1]["problem"]["status"] == status
    assert answer.json()["succeeded"] == (0 if whole else 2)
    assert answer.json()["failed"] == 1
    assert await _titles(rep) == (before if whole else sorted([*before, "first", "last"]))


async def test_a_stale_version_shows_the_record_in_its_result(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, pages=1)
    await rep.patch(f"/v1/books/{made['id']}", json={"pages": 2})
    stale = {"op": "update", "id": made["id"], "if_match": '"1"', "data": {"pages": 9}}
    for mode in ("independent", "all_or_nothing"):
        result = (await _run(rep, mode, [stale])).json()["results"][0]
        assert result["status"] == 412
        assert result["problem"]["differs"] == ["pages"]
        assert result["problem"]["current"] == (await rep.get(f"/v1/books/{made['id']}")).json()


async def test_one_may_not_write_in_a_batch_what_one_may_not_write_alone(
    client: Clients, organisation: Organisation
) -> None:
    shy = organisation.rep.but(permissions=("books:read", "books:create"))
    assert (await _run(client(shy), "independent", [_create()])).status_code == 200
    for operation in (
        {"op": "upsert", "id": str(uuid7()), "data": {}},
        {"op": "delete", "id": str(uuid7())},
    ):
        assert (await _run(client(shy), "independent", [operation])).status_code == 403
    theirs = await book(client(organisation.other_rep))
    for operation in ("update", "delete"):
        item = {"op": operation, "id": theirs["id"], "data": {"pages": 1}}
        answer = await _run(client(organisation.rep), "independent", [item])
        assert answer.json()["results"][0]["status"] == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operations": []},
        {"operations": [{"op": "create", "data": {}}] * 1001},
        {"operations": [{"op": "merge"}]},
        {"operations": [{"op": "update", "id": "x"}]},
        {"operations": [{"op": "update", "if_match": 'W/"1"'}]},
        {"mode": "most", "operations": [{"op": "create", "data": {}}]},
        {"operations": [{"op": "create", "data": [], "x": 1}]},
    ],
)
async def test_a_batch_that_is_none_is_422(
    client: Clients, organisation: Organisation, body: dict[str, Any]
) -> None:
    answer = await client(organisation.rep).post("/v1/books/batch", json=body)
    assert answer.status_code == 422, answer.text


async def test_a_thousand_operations_fit(client: Clients, organisation: Organisation) -> None:
    rep = client(organisation.rep)
    made = await shelve(rep, ({"title": str(n)} for n in range(1000)))
    assert [record["title"] for record in made] == [str(n) for n in range(1000)]


async def test_a_repeated_batch_is_replayed(client: Clients, organisation: Organisation) -> None:
    rep, key = client(organisation.rep), {"idempotency-key": str(uuid7())}
    first = await _run(rep, "independent", [_create()], **key)
    again = await _run(rep, "independent", [_create()], **key)
    assert again.content == first.content
    assert await _titles(rep) == ["x"]
