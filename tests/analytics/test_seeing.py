"""Every route of analytics, present and future: other people's sales, deals and tickets do not exist."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi_shared.edge import Edge
from tests.analytics.asking import account_made, sold
from tests.analytics.conftest import Hear
from tests.analytics.owing import invoice, published, told_of
from tests.every_route import NOBODY, operations
from tests.factories import Clients, Organisation

SECRET = "绝密客户Canary"
TODAY = datetime.now(UTC).date()
BODIES: dict[str, Any] = {
    "/v1/analytics/query": {
        "measures": ["revenue", "deals_opened", "tickets_opened", "contract_terms", "activities", "sell_in", "complaints", "accounts", "invoiced"],
        "dimensions": ["account", "region"],
    },
    "/v1/analytics/facts/{cube}/search": {},
}  # fmt: skip
CUBES = (
    "sales",
    "deals_opened",
    "deals_closed",
    "tickets_opened",
    "tickets_solved",
    "backlog",
    "answers",
    "campaign_costs",
    "campaign_members",
    "contracts",
    "activities",
    "quotas",
    "stock",
    "distributor_sales",
    "complaints",
    "corrective_actions",
    "accounts",
    "invoices",
)


@pytest.fixture
async def canary(
    everywhere: Organisation, sales: Clients, customers: Clients, desk: Clients, hear: Hear
) -> str:
    """An account of `rep` with a sale, an invoice, a ticket, a contract and a visit, all of which say the secret where they can."""
    rep = sales(everywhere.rep)
    account = await account_made(customers(everywhere.rep), rep, SECRET, region=SECRET)
    brought = {"referred_by_id": account}
    await account_made(customers(everywhere.rep), rep, "Whom it brought", **brought)
    await sold(rep, account, "2026-03-05", "43217654.00", name=SECRET)
    ticket = {"subject": SECRET, "account_id": account, "kind": "complaint", "channel": "phone"}
    made = await desk(everywhere.rep).post("/v1/tickets", json=ticket)
    assert made.status_code == 201
    action = {"body": SECRET}
    planned = await desk(everywhere.admin).post(
        f"/v1/tickets/{made.json()['id']}/loop/actions", json=action
    )
    assert planned.status_code == 201, planned.text
    contract = {
        "name": SECRET, "account_id": account, "unit": "incidents", "valid_from": str(TODAY), "owner_id": str(everywhere.rep.id),
        "valid_until": str(TODAY + timedelta(days=29)),
    }  # fmt: skip
    kept = await desk(everywhere.admin).post("/v1/entitlements", json=contract)
    assert kept.status_code == 201, kept.text
    stock = {
        "account_id": account,
        "sku": SECRET,
        "month": "2026-03",
        "opening": 43217654,
        "note": SECRET,
    }
    answer = await rep.post("/v1/orders/stock-reports", json=stock)
    assert answer.status_code == 201, answer.text
    visit = {"kind": "visit", "subject": SECRET, "location": SECRET, "account_ids": [account]}
    answer = await customers(everywhere.rep).post("/v1/activities", json=visit)
    assert answer.status_code == 201, answer.text
    bill = invoice(everywhere, SECRET, "43217654", -50)
    bill |= {"account_id": account, "number": SECRET}
    await published(sales.app, everywhere, told_of(everywhere, bill))
    await hear()
    return account


def told(text: str) -> bool:
    return SECRET in text or "43217654" in text


async def answers_of(client: Any, service: Edge, account: str) -> dict[str, str]:
    """What every operation answers somebody, by its path."""
    found = {}
    for method, path in operations(service):
        for cube in CUBES if "{cube}" in path else ("",):
            url = path.replace("{cube}", cube).replace("{account_id}", account)
            url = url.replace("{job_id}", NOBODY)
            if "{" in url or path.startswith("/metrics"):
                continue
            body = BODIES.get(path)
            answer = await client.request(
                method.upper(), url, **({} if body is None else {"json": body})
            )
            assert answer.status_code < 500, (method, url, answer.text)
            found[f"{method.upper()} {url}"] = answer.text
    return found


@pytest.mark.parametrize("who", ["other_rep", "read_only", "junior"])
async def test_nothing_of_others_is_seen(
    canary: str, client: Clients, everywhere: Organisation, service: Edge, who: str
) -> None:
    seen = await answers_of(client(everywhere.users[who]), service, canary)
    assert len(seen) > 10
    for where, text in seen.items():
        assert not told(text), (where, text)


async def test_another_organisation_sees_nothing(
    canary: str, client: Clients, other_organisation: Organisation, service: Edge
) -> None:
    for where, text in (
        await answers_of(client(other_organisation.admin), service, canary)
    ).items():
        assert not told(text), (where, text)


@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
async def test_those_who_see_it_do(
    canary: str, client: Clients, everywhere: Organisation, service: Edge, who: str
) -> None:
    """What the others are kept from is there to be seen."""
    seen = await answers_of(client(everywhere.users[who]), service, canary)
    telling = {where.split("?")[0] for where, text in seen.items() if SECRET in text}
    assert telling == {
        "POST /v1/analytics/query", "POST /v1/analytics/facts/sales/search", "POST /v1/analytics/facts/stock/search",
        "POST /v1/analytics/facts/distributor_sales/search", "POST /v1/analytics/facts/accounts/search",
        "GET /v1/analytics/contracts/renewals",
        "GET /v1/analytics/referrals", "GET /v1/analytics/risk", "POST /v1/analytics/facts/invoices/search",
        f"GET /v1/analytics/customers/{canary}",
    }  # fmt: skip
