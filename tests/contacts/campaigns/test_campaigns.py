"""Campaigns over HTTP: how they go on, what they cost, who sees them."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation

PATH = "/v1/campaigns"
TWICE = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f5f"
CAMPAIGN = {"name": "Autumn 秋季", "kind": "email", "channel": "email"}


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


async def made(client: Any, **more: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=CAMPAIGN | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_campaign_is_a_record_like_others(organisation: Organisation, client: Clients) -> None:  # fmt: skip
    manager = client(organisation.manager)
    costs = [
        {"on": "2026-09-03", "amount": money("3200.50"), "note": "Sending"},
        {"on": "2026-09-05", "amount": money("800")},
    ]
    one = await made(
        manager, budget=money("5000"), costs=costs, starts_on="2026-09-01", external_id="C-7"
    )
    assert (one["status"], one["cost"], one["consent"]) == ("planned", money("4000.50"), "granted")
    assert one["owner_id"] == str(organisation.manager.id)
    path = f"{PATH}/{one['id']}"
    got = await manager.get(path)
    assert got.json() == one
    again = await manager.get(path, headers={"if-none-match": got.headers["etag"]})
    assert again.status_code == 304
    changed = await manager.patch(
        path, json={"status": "running", "costs": one["costs"][:1]}, headers={"if-match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    assert {line["note"] for line in one["costs"]} >= {None}  # each line has all its fields
    assert (changed.json()["cost"], changed.json()["costs"]) == (money("3200.50"), one["costs"][:1])
    stale = await manager.patch(path, json={"goal": "x"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert sorted(stale.json()["differs"]) == ["cost", "costs", "status"]
    found = await manager.post(f"{PATH}/search", json={"query": "秋季"})
    assert [each["id"] for each in found.json()["data"]] == [one["id"]]
    listed = await manager.get(PATH, params={"budget[gte]": "5000", "status": "running"})
    assert [each["id"] for each in listed.json()["data"]] == [one["id"]]
    history = (await manager.get(f"{path}/history")).json()["data"]
    assert [each["type"] for each in history] == ["contacts.campaign.updated", "contacts.campaign.created"]  # fmt: skip
    past = await manager.get(path, params={"as_of": one["updated_at"]})
    assert past.json()["status"] == "planned"
    gone = await manager.delete(path)
    assert gone.status_code == 200, gone.text
    assert (await manager.get(path)).status_code == 404
    back = await manager.post(f"{path}/restore")
    assert back.json()["version"] == 4
    field = {"resource": "campaigns", "key": "agency", "kind": "text", "label": {"en": "Agency"}}
    assert (await client(organisation.admin).post("/v1/fields", json=field)).status_code == 201
    with_own = await manager.patch(path, json={"custom": {"agency": "Weilai"}})
    assert with_own.json()["custom"] == {"agency": "Weilai"}, with_own.text
    listed = await manager.get(PATH, params={"custom.agency": "Weilai"})
    assert [each["id"] for each in listed.json()["data"]] == [one["id"]]
    batch = {"mode": "independent", "operations": [
        {"op": "upsert", "match": {"field": "external_id", "value": "C-7"}, "data": CAMPAIGN | {"goal": "more"}},
    ]}  # fmt: skip
    answer = await manager.post(f"{PATH}/batch", json=batch)
    assert answer.json()["results"][0]["id"] == one["id"], answer.text


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "smoke"}, "kind"), ({"channel": "drum"}, "channel"), ({"hold_out_share": 0.95}, "hold_out_share"),
        ({"starts_on": "2026-09-02", "ends_on": "2026-09-01"}, "ends_on"), ({"budget": money("1.234")}, "budget"),
        ({"costs": [{"on": "2026-09-01", "amount": money("-1")}]}, "costs"),
        ({"costs": [{"on": "2026-09-01", "amount": money("1", c)} for c in ("CNY", "USD")]}, "costs"),
        ({"budget": money("1"), "costs": [{"on": "2026-09-01", "amount": money("1", "USD")}]}, "costs"),
        ({"id": TWICE, "costs": [{"id": TWICE, "on": "2026-09-01", "amount": money("1")}]}, "costs"),
        ({"costs": [{"id": TWICE, "on": "2026-09-01", "amount": money("1")}] * 2}, "costs"),
        ({"members": []}, "members"), ({"owner_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "owner_id"),
    ],
)  # fmt: skip
async def test_what_is_sent_wrongly_is_named(
    organisation: Organisation, client: Clients, more: dict[str, Any], field: str
) -> None:
    answer = await client(organisation.admin).post(PATH, json=CAMPAIGN | more)
    assert answer.status_code == 422, answer.text
    assert any(name.startswith(field) for name in answer.json()["errors"]), answer.text


@pytest.mark.parametrize(
    ("way", "last"),
    [
        (["running", "ended", "running", "cancelled", "running", "planned", "cancelled", "planned"], None),
        ([], "ended"), (["running", "ended"], "planned"), (["running", "ended"], "cancelled"), (["cancelled"], "ended"),
    ],
)  # fmt: skip
async def test_a_campaign_goes_only_ways_that_there_are(
    organisation: Organisation, client: Clients, way: list[str], last: str | None
) -> None:
    admin = client(organisation.admin)
    path = f"{PATH}/{(await made(admin))['id']}"
    for status in way:
        answer = await admin.patch(path, json={"status": status})
        assert answer.status_code == 200, answer.text
    if last is not None:
        refused = await admin.patch(path, json={"status": last})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["status"])


async def test_a_campaign_is_seen_by_its_owner_their_team_and_those_above(
    organisation: Organisation, client: Clients
) -> None:
    marketer = organisation.rep.but(
        permissions=(*organisation.rep.grant.permissions, "campaigns:create", "campaigns:update")
    )
    one = await made(client(marketer), name="Hidden autumn")
    path = f"{PATH}/{one['id']}"
    for user, status in (
        (organisation.rep, 200), (organisation.manager, 200), (organisation.rep2, 404), (organisation.other_rep, 404),
    ):  # fmt: skip
        assert (await client(user).get(path)).status_code == status, user.name
        assert (await client(user).get(f"{path}/members")).status_code == status, user.name
    refused = await client(organisation.rep).patch(path, json={"goal": "x"})
    assert refused.status_code == 403
    team = await client(organisation.admin).patch(
        path, json={"team_id": str(organisation.teams["b"])}
    )
    assert team.status_code == 200, team.text
    assert (await client(organisation.other_rep).get(path)).status_code == 200
