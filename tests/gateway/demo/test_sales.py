"""Catalogue, leads, quotes and orders of the demo: of the right shape, and as the API takes them."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import BaseModel

from guanxi_analytics.modelling.beta_geometric import fit
from guanxi_analytics.modelling.histories import histories
from guanxi_analytics.modelling.purchase_days import PurchaseDays
from guanxi_gateway.cli.demo.catalogue import (
    DOLLARS,
    make_products,
    make_rates,
    make_taxes,
)
from guanxi_gateway.cli.demo.deals import make_deals
from guanxi_gateway.cli.demo.invoices import make_invoices, make_payments
from guanxi_gateway.cli.demo.leads import SCORECARD, make_forms, make_leads, make_rules
from guanxi_gateway.cli.demo.offers import make_quotes, sent
from guanxi_gateway.cli.demo.purchases import LEAVING, RATE_DAYS, RATE_SHAPE
from guanxi_gateway.cli.demo.sales import make_orders
from guanxi_gateway.cli.demo.targets import make_quotas, make_stock
from guanxi_gateway.cli.demo.territories import make_territories
from guanxi_pipeline.assignment_rules.schemas import AssignmentRuleCreate
from guanxi_pipeline.invoices.schemas import InvoiceCreate
from guanxi_pipeline.lead_forms.schemas import LeadFormCreate
from guanxi_pipeline.leads.schemas import LeadCreate
from guanxi_pipeline.orders.rules import order_from
from guanxi_pipeline.orders.schemas import OrderCreate
from guanxi_pipeline.payments.schemas import PaymentCreate
from guanxi_pipeline.products.schemas import ProductCreate
from guanxi_pipeline.quotas.schemas import QuotaCreate
from guanxi_pipeline.quotes.schemas import QuoteCreate
from guanxi_pipeline.rates.schemas import ExchangeRateCreate
from guanxi_pipeline.references.heard import place_of
from guanxi_pipeline.scorecards.schemas import ScorecardUpdate
from guanxi_pipeline.stock.schemas import StockReportCreate
from guanxi_pipeline.tax_classes.schemas import TaxClassCreate
from guanxi_pipeline.territories.schemas import TerritoryCreate
from guanxi_pipeline.territories.territory_rules import ASKED, Territories
from guanxi_shared.identifiers import new_id
from tests.gateway.demo.made import COMPANIES, CUSTOMERS, PURCHASES, SEED, TODAY

DEALS = make_deals(SEED, CUSTOMERS, PURCHASES, TODAY)
ORDERS = make_orders(SEED, CUSTOMERS, DEALS, PURCHASES)
QUOTES = make_quotes(SEED, DEALS)
STOCK = make_stock(SEED, ORDERS, TODAY)
INVOICES = make_invoices(SEED, ORDERS, TODAY)
PAYMENTS = make_payments(SEED, INVOICES, TODAY)
MADE: dict[type[BaseModel], list[dict[str, Any]]] = {
    TaxClassCreate: make_taxes(SEED), ProductCreate: make_products(SEED),
    ExchangeRateCreate: make_rates(SEED, TODAY), AssignmentRuleCreate: make_rules(SEED),
    LeadFormCreate: make_forms(SEED), LeadCreate: make_leads(SEED, TODAY), QuoteCreate: QUOTES,
    OrderCreate: ORDERS, QuotaCreate: make_quotas(SEED, DEALS, TODAY), StockReportCreate: STOCK,
    InvoiceCreate: INVOICES, PaymentCreate: PAYMENTS, TerritoryCreate: make_territories(SEED),
}  # fmt: skip


@pytest.mark.parametrize("model", MADE, ids=lambda model: model.__name__)
def test_the_service_takes_everything(model: type[BaseModel]) -> None:
    for record in MADE[model]:
        model.model_validate_json(orjson.dumps(record), strict=True)
    ids = [record["id"] for record in MADE[model]]
    assert len(set(ids)) == len(ids)


def test_the_service_takes_the_scorecard() -> None:
    ScorecardUpdate.model_validate_json(orjson.dumps(SCORECARD), strict=True)


def test_a_month_of_stock_begins_with_what_the_one_before_ended_with() -> None:
    before: dict[tuple[str, str], tuple[str, int]] = {}
    for told in STOCK:
        key = (told["account_id"], told["product_id"])
        if key in before:
            assert told["month"] > before[key][0]
            assert told["opening"] == before[key][1]
        left = told["opening"] + told["bought"] - told["sold"]
        assert left >= 0
        before[key] = (told["month"], left)
    assert any(told["bought"] for told in STOCK)


def test_the_same_seed_gives_the_same_sales_on_the_same_day() -> None:
    assert make_orders(SEED, CUSTOMERS, DEALS, PURCHASES) == ORDERS
    assert make_quotes(SEED, DEALS) == QUOTES
    assert make_invoices(SEED, ORDERS, TODAY) == INVOICES
    assert make_payments(SEED, INVOICES, TODAY) == PAYMENTS
    assert make_leads(SEED, TODAY) == MADE[LeadCreate]


def test_every_customer_is_in_a_territory_and_every_territory_that_asks_has_some() -> None:
    made: list[dict[str, Any]] = make_territories(SEED)
    nothing: dict[str, Any] = {name: [] for name in ASKED}
    territories = Territories(nothing | row for row in made)
    there: Counter[str] = Counter()
    for company in COMPANIES:
        place = dict(
            zip(("country", "province", "city"), place_of(company["addresses"]), strict=True)
        )
        row = {name: company.get(name) for name in ASKED.values()} | place
        found = territories.of(row | {"is_gone": False, "pinned_id": None})
        assert found is not None, row
        there[str(found[0])] += 1
    assert there.keys() == {row["id"] for row in made if any(row.get(name) for name in ASKED)}
    parents = {row["parent_id"] for row in made if row.get("parent_id")}
    assert parents <= {row["id"] for row in made}


def test_there_is_a_rate_of_each_month_for_each_currency() -> None:
    months = Counter(rate["currency"] for rate in MADE[ExchangeRateCreate])
    assert months == dict.fromkeys(DOLLARS.keys() - {"CNY"}, 26)
    newest = max(rate["valid_on"] for rate in MADE[ExchangeRateCreate])
    assert newest == str(TODAY.replace(day=1))


def test_an_invoice_is_of_what_its_order_comes_to() -> None:
    by_id = {order["id"]: order for order in ORDERS}
    for invoice in INVOICES:
        order = by_id[invoice["order_id"]]
        lines = [{**line, "id": new_id()} for line in order["lines"]]
        sent = {**order, "lines": lines, "ordered_on": TODAY}
        row, _ = order_from(sent, organisation=new_id(), own_currency="CNY", today=TODAY)
        assert Decimal(invoice["amount"]["amount"]) == row["total_amount"]
        assert invoice["amount"]["currency"] == order["currency"]
        assert order["ordered_on"] <= invoice["issued_on"] <= invoice["due_on"]
        assert order["status"] != "cancelled"
    assert len({invoice["order_id"] for invoice in INVOICES}) == len(INVOICES)


def test_most_invoices_are_paid_in_time_and_some_are_overdue_of_every_age() -> None:
    came_in: dict[str, Decimal] = defaultdict(Decimal)
    last: dict[str, str] = {}
    for payment in PAYMENTS:
        came_in[payment["invoice_id"]] += Decimal(payment["amount"]["amount"])
        last[payment["invoice_id"]] = payment["received_on"]
        assert date.fromisoformat(payment["received_on"]) < TODAY
    ages: Counter[str] = Counter()
    for invoice in INVOICES:
        left = Decimal(invoice["amount"]["amount"]) - came_in[invoice["id"]]
        assert left >= 0
        late = (TODAY - date.fromisoformat(invoice["due_on"])).days
        if left:
            ages["open" if late <= 0 else str(min((late - 1) // 30, 3))] += 1
        else:
            ages["in time" if last[invoice["id"]] <= invoice["due_on"] else "late"] += 1
    assert ages["in time"] > len(INVOICES) / 2
    assert ages["late"] > len(INVOICES) / 10
    assert all(ages[bucket] for bucket in ("open", "0", "1", "2", "3")), ages
    whole = {payment["invoice_id"] for payment in PAYMENTS}
    assert len(PAYMENTS) > len(whole)  # some in two parts


def test_every_won_deal_has_its_order_and_customers_buy_again() -> None:
    won = {d["id"] for d in DEALS if "closed_on" in d and "reason" not in d}
    of_deals = [order for order in ORDERS if "opportunity_id" in order]
    assert {order["opportunity_id"] for order in of_deals} == won
    assert len(of_deals) == len(won)
    accounts = {company["id"]: company for company in COMPANIES}
    again = Counter(o["account_id"] for o in ORDERS if "opportunity_id" not in o)
    assert max(again.values()) > 8
    assert 0.4 < len(again) / len(accounts) < 0.95
    for order in ORDERS:
        assert order["owner_id"] == accounts[order["account_id"]]["owner_id"]
        assert date.fromisoformat(order["ordered_on"]) < TODAY
        assert {line["unit_price"]["currency"] for line in order["lines"]} == {order["currency"]}


def test_most_quotes_were_sent() -> None:
    known = {deal["id"] for deal in DEALS}
    assert {quote["opportunity_id"] for quote in QUOTES} <= known
    assert 0.5 < len(sent(SEED, QUOTES)) / len(QUOTES) < 0.95


def test_customers_buy_as_the_model_of_purchases_says() -> None:
    """A buy-till-you-die process by the book: fitted, it gives the mean rate and the mean chance that it was drawn with."""
    who = {id: n for n, id in enumerate(sorted(PURCHASES))}
    days = PurchaseDays.of(
        [who[o["account_id"]] for o in ORDERS if o["status"] != "cancelled"],
        [
            date.fromisoformat(o["ordered_on"]).toordinal()
            for o in ORDERS
            if o["status"] != "cancelled"
        ],
    )
    known = days.known_on(TODAY.toordinal())
    found = fit(histories(known.x, known.last, known.age, unit=1))
    assert found.is_settled
    r, alpha, a, b = np.log(found.parameters)
    drawn = {"rate": np.log(RATE_SHAPE / RATE_DAYS), "share": np.log(LEAVING[0] / sum(LEAVING))}
    assert r - alpha == pytest.approx(drawn["rate"], abs=0.15)
    assert a - np.logaddexp(a, b) == pytest.approx(drawn["share"], abs=0.25)
