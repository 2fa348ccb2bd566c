"""What campaigns brought: told by contacts, sold by pipeline, said with its evidence."""

import csv
import gzip
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from guanxi_analytics.facts.writing import write_facts
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.analytics.asking import asked, cells, money, sold
from tests.analytics.conftest import Hear
from tests.analytics.data_sets import data_set
from tests.analytics.test_fits import customer, heard
from tests.factories import Clients, Organisation
from tests.pipeline.orders.ordering import line, made, order

PATH = "/v1/analytics/campaigns"
CAMPAIGN = {"name": "Autumn news", "kind": "email", "channel": "email", "consent": "not_refused"}
DAY = date(2025, 3, 10)


async def posted(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int = 200) -> Any:  # fmt: skip
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def accounts_made(client: httpx.AsyncClient, count: int, **more: Any) -> list[str]:
    operations = [{"op": "create", "data": {"name": f"Buyer {n}", **more}} for n in range(count)]
    made = await posted(client, "/v1/accounts/batch", {"operations": operations})
    return [each["id"] for each in made["results"]]


async def campaign_made(client: httpx.AsyncClient, **more: Any) -> str:
    made = await posted(client, "/v1/campaigns", CAMPAIGN | more, 201)
    return str(made["id"])


async def got(client: httpx.AsyncClient, path: str, **params: Any) -> dict[str, Any]:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sold_in(client: httpx.AsyncClient, currency: str, account: str, amount: str) -> None:
    one = line(quantity=1) | {"unit_price": money(amount, currency)}
    await made(client, order(account, one) | {"ordered_on": "2026-03-10", "status": "fulfilled", "currency": currency})  # fmt: skip


async def listed(client: httpx.AsyncClient, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The records that a document finds."""
    found: list[dict[str, Any]] = (await posted(client, document["path"], document["body"] | {"limit": 200}))["data"]  # fmt: skip
    return found


async def test_a_campaign_with_a_hold_out_by_lot_shows_its_effect(
    everywhere: Organisation, customers: Clients, sales: Clients, client: Clients, hear: Hear
) -> None:
    admin, seller, analyst = (make(everywhere.admin) for make in (customers, sales, client))
    ids = await accounts_made(admin, 60, region="华东", industry="retail")
    costs = [{"on": "2026-03-01", "amount": money("300")}, {"on": "2026-03-04", "amount": money("60")}]  # fmt: skip
    campaign = await campaign_made(
        admin, starts_on="2026-03-02", hold_out_share=0.4, hold_out_seed=5, costs=costs, status="running"
    )  # fmt: skip
    of = f"/v1/campaigns/{campaign}/members"
    drawn = await posted(admin, of, {"resource": "accounts", "ids": ids})
    assert min(drawn["treated"], drawn["held_out"]) >= 10
    await posted(admin, f"{of}/mark", {"status": "sent", "at": "2026-03-02T01:00:00Z"})
    rows = (await got(admin, of, limit=200))["data"]
    treated, held = ([r["member_id"] for r in rows if r["member_group"] == g] for g in ("treated", "held_out"))  # fmt: skip
    responded = [*treated[:9], held[0]]
    await posted(
        admin, f"{of}/mark",
        {"status": "responded", "members": [{"member_id": id, "at": "2026-03-03T01:00:00Z"} for id in responded]},
    )  # fmt: skip
    for id in treated[:6]:
        await sold(seller, id, "2026-03-10", "100.00")
    await sold(seller, treated[0], "2026-03-11", "50.00")
    await sold(seller, held[0], "2026-03-12", "40.00")
    await sold(seller, held[1], "2026-03-01", "999.00")  # before it began
    await sold(seller, treated[7], "2026-05-01", "999.00")  # after its window
    before = await got(analyst, PATH)
    assert before["data"] == []
    await hear()
    found = await got(analyst, f"{PATH}/{campaign}/effect")
    n, m = len(treated), len(held)
    assert (found["kind"], found["period"]) == (
        "effect",
        {"from": "2026-03-02", "until": "2026-04-01"},
    )
    assert (found["treated"]["n"], found["treated"]["sent"], found["held_out"]["n"]) == (n, n, m)
    assert (found["treated"]["response"]["count"], found["held_out"]["response"]["count"]) == (9, 1)
    assert (found["treated"]["purchase"]["count"], found["treated"]["orders"]) == (6, 7)
    assert found["treated"]["revenue"] == [money("650.00")]
    assert found["held_out"]["revenue"] == [money("40.00")]
    assert found["response_uplift"]["difference"] == pytest.approx(9 / n - 1 / m, abs=1e-6)
    assert found["purchase_uplift"]["difference"] == pytest.approx(6 / n - 1 / m, abs=1e-6)
    [each] = found["money"]
    assert Decimal(each["difference"]["amount"]) == pytest.approx(Decimal(650 / n - 40 / m), abs=Decimal("0.01"))  # fmt: skip
    [cost] = found["costs"]
    assert (cost["cost"], cost["by_response"]) == (money("360.00"), money("40.00"))
    assert cost["by_order"] == money("51.43")
    records = found["treated"]["records"]
    assert {row["member_id"] for row in await listed(analyst, records["members"])} == set(treated)
    assert {row["member_id"] for row in await listed(analyst, records["responses"])} == set(treated[:9])  # fmt: skip
    orders = await listed(analyst, records["orders"])
    assert Counter(row["account_id"] for row in orders) == Counter([*treated[:6], treated[0]])
    assert len(await listed(analyst, found["held_out"]["records"]["orders"])) == 1
    assert sum(Decimal(row["amount"]["amount"]) for row in await listed(analyst, found["cost_records"])) == 360  # fmt: skip
    longer = await got(analyst, f"{PATH}/{campaign}/effect", window_days=90)
    assert longer["treated"]["orders"] == 8
    everything = await got(analyst, PATH)
    assert [row["campaign_id"] for row in everything["data"]] == [campaign]
    told = {"response_uplift", "purchase_uplift", "money", "watermark", "as_of"}
    assert everything["data"][0] == {k: v for k, v in found.items() if k not in told}

    query = await asked(analyst, "campaign_members", "campaign_held_out", "campaign_responses", "response_rate", dimensions=["campaign", "channel"])  # fmt: skip
    key = (campaign, "email")
    assert cells(query, "campaign_members") == {key: 60}
    assert cells(query, "campaign_responses") == {key: 9}
    assert cells(query, "response_rate") == {key: pytest.approx(100 * 9 / n, abs=1e-4)}
    assert query["names"]["campaign"] == {campaign: "Autumn news"}
    [document] = query["rows"][0]["records"]
    assert len(await listed(analyst, document)) == 60
    query = await asked(analyst, "campaign_cost", "cost_per_response", dimensions=["campaign_kind"])
    assert cells(query, "campaign_cost") == {("email",): money("360.00")}
    assert cells(query, "cost_per_response") == {("email",): money("40.00")}
    assert query["totals"][0]["values"]["cost_per_response"] == money("40.00")
    by_place = await asked(analyst, "campaign_responses", dimensions=["region", "owner"])
    assert cells(by_place, "campaign_responses") == {("华东", str(everywhere.admin.id)): 9}


async def test_without_a_lot_it_is_an_association_and_money_is_never_mixed(
    everywhere: Organisation, customers: Clients, sales: Clients, client: Clients, hear: Hear
) -> None:
    admin, seller, analyst = (make(everywhere.admin) for make in (customers, sales, client))
    ids = await accounts_made(admin, 24)
    alone = await campaign_made(admin, starts_on="2026-03-02")
    await posted(admin, f"/v1/campaigns/{alone}/members", {"resource": "accounts", "ids": ids[:12]})
    chosen = await campaign_made(admin, starts_on="2026-03-02")
    few = await campaign_made(admin, starts_on="2026-03-02", hold_out_share=0)
    for group, part in (("treated", ids[:12]), ("held_out", ids[12:])):
        body = {"resource": "accounts", "ids": part, "group": group}
        await posted(admin, f"/v1/campaigns/{chosen}/members", body)
    await posted(admin, f"/v1/campaigns/{few}/members", {"resource": "accounts", "ids": ids[:3]})
    await sold(seller, ids[0], "2026-03-10", "100.00")
    await sold_in(seller, "USD", ids[1], "70.00")
    await hear()
    found = await got(analyst, f"{PATH}/{alone}/effect")
    assert (found["kind"], found["held_out"], found["response_uplift"]) == ("association", None, None)  # fmt: skip
    assert "association" in found["sentence"].lower()
    assert found["treated"]["revenue"] == [money("100.00"), money("70.00", "USD")]
    found = await got(analyst, f"{PATH}/{chosen}/effect")
    assert (found["kind"], found["purchase_uplift"]["difference"]) == ("association", pytest.approx(1 / 6, abs=1e-6))  # fmt: skip
    assert [each["difference"]["currency"] for each in found["money"]] == ["CNY", "USD"]
    found = await got(analyst, f"{PATH}/{few}/effect")
    assert (found["treated"]["n"], found["treated"]["response"], found["treated"]["orders"]) == (3, None, None)  # fmt: skip
    assert "fewer than 10" in found["sentence"]


async def test_orders_of_a_contact_are_theirs_and_merged_records_are_one(
    everywhere: Organisation, customers: Clients, client: Clients, sales: Clients, hear: Hear
) -> None:
    admin, seller, analyst = (make(everywhere.admin) for make in (customers, sales, client))
    [account] = await accounts_made(admin, 1)
    operations = [
        {"op": "create", "data": {"name": f"P {n}", "accounts": [{"account_id": account}]}} for n in range(12)
    ]  # fmt: skip
    people = [each["id"] for each in (await posted(admin, "/v1/contacts/batch", {"operations": operations}))["results"]]  # fmt: skip
    campaign = await campaign_made(admin, starts_on="2026-03-02")
    of = f"/v1/campaigns/{campaign}/members"
    await posted(admin, of, {"resource": "contacts", "ids": people})
    await sold(seller, account, "2026-03-10", "100.00")
    await hear()
    found = await got(analyst, f"{PATH}/{campaign}/effect")
    assert (found["treated"]["n"], found["treated"]["orders"]) == (12, 0)  # nobody's of them
    await posted(admin, of, {"resource": "accounts", "ids": [account]})
    await hear()
    theirs = order(account, line(quantity=1, price="7.00"), contact_id=people[3])
    await made(seller, theirs | {"ordered_on": "2026-03-11", "status": "fulfilled"})
    await hear()
    found = await got(analyst, f"{PATH}/{campaign}/effect")
    assert (found["treated"]["orders"], found["treated"]["purchase"]["count"]) == (2, 2)
    assert len(await listed(analyst, found["treated"]["records"]["orders"])) == 2
    moment = found["as_of"]
    merge = {"resource": "contacts", "survivor_id": people[0], "source_ids": [people[1]]}
    merged = await posted(admin, "/v1/merges", merge, 201)
    await posted(admin, f"/v1/contacts/{people[2]}/erase", {"reason": "subject_request"})
    await hear()
    found = await got(analyst, f"{PATH}/{campaign}/effect")
    assert (found["treated"]["n"], found["treated"]["orders"]) == (11, 2)
    query = await asked(analyst, "campaign_members", dimensions=["campaign"])
    assert cells(query, "campaign_members") == {(campaign,): 11}
    past = await got(analyst, f"{PATH}/{campaign}/effect", as_of=moment)
    assert past["treated"]["n"] == 13
    assert len(await listed(analyst, past["treated"]["records"]["members"])) == 13
    await posted(admin, f"/v1/merges/{merged['id']}/undo", {})
    await hear()
    assert (await got(analyst, f"{PATH}/{campaign}/effect"))["treated"]["n"] == 12


async def test_what_a_campaign_brought_is_seen_by_those_who_see_it(
    everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    rep = everywhere.rep.but(permissions=("*:*",))
    own = customers(rep)
    ids = await accounts_made(own, 10)
    campaign = await campaign_made(own, name="Unseenautumn", costs=[{"on": "2026-03-01", "amount": money("77.77")}])  # fmt: skip
    await posted(own, f"/v1/campaigns/{campaign}/members", {"resource": "accounts", "ids": ids})
    await hear()
    for user, is_seen in ((everywhere.rep, True), (everywhere.manager, True), (everywhere.rep2, False), (everywhere.other_rep, False)):  # fmt: skip
        answer = await client(user).get(f"{PATH}/{campaign}/effect")
        assert answer.status_code == (200 if is_seen else 404), user.name
        texts = [(await client(user).get(PATH)).text]
        for body in ({"measures": ["campaign_members"], "dimensions": ["campaign"]}, {"measures": ["campaign_cost"]}):  # fmt: skip
            texts.append((await client(user).post("/v1/analytics/query", json=body)).text)
        for cube in ("campaign_members", "campaign_costs"):
            texts.append((await client(user).post(f"/v1/analytics/facts/{cube}/search", json={})).text)  # fmt: skip
        told = [word in text for text, word in zip(texts, (campaign, campaign, "77.77", campaign, campaign), strict=True)]  # fmt: skip
        assert told == [is_seen] * 5, (user.name, texts)
    nobody = everywhere.admin.but(permissions=("analytics:read", "orders:read"))
    assert (await client(nobody).get(PATH)).status_code == 403


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{PATH}?window_days=0", "window_days"), (f"{PATH}?window_days=1.5", "window_days"), (f"{PATH}?limit=0", "limit"),
        (f"{PATH}?cursor=x", "cursor"), (f"{PATH}?as_of=soon", "as_of"), (f"{PATH}?shoe=1", "shoe"),
    ],
)  # fmt: skip
async def test_what_is_asked_wrongly_is_named(
    organisation: Organisation, client: Clients, path: str, name: str
) -> None:
    answer = await client(organisation.admin).get(path)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name]), answer.text
    missing = await client(organisation.admin).get(f"{PATH}/{uuid4()}/effect")
    assert missing.status_code == 404
    assert (await client(organisation.admin).get(f"{PATH}/shoe/effect")).status_code == 404


async def test_a_list_of_campaigns_goes_page_by_page(
    everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    made = [await campaign_made(customers(everywhere.admin), name=f"C{n}") for n in range(3)]
    await hear()
    first = await got(client(everywhere.admin), PATH, limit=2)
    second = await got(client(everywhere.admin), PATH, limit=2, cursor=first["page"]["next_cursor"])
    rows = [row["campaign_id"] for page in (first, second) for row in page["data"]]
    assert (rows, second["page"]["has_more"]) == (made[::-1], False)


ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")


def hillstrom() -> dict[str, list[tuple[str, dict[str, str]]]]:
    text = gzip.decompress((data_set("hillstrom_email") / "hillstrom.csv.gz").read_bytes()).decode()
    arms: dict[str, list[tuple[str, dict[str, str]]]] = {arm: [] for arm in ARMS}
    for n, row in enumerate(csv.DictReader(text.splitlines())):
        arms[row["segment"]].append((f"h{n}", row))
    return arms


async def test_the_whole_of_a_real_experiment_gives_the_published_figures(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Hillstrom 2008: 64,000 customers by lot in three arms; visits 10.6 % (none), 18.3 % (Men's), 15.1 % (Women's)."""
    arms, admin = hillstrom(), client(organisation.admin)
    bought = [
        (who, DAY, Decimal(row["spend"])) for rows in arms.values() for who, row in rows if row["conversion"] == "1"
    ]  # fmt: skip
    await heard(service_database, organisation, bought)
    for arm, share, points in (("Mens E-Mail", 18.28, 7.66), ("Womens E-Mail", 15.14, 4.52)):
        campaign = await told(service_database, organisation, arm, arms[arm], arms["No E-Mail"])
        found = await got(admin, f"{PATH}/{campaign}/effect")
        assert (found["kind"], found["treated"]["n"]) == ("effect", len(arms[arm]))
        assert found["held_out"]["n"] == 21_306
        assert 100 * found["treated"]["response"]["share"] == pytest.approx(share, abs=0.005)
        assert 100 * found["held_out"]["response"]["share"] == pytest.approx(10.62, abs=0.005)
        uplift = found["response_uplift"]
        assert 100 * uplift["difference"] == pytest.approx(points, abs=0.005)
        assert 0 < uplift["low"] < uplift["difference"] < uplift["high"]
        if arm == "Mens E-Mail":
            assert 100 * found["purchase_uplift"]["difference"] == pytest.approx(0.681, abs=0.00051)
            [each] = found["money"]
            assert float(each["difference"]["amount"]) == pytest.approx(0.77, abs=0.005)
            assert Decimal(each["low"]["amount"]) > 0


async def told(
    database: Database, organisation: Organisation, name: str,
    treated: list[tuple[str, dict[str, str]]], held_out: list[tuple[str, dict[str, str]]],
) -> str:  # fmt: skip
    """A campaign as contacts tells of it, with everybody in it."""
    id, at = str(new_id()), "2025-03-01T00:00:00+00:00"
    whose = {"owner_id": str(organisation.rep.id), "team_id": None}
    state = whose | {
        "id": id, "name": name, "kind": "email", "channel": "email", "status": "ended", "starts_on": "2025-03-01",
        "ends_on": None, "budget": None, "costs": [], "created_at": at,
    }  # fmt: skip
    events = [event(organisation, "campaign", state, at)]
    for group, rows in (("treated", treated), ("held_out", held_out)):
        for who, row in rows:
            visited = row["visit"] == "1"
            member = str(customer(organisation, who))
            state = {
                "id": str(new_id()), "campaign_id": id, "member_type": "account", "member_id": member, "account_id": member,
                "member_group": group, "is_by_lot": True, "status": "responded" if visited else "targeted",
                "sent_at": None, "responded_at": at if visited else None, "created_at": at,
            }  # fmt: skip
            events.append(event(organisation, "campaign_member", state, at))
    for begin in range(0, len(events), 5_000):
        async with database.transaction(organisation.id) as connection:
            await write_facts(connection, organisation.id, "contacts", events[begin : begin + 5_000])  # fmt: skip
    return id


def event(organisation: Organisation, noun: str, state: dict[str, Any], at: str) -> dict[str, Any]:
    return {
        "organisation_id": str(organisation.id), "type": f"contacts.{noun}.created", "subject_type": noun,
        "subject_id": state["id"], "version": 1, "before": None, "after": state, "occurred_at": at,
    }  # fmt: skip


async def test_a_sample_of_it_goes_the_way_of_everybody(
    everywhere: Organisation, customers: Clients, sales: Clients, client: Clients, hear: Hear
) -> None:
    """Accounts, campaign, members and orders over the real services; every 70th customer of two arms."""
    arms = hillstrom()
    admin, seller, analyst = (make(everywhere.admin) for make in (customers, sales, client))
    campaign = await campaign_made(admin, starts_on="2025-03-01", status="running")
    of, visits, expected = f"/v1/campaigns/{campaign}/members", [], {}
    for group, arm in (("treated", "Mens E-Mail"), ("held_out", "No E-Mail")):
        rows = [row for _, row in arms[arm][::70]]
        ids = await accounts_made(admin, len(rows), kind="person")
        await posted(admin, of, {"resource": "accounts", "ids": ids, "group": group, "is_by_lot": True})  # fmt: skip
        visits += [id for id, row in zip(ids, rows, strict=True) if row["visit"] == "1"]
        for id, row in zip(ids, rows, strict=True):
            if row["conversion"] == "1":
                await sold(seller, id, "2025-03-10", row["spend"])
        counts = [sum(row[what] == "1" for row in rows) for what in ("visit", "conversion")]
        expected[group] = (len(rows), *counts)
    marked = [{"member_id": id, "at": "2025-03-09T00:00:00Z"} for id in visits]
    await posted(admin, f"{of}/mark", {"status": "responded", "members": marked})
    await hear()
    found = await got(analyst, f"{PATH}/{campaign}/effect")
    assert found["kind"] == "effect"
    for group, counts in expected.items():
        arm_found = found[group]
        shown = (arm_found["n"], arm_found["response"]["count"], arm_found["purchase"]["count"])
        assert shown == counts
    assert found["response_uplift"]["difference"] > 0
