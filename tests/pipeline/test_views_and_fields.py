"""Saved views and custom fields of deals, leads, quotes, orders and products."""

from typing import Any, get_args

import pytest

from guanxi_pipeline.fields.schemas import FieldDefinitionCreate
from guanxi_pipeline.resources import LOGGED
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages

OPEN: dict[str, Any] = {
    "filter_groups": [{"filters": [{"field": "status", "operator": "eq", "value": "open"}]}],
    "sorts": ["-amount"],
}


async def test_a_view_is_run_with_the_eyes_of_whoever_looks(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, other = client(organisation.rep), client(organisation.other_rep)
    for who, amount in ((rep, "5"), (rep, "9"), (other, "7")):
        money = {"amount": amount, "currency": "CNY"}
        assert (await who.post("/v1/opportunities", json={"name": "x", "amount": money})).is_success
    view = {
        "name": "Open", "resource": "opportunities", "document": OPEN, "columns": ["amount"],
        "shared_with": "all",
    }  # fmt: skip
    made = await rep.post("/v1/views", json=view)
    assert made.status_code == 201, made.text
    path = f"/v1/views/{made.json()['id']}"
    mine = (await rep.get(f"{path}/records")).json()["data"]
    assert [row["amount"]["amount"] for row in mine] == ["9.00", "5.00"]
    assert [
        row["amount"]["amount"] for row in (await other.get(f"{path}/records")).json()["data"]
    ] == ["7.00"]
    assert (await other.patch(path, json={"name": "Mine"})).status_code == 403
    assert (await rep.patch(path, json={"shared_with": "nobody"})).status_code == 200
    assert (await other.get(path)).status_code == 404
    assert (await rep.delete(path)).is_success
    assert (await rep.post(f"{path}/restore")).status_code == 200
    verbs = [each["type"] for each in (await rep.get(f"{path}/history")).json()["data"]]
    assert verbs[0] == "pipeline.view.restored"


@pytest.mark.parametrize(
    ("resource", "name"), [("leads", "name"), ("quotes", "name"), ("orders", "description")]
)
async def test_views_of_what_people_own_show_each_their_own(
    client: Clients, organisation: Organisation, resource: str, name: str
) -> None:
    people = {
        who: client(user)
        for who, user in (("rep", organisation.rep), ("other", organisation.other_rep))
    }
    for who, user in people.items():
        made = await user.post(f"/v1/{resource}", json={name: who})
        assert made.status_code == 201, made.text
    view = {"name": "All", "resource": resource, "columns": [name], "shared_with": "all"}
    kept = await people["rep"].post("/v1/views", json=view)
    assert kept.status_code == 201, kept.text
    for who, user in people.items():
        shown = await user.get(f"/v1/views/{kept.json()['id']}/records")
        assert [row[name] for row in shown.json()["data"]] == [who]


async def test_a_view_means_something_when_it_is_kept(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    broken = {"filter_groups": [{"filters": [{"field": "nothing", "operator": "eq", "value": 1}]}]}
    for sent, named in (
        ({"resource": "opportunities", "document": broken}, "document"),
        ({"resource": "accounts"}, "resource"),
        ({"resource": "opportunities", "columns": ["nothing"]}, "document"),
    ):
        refused = await rep.post("/v1/views", json={"name": "x", **sent})
        assert refused.status_code == 422, refused.text
        assert named in refused.json()["errors"]


async def test_an_own_field_is_asked_for_filtered_by_and_given_up(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    field = {"resource": "opportunities", "key": "score", "kind": "integer", "is_required": True}
    made = await admin.post("/v1/fields", json=field)
    assert made.status_code == 201, made.text
    assert (await rep.post("/v1/fields", json=field)).status_code == 403
    refused = await rep.post("/v1/opportunities", json={"name": "x"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["custom.score"])
    kept = await rep.post("/v1/opportunities", json={"name": "x", "custom": {"score": 7}})
    assert kept.status_code == 201, kept.text
    found = (await rep.get("/v1/opportunities?custom.score[gte]=7")).json()["data"]
    assert [each["id"] for each in found] == [kept.json()["id"]]
    assert (await admin.delete(f"/v1/fields/{made.json()['id']}")).is_success
    assert (await rep.post("/v1/opportunities", json={"name": "y"})).status_code == 201


RESOURCES = get_args(FieldDefinitionCreate.model_fields["resource"].annotation)


def test_whatever_keeps_own_fields_may_have_them() -> None:
    kept = {resource.name for resource in LOGGED if "custom" in resource.table.c}
    assert kept == set(RESOURCES)


@pytest.mark.parametrize("resource", RESOURCES)
async def test_an_own_field_is_filtered_and_sorted_by(
    client: Clients, organisation: Organisation, resource: str
) -> None:
    admin, field = client(organisation.admin), {"key": "size", "kind": "integer"}
    made = await admin.post("/v1/fields", json=field | {"resource": resource})
    assert made.status_code == 201, made.text
    found = await admin.get(f"/v1/{resource}?custom.size[gte]=7&sort=-custom.size")
    assert found.status_code == 200, found.text


async def test_what_is_kept_of_a_removed_field_stops_no_patch_and_comes_back_with_it(
    client: Clients, organisation: Organisation
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    fields = [{"resource": "leads", "key": key, "kind": "integer"} for key in ("size", "floors")]
    size, _ = [(await admin.post("/v1/fields", json=field)).json() for field in fields]
    sent = {"name": "x", "custom": {"size": 1, "floors": 2}}
    path = f"/v1/leads/{(await rep.post('/v1/leads', json=sent)).json()['id']}"
    assert (await admin.delete(f"/v1/fields/{size['id']}")).is_success
    patched = await rep.patch(path, json={"custom": {"floors": 3}})
    assert patched.status_code == 200, patched.text
    refused = await rep.patch(path, json={"custom": {"size": 4}})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["custom.size"])
    assert (await admin.post("/v1/fields", json=fields[0])).status_code == 201
    assert (await rep.get(path)).json()["custom"] == {"size": 1, "floors": 3}
