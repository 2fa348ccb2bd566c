"""What a batch's `match` means to somebody: the records that they see, and no word of others."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation

CASES = [
    ("/v1/contacts", "email", {"emails": [{"address": "wei@example.com"}]}, "wei@example.com"),
    ("/v1/accounts", "domain", {"domain": "acme.example"}, "acme.example"),
]


async def _run(client: Any, path: str, op: str, field: str, value: str) -> dict[str, Any]:
    one = {"op": op, "match": {"field": field, "value": value}, "data": {"source": "fair"}}
    one["data"] = {"name": "张伟", **one["data"]} if op == "upsert" else one["data"]
    answer = await client.post(f"{path}/batch", json={"mode": "independent", "operations": [one]})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["results"][0]
    return result


@pytest.mark.parametrize(("path", "field", "data", "value"), CASES)
async def test_a_record_of_somebody_else_matches_nothing(
    client: Clients, organisation: Organisation, path: str, field: str,
    data: dict[str, Any], value: str,
) -> None:  # fmt: skip
    rep, other = client(organisation.rep), client(organisation.other_rep)
    theirs = (await other.post(path, json={"name": "theirs", **data})).json()

    updated = await _run(rep, path, "update", field, value)
    unknown = await _run(rep, path, "update", field, "nobody.example")
    upserted = await _run(rep, path, "upsert", field, value)

    assert theirs["id"] not in str([updated, upserted])
    assert updated["problem"]["errors"] == unknown["problem"]["errors"]
    assert upserted["status"] == 201
    assert (await other.get(f"{path}/{theirs['id']}")).json() == theirs


@pytest.mark.parametrize(("path", "field", "data", "value"), CASES)
async def test_ones_own_is_found_among_many_of_others(
    client: Clients, organisation: Organisation, path: str, field: str,
    data: dict[str, Any], value: str,
) -> None:  # fmt: skip
    rep, other = client(organisation.rep), client(organisation.other_rep)
    for _ in range(6):
        assert (await other.post(path, json={"name": "theirs", **data})).status_code == 201
    mine = (await rep.post(path, json={"name": "mine", **data})).json()

    result = await _run(rep, path, "update", field, value)

    assert (result["status"], result["data"]["id"]) == (200, mine["id"])
