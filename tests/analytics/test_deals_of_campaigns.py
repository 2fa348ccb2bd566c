"""Deals and what was sold on them by the campaign that the deal came of."""

from tests.analytics.asking import asked, cells, money
from tests.analytics.conftest import Hear
from tests.analytics.doing import records_of, stages_made, won
from tests.analytics.test_campaigns import campaign_made, got, posted
from tests.factories import Clients, Organisation
from tests.pipeline.orders.ordering import line, made, order

MEASURES = ("deals_won", "won_amount", "revenue", "orders")


async def test_what_was_won_and_sold_goes_by_the_campaign_of_the_deal(
    everywhere: Organisation, customers: Clients, sales: Clients, client: Clients, hear: Hear
) -> None:
    admin, seller, analyst = (make(everywhere.admin) for make in (customers, sales, client))
    stages = await stages_made(seller)
    account = (await posted(admin, "/v1/accounts", {"name": "Acme"}, 201))["id"]
    spring, autumn = [await campaign_made(admin, name=name) for name in ("Spring", "Autumn")]
    deals = [
        await won(seller, stages, "2026-03-02", amount, account_id=account, **more)
        for amount, more in (
            ("300.00", {"campaign_id": spring}), ("40.00", {"campaign_id": spring}), ("5.00", {"campaign_id": autumn}), ("9.00", {}),
        )
    ]  # fmt: skip
    prices = ("299.00", "41.00", "5.00", "8.00", "1.00")
    for deal, price in zip([*deals, None], prices, strict=True):
        sent = {"ordered_on": "2026-03-10", "status": "fulfilled", "opportunity_id": deal}
        await made(seller, order(account, line(quantity=1, price=price)) | sent)
    await hear()
    found = await asked(analyst, *MEASURES, dimensions=["campaign"])
    assert cells(found, "deals_won") == {(spring,): 2, (autumn,): 1, (None,): 1}
    assert cells(found, "won_amount") == {
        (spring,): money("340.00"), (autumn,): money("5.00"), (None,): money("9.00"),
    }  # fmt: skip
    assert cells(found, "revenue") == {
        (spring,): money("340.00"), (autumn,): money("5.00"), (None,): money("9.00"),
    }  # fmt: skip
    assert cells(found, "orders") == {(spring,): 2, (autumn,): 1, (None,): 2}
    assert found["names"]["campaign"] == {spring: "Spring", autumn: "Autumn"}
    [row] = [row for row in found["rows"] if row["dimensions"]["campaign"] == spring]
    records = await records_of(analyst, row)
    assert {record["opportunity_id"] for record in records["sales"]} == set(deals[:2])

    body = await got(seller, f"/v1/opportunities/{deals[0]}")
    answer = await seller.patch(
        f"/v1/opportunities/{deals[0]}", json={"campaign_id": autumn}, headers={"If-Match": f'"{body["version"]}"'}
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    await hear()
    moved = await asked(analyst, *MEASURES, dimensions=["campaign"])
    assert cells(moved, "revenue")[autumn,] == money("304.00")
    then = await asked(analyst, *MEASURES, dimensions=["campaign"], as_of=found["as_of"])
    assert cells(then, "revenue") == cells(found, "revenue")
