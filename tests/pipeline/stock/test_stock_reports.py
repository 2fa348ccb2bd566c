"""Distributors' months: each comes out, each goes on from the one before."""

import asyncio
from typing import Any

import httpx
import pytest

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.telling import account_told, told

PATH = "/v1/orders/stock-reports"


@pytest.fixture
def rep(client: Clients, organisation: Organisation) -> httpx.AsyncClient:
    return client(organisation.rep)


def month(account_id: str, name: str = "2026-01", **more: Any) -> dict[str, Any]:
    return {
        "account_id": account_id, "sku": "GX-1", "month": name, "opening": 100, "bought": 50, "sold": 70,
    } | more  # fmt: skip


async def reported(rep: httpx.AsyncClient, document: dict[str, Any]) -> dict[str, Any]:
    answer = await rep.post(PATH, json=document)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_month_comes_out_or_is_refused_with_the_difference(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    wrong = await rep.post(PATH, json=month(account_id, closing=77.5))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "stock_difference")
    assert {k: wrong.json()[k] for k in ("expected", "given", "difference")} == {
        "expected": 80.0, "given": 77.5, "difference": -2.5,
    }  # fmt: skip
    assert "closing" in wrong.json()["errors"]
    assert (await rep.get(PATH)).json()["data"] == []
    found = await reported(rep, month(account_id, closing=80))
    assert (found["month"], found["closing"]) == ("2026-01-01", 80)
    assert (await rep.get(f"{PATH}/{found['id']}")).json() == found
    listed = (
        await rep.get(f"{PATH}?account_id={account_id}&month[gte]=2026-01-01&sku=GX-1")
    ).json()
    assert [row["id"] for row in listed["data"]] == [found["id"]]


async def test_a_month_opens_as_the_one_before_closed_or_says_why_not(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    january = await reported(rep, month(account_id))
    wrong = await rep.post(PATH, json=month(account_id, "2026-02", opening=90))
    assert (wrong.status_code, wrong.json()["difference"]) == (422, 10)
    assert "opening" in wrong.json()["errors"]
    assert "the closing of 2026-01" in wrong.json()["detail"]
    silent = await rep.post(
        PATH, json=month(account_id, "2026-02", opening=90, restates_opening=True)
    )
    assert "restatement_reason" in silent.json()["errors"]
    restated = await reported(
        rep,
        month(
            account_id, "2026-02", opening=90, restates_opening=True, restatement_reason="Counted"
        ),
    )
    back = await rep.patch(f"{PATH}/{restated['id']}", json={"restates_opening": False})
    assert (back.status_code, back.json()["difference"]) == (422, 10)
    mended = await rep.patch(
        f"{PATH}/{restated['id']}",
        json={"restates_opening": False, "restatement_reason": None, "opening": 80},
    )
    assert (mended.json()["closing"], mended.json()["version"]) == (60, 2)
    less = await rep.patch(f"{PATH}/{january['id']}", json={"sold": 71})
    assert (less.status_code, less.json()["errors"].keys()) == (422, {"closing"})
    assert "the opening of 2026-02" in less.json()["detail"]
    same = await rep.patch(f"{PATH}/{january['id']}", json={"sold": 71, "bought": 51})
    assert same.json()["closing"] == 80


async def test_a_month_is_reported_once_even_of_ten_at_once(
    rep: httpx.AsyncClient, account: Known
) -> None:
    account_id = await account()
    answers = await asyncio.gather(*(rep.post(PATH, json=month(account_id)) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    refused = next(a for a in answers if a.status_code == 409).json()
    assert (refused["code"], refused["errors"]) == (
        "stock_month_taken", {"month": "2026-01 was reported already."},
    )  # fmt: skip
    await reported(rep, month(account_id, sku="GX-2"))


async def test_neighbours_that_come_at_once_still_fit(
    rep: httpx.AsyncClient, account: Known
) -> None:
    """Both orders are right by themselves; together one of them opens otherwise than the other closes."""
    account_id = await account()
    answers = await asyncio.gather(
        rep.post(PATH, json=month(account_id, "2026-01")),
        rep.post(PATH, json=month(account_id, "2026-02", opening=79)),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422]


async def test_the_trend_says_what_changed_and_how_long_the_stock_lasts(
    rep: httpx.AsyncClient, client: Clients, organisation: Organisation, account: Known
) -> None:
    account_id = await account()
    opening = 100.0
    for name, bought, sold in (
        ("2026-01", 50, 70),
        ("2026-02", 0, 20),
        ("2026-03", 100, 90),
        ("2026-04", 0, 0),
    ):
        found = await reported(
            rep, month(account_id, name, opening=opening, bought=bought, sold=sold)
        )
        opening = found["closing"]
    await reported(rep, month(account_id, "2026-04", sku="GX-2", opening=5, bought=0, sold=0))
    answer = (await rep.get(f"/v1/accounts/{account_id}/stock?product=GX-1&from=2026-03-15")).json()
    march, april = answer["data"][0]["months"]
    assert (march["closing"], march["change"], march["change_percent"]) == (70, 10, 16.67)
    assert (march["average_sold"], march["months_counted"]) == (60, 3)
    assert march["cover_days"] == 35.0  # 70 / (180 sold in 90 days)
    assert (april["change"], april["average_sold"]) == (0, 36.67)
    whole = (await rep.get(f"/v1/accounts/{account_id}/stock")).json()["data"]
    assert [each["sku"] for each in whole] == ["GX-1", "GX-2"]
    idle = whole[1]["months"][0]
    assert (idle["cover_days"], idle["cover_reason"]) == (None, "Nothing was sold in these months.")
    hidden = await client(organisation.other_rep).get(f"/v1/accounts/{account_id}/stock")
    assert hidden.status_code == 404
    assert (await client(organisation.other_rep).get(PATH)).json()["data"] == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"month": "2026-01-15"}, "month"), ({"month": "January"}, "month"), ({"opening": -1}, "opening"),
        ({"sold": 1000}, "closing"), ({"sku": None}, "product_id"), ({"adjusted": -5}, "adjustment_reason"),
        ({"bought": 0.12345678}, "bought"), ({"account_id": "x"}, "account_id"), ({"colour": 1}, "colour"),
        ({"product_id": str(new_id())}, "product_id"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    rep: httpx.AsyncClient, account: Known, sent: dict[str, Any], field: str
) -> None:
    refused = await rep.post(PATH, json={**month(await account()), **sent})
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"], refused.text


async def test_it_is_deleted_and_comes_back_where_it_fits(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    admin, account_id = client(organisation.admin), await account()
    january = await reported(admin, month(account_id))
    await reported(admin, month(account_id, "2026-02", opening=80))
    path = f"{PATH}/{january['id']}"
    assert (await admin.delete(path)).status_code == 200
    other = await reported(admin, month(account_id, bought=40, sold=60))
    assert (await admin.post(path + "/restore")).json()["code"] == "stock_month_taken"
    await admin.delete(f"{PATH}/{other['id']}")
    assert (await admin.post(path + "/restore")).status_code == 200
    history = (await admin.get(path + "/history")).json()["data"]
    assert [entry["type"] for entry in history][:2] == [
        "pipeline.stock_report.restored", "pipeline.stock_report.deleted",
    ]  # fmt: skip
    batch = await admin.post(PATH + "/batch", json={"mode": "independent", "operations": [
        {"op": "create", "data": month(account_id, "2026-03", opening=60)},
        {"op": "create", "data": month(account_id, "2026-04", opening=60)}]})  # fmt: skip
    assert [result["status"] for result in batch.json()["results"]] == [201, 422]


async def test_reports_of_two_accounts_that_become_one_add_up_and_part_again(
    rep: httpx.AsyncClient, organisation: Organisation, account: Known, heard: Heard
) -> None:
    source, survivor = await account("Old"), await account("New")
    await reported(rep, month(source))
    await reported(rep, month(survivor))
    merge = {"id": str(new_id()), "source_ids": [source]}
    state = account_told(organisation.id, survivor, "New", owner_id=organisation.rep.id)["after"]
    for version, verb, closing in ((2, "merged", 160), (3, "unmerged", 80)):
        await heard(
            told(
                organisation.id,
                "account",
                survivor,
                state,
                version=version,
                verb=verb,
                before={"merge": merge},
            )
        )
        found = (await rep.get(f"/v1/accounts/{survivor}/stock")).json()["data"]
        assert found[0]["months"][0]["closing"] == closing
