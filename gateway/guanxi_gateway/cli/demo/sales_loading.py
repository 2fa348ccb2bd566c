"""What is sold, to whom, and how far it is: catalogue, leads, pipelines, deals, quotes, orders, invoices, quotas, stock."""

from collections.abc import Sequence
from datetime import date

from guanxi_gateway.cli.demo.catalogue import make_products, make_rates, make_taxes
from guanxi_gateway.cli.demo.client import Write
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.customers import Customers
from guanxi_gateway.cli.demo.deals import make_pipelines, slips
from guanxi_gateway.cli.demo.invoices import make_invoices, make_payments
from guanxi_gateway.cli.demo.leads import SCORECARD, make_forms, make_rules
from guanxi_gateway.cli.demo.loads import Loading
from guanxi_gateway.cli.demo.offers import sent
from guanxi_gateway.cli.demo.targets import make_quotas, make_stock
from guanxi_gateway.cli.demo.territories import make_territories

BEGINNING = "Sales"  # the pipeline of every organisation
PIPELINES, DEALS, QUOTES = "/v1/pipelines", "/v1/opportunities", "/v1/quotes"


def load_sales(loading: Loading, customers: Customers, today: date) -> None:
    loading.create_many("territories", "/v1/territories", make_territories(loading.seed))
    _load_catalogue(loading, today)
    _load_leads(loading, customers)
    _load_deals(loading, customers)
    loading.create("quotes", QUOTES, customers.quotes)
    _send(loading, customers.quotes)
    loading.create_many("orders", "/v1/orders", customers.orders)
    invoices = make_invoices(loading.seed, customers.orders, today)
    loading.create_many("invoices", "/v1/invoices", invoices)
    payments = make_payments(loading.seed, invoices, today)
    loading.create_many("payments", "/v1/payments", payments)
    loading.create_many("quotas", "/v1/quotas", make_quotas(loading.seed, customers.deals, today))
    stock = make_stock(loading.seed, customers.orders, today)
    loading.create_many("stock of distributors", "/v1/orders/stock-reports", stock)


def _load_catalogue(loading: Loading, today: date) -> None:
    seed = loading.seed
    loading.create_many("exchange rates", "/v1/exchange-rates", make_rates(seed, today))
    loading.create("tax classes", "/v1/products/tax-classes", make_taxes(seed))
    loading.create("products", "/v1/products", make_products(seed))


def _load_leads(loading: Loading, customers: Customers) -> None:
    seed = loading.seed
    scorecard = Write("/v1/leads/scorecard", SCORECARD, method="PATCH")
    loading.write("scorecard", [[scorecard]])
    loading.create("assignment rules", "/v1/leads/assignment-rules", make_rules(seed))
    loading.create("forms", "/v1/leads/forms", make_forms(seed))
    loading.create_many("leads", "/v1/leads", customers.leads)


def _load_deals(loading: Loading, customers: Customers) -> None:
    """The pipeline that every organisation begins with gives way to the demo's own two."""
    client, pipelines = loading.client, make_pipelines(loading.seed)
    loading.create("pipelines", PIPELINES, pipelines)
    present = client.records_of(f"{PIPELINES}?fields=id,name")
    for id in (id for id, found in present.items() if found["name"] == BEGINNING):
        client.remove(f"{PIPELINES}/{id}")
    loading.create_many("opportunities", DEALS, customers.deals)
    put_off = slips(loading.seed, customers.deals)
    chains = [
        [Write(f"{DEALS}/{id}", move, version=n, method="PATCH") for n, move in enumerate(moves, 1)]
        for id, moves in put_off.items()
    ]
    loading.write("closing days", chains)


def _send(loading: Loading, quotes: Sequence[Record]) -> None:
    """Once: one that was sent is not at its first version any more."""
    ids = sent(loading.seed, quotes)
    chains = [[Write(f"{QUOTES}/{id}/send", {}, version=1)] for id in ids]
    loading.write("quotes sent", chains)
