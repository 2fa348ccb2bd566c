"""Custom fields: defined by an admin, then like any other field."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation


async def defined(client: Clients, organisation: Organisation, **fields: Any) -> dict[str, Any]:
    sent = {"resource": "accounts", "label": {"en": "Label"}, **fields}
    answer = await client(organisation.admin).post("/v1/fields", json=sent)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


KINDS: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("text", {}, "hello", 5),
    ("integer", {}, 42, "42"),
    ("number", {}, 1.5, True),
    ("boolean", {}, True, "true"),
    ("day", {}, "2026-11-22", "2026-02-30"),
    ("choice", {"options": ["A", "B"]}, "A", "C"),
    ("choices", {"options": ["A", "B"]}, ["B", "A"], ["C"]),
]


@pytest.mark.parametrize(("kind", "more", "good", "bad"), KINDS)
async def test_each_kind_takes_its_values_and_refuses_others(
    client: Clients,
    organisation: Organisation,
    kind: str,
    more: dict[str, Any],
    good: Any,
    bad: Any,
) -> None:
    await defined(client, organisation, key="own", kind=kind, **more)
    rep = client(organisation.rep)
    kept = await rep.post("/v1/accounts", json={"name": "x", "custom": {"own": good}})
    assert kept.status_code == 201, kept.text
    assert kept.json()["custom"] == {"own": good}
    refused = await rep.post("/v1/accounts", json={"name": "x", "custom": {"own": bad}})
    assert refused.status_code == 422
    assert "custom.own" in refused.json()["errors"]
    operator = "has" if kind == "choices" else "eq"
    value = good[0] if kind == "choices" else good
    found = await rep.post(
        "/v1/accounts/search",
        json={
            "filter_groups": [
                {"filters": [{"field": "custom.own", "operator": operator, "value": value}]}
            ]
        },
    )
    assert found.status_code == 200, found.text
    assert [row["id"] for row in found.json()["data"]] == [kept.json()["id"]]


async def test_a_number_is_sorted_as_a_number(client: Clients, organisation: Organisation) -> None:
    await defined(client, organisation, key="score", kind="number")
    rep = client(organisation.rep)
    for score in (9, 10, 1.5):
        await rep.post("/v1/accounts", json={"name": str(score), "custom": {"score": score}})
    found = await rep.get(
        "/v1/accounts", params={"sort": "-custom.score", "custom.score[gte]": "1.5"}
    )
    assert [row["name"] for row in found.json()["data"]] == ["10", "9", "1.5"]


async def test_a_required_field_must_have_a_value_from_then_on(
    client: Clients, organisation: Organisation
) -> None:
    await defined(client, organisation, key="must", kind="text", is_required=True)
    rep = client(organisation.rep)
    assert (await rep.post("/v1/accounts", json={"name": "x"})).status_code == 422
    kept = await rep.post("/v1/accounts", json={"name": "x", "custom": {"must": "1"}})
    assert kept.status_code == 201
    taken = await rep.patch(f"/v1/accounts/{kept.json()['id']}", json={"custom": {"must": None}})
    assert taken.status_code == 422


async def test_a_patch_of_one_custom_field_keeps_the_others(
    client: Clients, organisation: Organisation
) -> None:
    await defined(client, organisation, key="one", kind="text")
    await defined(client, organisation, key="two", kind="text")
    rep = client(organisation.rep)
    account = (
        await rep.post("/v1/accounts", json={"name": "x", "custom": {"one": "1", "two": "2"}})
    ).json()
    answer = await rep.patch(f"/v1/accounts/{account['id']}", json={"custom": {"one": None}})
    assert answer.json()["custom"] == {"two": "2"}


async def test_only_those_with_the_permission_define_fields_and_a_key_is_used_once(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    sent = {"resource": "accounts", "key": "own", "kind": "text"}
    assert (await client(organisation.rep).post("/v1/fields", json=sent)).status_code == 403
    assert (await client(organisation.admin).post("/v1/fields", json=sent)).status_code == 201
    again = await client(organisation.admin).post("/v1/fields", json=sent)
    assert again.status_code == 409
    assert (await client(other_organisation.admin).post("/v1/fields", json=sent)).status_code == 201
    foreign = await client(other_organisation.rep).get("/v1/accounts", params={"custom.other": "x"})
    assert foreign.status_code == 400
