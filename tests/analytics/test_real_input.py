"""Public data through the services themselves: records over HTTP, feeds, facts, and figures beside a count of the same rows.
Samples, where the whole would take longer than a test should; of which rows, each test says."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import httpx

from tests.analytics.asking import asked, cells
from tests.analytics.conftest import Hear
from tests.analytics.data_sets import data_set
from tests.analytics.test_campaigns import accounts_made, campaign_made, posted
from tests.factories import Clients, Organisation

AT_ONCE = 200
RETURNED = 43  # of UCI's 57 cancelled lines in the sample; others cancel what was bought earlier, or postage and the like
PRIORITIES = {"1": "urgent", "2": "high", "3": "normal", "4": "low"}  # "3 - Moderate"
OVER = {"Resolved", "Closed"}


async def created(
    client: httpx.AsyncClient, path: str, records: Sequence[dict[str, Any]]
) -> list[str]:
    ids = []
    for first in range(0, len(records), AT_ONCE):
        operations = [{"op": "create", "data": data} for data in records[first : first + AT_ONCE]]
        made = await posted(client, f"{path}/batch", {"operations": operations})
        assert all("id" in each for each in made["results"]), made["results"]
        ids += [each["id"] for each in made["results"]]
    return ids


def ordered(account: str, on: str, currency: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "account_id": account, "ordered_on": on, "status": "fulfilled", "currency": currency, "lines": lines,
    }  # fmt: skip


async def test_baskets_of_a_grocer_sell_what_is_in_them(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear
) -> None:
    """Groceries (9,835 baskets of 169 items): every fifteenth, each item at 1.00."""
    baskets = [
        line.split(",")
        for line in (data_set("groceries") / "groceries.csv").read_text("utf-8").splitlines()
    ][::15]
    [till] = await accounts_made(customers(everywhere.admin), 1)
    each = {"quantity": 1, "unit_price": {"amount": "1.00", "currency": "EUR"}}
    orders = [
        ordered(till, "2026-03-02", "EUR", [{"name": item.strip(), **each} for item in basket])
        for basket in baskets
    ]
    await created(sales(everywhere.admin), "/v1/orders", orders)
    await hear()
    found = await asked(client(everywhere.admin), "orders", "quantity", dimensions=["product"])
    sold = Counter(item.strip() for basket in baskets for item in set(basket))
    assert cells(found, "orders") == {(item,): count for item, count in sold.items()}
    assert found["totals"][0]["values"]["orders"] == len(baskets)
    assert found["totals"][0]["values"]["quantity"] == sum(map(len, baskets))


def invoices(condition: str) -> list[Any]:
    """Customer, number, day and lines."""
    file = data_set("uci_online_retail") / "online_retail_2009_12_to_2010_12.parquet"
    return duckdb.sql(
        f"""SELECT customer_id::bigint, invoice, min(invoice_date)::date::text,
          list(struct_pack(sku := stock_code, quantity := quantity, price := round(unit_price, 2)) ORDER BY stock_code)
        FROM '{file}' WHERE customer_id::bigint % 100 = 0 AND {condition} GROUP BY 1, 2 ORDER BY 1, 2"""
    ).fetchall()


async def returned(
    client: httpx.AsyncClient, sold: Sequence[tuple[str, int, str]], cancelled: Sequence[Any]
) -> AsyncIterator[tuple[str, Decimal]]:
    """Each line that came back, of the latest order before that had as many left: its month and amount."""
    left = {}
    for id, customer, on in sold:
        if customer in {row[0] for row in cancelled}:
            order = (await client.get(f"/v1/orders/{id}")).json()
            for line in order["lines"]:
                key = customer, line["sku"], Decimal(line["unit_price"]["amount"])
                left[on, id, line["id"]] = [key, line["quantity"]]
    for customer, number, on, lines in cancelled:
        for each in lines:
            key, count = (customer, each["sku"], Decimal(f"{each['price']:.2f}")), -each["quantity"]
            covering = [
                place
                for place, own in left.items()
                if place[0] <= on and own[0] == key and own[1] >= count
            ]
            if covering:
                _, id, line_id = place = max(covering)
                left[place][1] -= count
                sent = {
                    "reason": number,
                    "returned_on": on,
                    "lines": [{"line_id": line_id, "quantity": count}],
                }
                await posted(client, f"/v1/orders/{id}/returns", sent)
                yield on[:7], count * key[2]


async def test_a_years_invoices_come_out_by_month_to_the_penny(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear
) -> None:
    """UCI Online Retail II, December 2009 to 2010: invoices of every hundredth known customer, and as returns those of their
    cancellations (C) that a line of an earlier invoice covers."""
    rows = invoices("invoice NOT LIKE 'C%' AND quantity > 0 AND unit_price >= 0.01")
    who = sorted({row[0] for row in rows})
    accounts = dict(
        zip(who, await accounts_made(customers(everywhere.admin), len(who)), strict=True)
    )
    orders, months = [], defaultdict[str, Decimal](Decimal)
    buyers = defaultdict[str, set[int]](set)
    for customer, _, on, lines in rows:
        told = [(each["sku"], each["quantity"], Decimal(str(each["price"]))) for each in lines]
        months[on[:7]] += sum((count * price for _, count, price in told), Decimal(0))
        buyers[on[:7]].add(customer)
        sent = [
            {"sku": sku, "name": sku, "quantity": count, "unit_price": {"amount": f"{price:.2f}", "currency": "GBP"}}
            for sku, count, price in told
        ]  # fmt: skip
        orders.append(ordered(accounts[customer], on, "GBP", sent))
    seller = sales(everywhere.admin)
    made = await created(seller, "/v1/orders", orders)
    sold = [(id, row[0], row[2]) for id, row in zip(made, rows, strict=True)]
    back = [each async for each in returned(seller, sold, invoices("invoice LIKE 'C%'"))]
    assert len(back) == RETURNED
    bought = Counter(months)
    for month, amount in back:
        months[month] -= amount
    await hear()
    found = await asked(
        client(everywhere.admin),
        "revenue", "bought", "orders", "customers",
        dimensions=["month"],
    )  # fmt: skip
    for measure, by_hand in (("revenue", months), ("bought", bought)):
        shown = cells(found, measure)
        assert {month: Decimal(each["amount"]) for (month,), each in shown.items()} == by_hand
    assert len(months) == 13
    assert cells(found, "orders") == {(m,): sum(row[2][:7] == m for row in rows) for m in months}
    assert cells(found, "customers") == {(month,): len(own) for month, own in buyers.items()}


async def test_a_desks_log_at_a_moment_is_its_backlog(
    everywhere: Organisation, desk: Clients, client: Clients, hear: Hear
) -> None:
    """ServiceNow's incident log (24,918 incidents): every twelfth of those opened in the first fortnight of March 2016, as they
    stood when it ended."""
    text = gzip.decompress(
        (data_set("servicenow_incidents") / "incident_event_log.csv.gz").read_bytes()
    ).decode()
    stands: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(text.splitlines()):
        day, month, year = row["sys_updated_at"].split(" ")[0].split("/")
        opened = row["opened_at"].split(" ")[0].split("/")
        if (int(year), int(month)) == (2016, 3) and int(day) < 15 and opened[1:] == ["3", "2016"]:
            stands[row["number"]] = row
    sample = list(stands.values())[::12]
    assert len(sample) > 100
    admin = desk(everywhere.admin)
    ids = await created(
        admin, "/v1/tickets",
        [{"subject": row["number"], "priority": PRIORITIES[row["priority"][0]]} for row in sample],
    )  # fmt: skip
    for id, row in zip(ids, sample, strict=True):
        if row["incident_state"] in OVER:
            answer = await admin.patch(f"/v1/tickets/{id}", json={"status": "solved"})
            assert answer.status_code == 200, answer.text
    await hear()
    found = await asked(
        client(everywhere.admin), "tickets_opened", "tickets_solved", "backlog", dimensions=["priority"]
    )  # fmt: skip
    opened_of = Counter(PRIORITIES[row["priority"][0]] for row in sample)
    over = Counter(PRIORITIES[row["priority"][0]] for row in sample if row["incident_state"] in OVER)  # fmt: skip
    assert min(over.total(), opened_of.total() - over.total()) > 10
    assert cells(found, "tickets_opened") == {(each,): n for each, n in opened_of.items()}
    solved = {key: n for key, n in cells(found, "tickets_solved").items() if n}
    assert solved == {(each,): n for each, n in over.items()}
    backlog = {key: n for key, n in cells(found, "backlog").items() if n}
    assert backlog == {(each,): n for each, n in (opened_of - over).items()}


async def test_a_banks_calls_have_the_responses_that_were_counted(
    everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    """Bank marketing (UCI; 41,188 calls, 11.3 % took the deposit): every sixtieth, a campaign for each kind of telephone."""
    text = gzip.decompress(
        (data_set("bank_marketing_uci") / "bank-additional-full.csv.gz").read_bytes()
    ).decode()
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))[::60]
    admin = customers(everywhere.admin)
    called, took = dict[str, int](), dict[str, int]()
    for kind in ("cellular", "telephone"):
        own = [row for row in rows if row["contact"] == kind]
        campaign = await campaign_made(admin, name=kind, status="running")
        ids = await accounts_made(admin, len(own), kind="person")
        of = f"/v1/campaigns/{campaign}/members"
        await posted(admin, of, {"resource": "accounts", "ids": ids})
        yes = [id for id, row in zip(ids, own, strict=True) if row["y"] == "yes"]
        called[campaign], took[campaign] = len(own), len(yes)
        marked = [{"member_id": id, "at": "2026-03-09T00:00:00Z"} for id in yes]
        await posted(admin, f"{of}/mark", {"status": "responded", "members": marked})
    await hear()
    found = await asked(
        client(everywhere.admin), "campaign_members", "campaign_responses", "response_rate", dimensions=["campaign"]
    )  # fmt: skip
    assert cells(found, "campaign_members") == {(each,): n for each, n in called.items()}
    assert cells(found, "campaign_responses") == {(each,): n for each, n in took.items()}
    rates = cells(found, "response_rate")
    assert rates == {(each,): round(100 * took[each] / n, 4) for each, n in called.items()}
    cellular, telephone = (rates[(each,)] for each in called)
    assert cellular > telephone
