"""Products: what they take, how they are found, bundles that hold no cycle, tax classes by day."""

import asyncio
from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.products.selling import cny, made, product, usd


async def test_a_product_is_what_was_sent_and_everybody_sees_it(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    await made(
        client(organisation.admin), "/v1/products/tax-classes", code="CN-13", name="VAT", rate=13,
        valid_from="2019-04-01",
    )  # fmt: skip
    found = await product(
        manager, "CLD-1", name="云服务器", category="cloud", unit="月", tax_class="CN-13",
        cost=cny("40"), prices=[usd("15"), cny("100")], tags=["hosted"],
    )  # fmt: skip
    assert found["prices"] == [cny("100.00"), usd("15.00")]
    assert (found["cost"], found["is_active"]) == (cny("40.00"), True)
    for reader in (organisation.other_rep, organisation.read_only):
        read = await client(reader).get(f"/v1/products/{found['id']}")
        assert read.json() == found
    refused = await client(organisation.rep).post("/v1/products", json={"sku": "X", "name": "X"})
    assert refused.status_code == 403


async def test_it_is_found_by_number_name_category_and_pinyin(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    wanted = await product(manager, "CLD-1001", name="云服务器专业版", category="hosting")
    await product(manager, "HW-7", name="Keyboard", category="hardware")
    for query in (
        "q=云服务", "q=yfwq", "q=yunfuwuqi", "q=CLD-1001", "q=hosting", "sku=CLD-1001",
        "category=hosting", "name[contains]=专业", "prices[has]=CNY&category=hosting",
    ):  # fmt: skip
        page = (await client(organisation.rep).get(f"/v1/products?{query}")).json()
        assert [row["id"] for row in page["data"]] == [wanted["id"]], query
    listed = (await client(organisation.rep).get("/v1/products/categories")).json()["data"]
    assert listed == [
        {"category": "hardware", "products": 1, "active": 1},
        {"category": "hosting", "products": 1, "active": 1},
    ]


async def test_an_article_number_is_there_once_and_free_again_after_deletion(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    first = await product(manager, "A-1")
    again = await manager.post("/v1/products", json={"sku": "A-1", "name": "Other"})
    assert (again.status_code, list(again.json()["errors"])) == (409, ["sku"])
    await product(client(other_organisation.manager), "A-1")
    await manager.delete(f"/v1/products/{first['id']}")
    await product(manager, "A-1")
    back = await manager.post(f"/v1/products/{first['id']}/restore")
    assert (back.status_code, list(back.json()["errors"])) == (409, ["sku"])


async def test_a_bundle_never_holds_itself(client: Clients, organisation: Organisation) -> None:
    manager = client(organisation.manager)
    part = await product(manager, "PART")
    inner = await product(manager, "INNER", components=[{"product_id": part["id"], "quantity": 2}])
    outer = await product(manager, "OUTER", components=[{"product_id": inner["id"]}])
    for inside, held in ((part, outer), (inner, outer), (part, part)):
        refused = await manager.patch(
            f"/v1/products/{inside['id']}", json={"components": [{"product_id": held["id"]}]}
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "bundle_cycle")
        assert "components" in refused.json()["errors"]
    holders = (await manager.get(f"/v1/products?component_id={part['id']}")).json()["data"]
    assert [row["id"] for row in holders] == [inner["id"]]


async def test_a_bundle_of_thirty_floors_holds_no_cycle_either(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    lowest = top = await product(manager, "F0")
    for floor in range(1, 30):
        top = await product(manager, f"F{floor}", components=[{"product_id": top["id"]}])
    refused = await manager.patch(
        f"/v1/products/{lowest['id']}", json={"components": [{"product_id": top["id"]}]}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "bundle_cycle")


async def test_two_that_are_put_into_each_other_at_once_make_no_cycle(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    for round in range(5):
        one, other = await product(manager, f"L{round}"), await product(manager, f"R{round}")

        async def put(into: dict[str, Any], what: dict[str, Any]) -> int:
            sent = {"components": [{"product_id": what["id"]}]}
            answer = await client(organisation.manager).patch(
                f"/v1/products/{into['id']}", json=sent
            )
            return answer.status_code

        assert sorted(await asyncio.gather(put(one, other), put(other, one))) == [200, 422]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"prices": [cny("1"), cny("2")]}, "prices"),
        ({"prices": [cny("-1")]}, "prices.0"),
        ({"prices": [cny("1.005")]}, "prices.0"),
        ({"cost": {"amount": "1", "currency": "ZZZ"}}, "cost"),
        ({"tax_class": "nowhere"}, "tax_class"),
        ({"components": [{"product_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}]}, "components"),
        ({"components": [{"product_id": "x"}]}, "components.0.product_id"),
        ({"sku": "  "}, "sku"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_with_a_product_is_named(
    client: Clients, organisation: Organisation, sent: Any, field: str
) -> None:
    refused = await client(organisation.manager).post(
        "/v1/products", json={"sku": "S", "name": "N"} | sent
    )
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"], refused.text


async def test_many_come_in_one_batch_and_are_matched_by_their_number(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    await product(manager, "B-1")
    operations = [
        {"op": "upsert", "match": {"field": "sku", "value": sku}, "data": {"sku": sku, "name": f"New {sku}"}}
        for sku in ("B-1", "B-2")
    ]  # fmt: skip
    answer = await manager.post("/v1/products/batch", json={"operations": operations})
    assert [result["status"] for result in answer.json()["results"]] == [200, 201], answer.text
    names = [row["name"] for row in (await manager.get("/v1/products?sort=sku")).json()["data"]]
    assert names == ["New B-1", "New B-2"]


async def test_a_tax_class_has_a_rate_from_a_day_on_and_admins_alone_set_it(
    client: Clients, organisation: Organisation
) -> None:
    admin, path = client(organisation.admin), "/v1/products/tax-classes"
    old = await made(admin, path, code="VAT", name="VAT", rate=16, valid_from="2018-05-01")
    await made(admin, path, code="VAT", name="VAT", rate=13, valid_from="2019-04-01")
    twice = await admin.post(
        path, json={"code": "VAT", "name": "V", "rate": 9, "valid_from": "2019-04-01"}
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "not_unique")
    refused = await client(organisation.manager).patch(f"{path}/{old['id']}", json={"rate": 1})
    assert refused.status_code == 403
    changed = (await admin.patch(f"{path}/{old['id']}", json={"rate": 16.5})).json()
    assert changed["rate"] == 16.5
    listed = (await client(organisation.rep).get(f"{path}?code=VAT&sort=valid_from")).json()["data"]
    assert [row["rate"] for row in listed] == [16.5, 13]
    for name in ("rate", "valid_from", "code", "name"):  # nothing of it can be taken away
        nothing = await admin.patch(f"{path}/{old['id']}", json={name: None})
        assert (nothing.status_code, list(nothing.json()["errors"])) == (422, [name])
    wrong = await admin.post(path, json={"code": "V", "name": "V", "rate": 101, "valid_from": "x"})
    assert {"rate", "valid_from"} <= set(wrong.json()["errors"])


async def test_lines_of_a_deal_name_products_that_are_there(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, found = client(organisation.rep), await product(client(organisation.manager), "P")
    for product_id, status in ((found["id"], 201), ("01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", 422)):
        answer = await rep.post(
            "/v1/opportunities", json={"name": "D", "lines": [{"product_id": product_id}]}
        )
        assert answer.status_code == status, answer.text
    assert "lines" in answer.json()["errors"]
