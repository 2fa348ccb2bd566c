"""What is learnt beside the model of purchases: satisfaction, weeks ahead, open deals, products, contracts. Pure."""

from typing import Any

from guanxi_analytics.fitting.ahead import learn_customers, learn_revenue
from guanxi_analytics.fitting.contracts import learn_contracts
from guanxi_analytics.fitting.deals import learn_deals
from guanxi_analytics.fitting.products import learn_products
from guanxi_analytics.fitting.satisfied import learn_index, learn_loyalty


def learn(
    *, until: int, loyalty: Any, index: Any, customers: Any, revenue: Any, own: str | None,
    first: int | None, last: int, deals: Any, fields: Any, products: Any,
    contracts: Any,
) -> dict[str, Any]:  # fmt: skip
    """By the model's name: verdict, sentence, n, found. `first` and `last` are the Mondays of the weeks that are whole."""
    of_deals = learn_deals(deals, until)
    begun = last if first is None else first
    return {
        "satisfaction-loyalty": learn_loyalty(loyalty),
        "satisfaction-index": learn_index(index),
        "active-customers": learn_customers(customers, begun, last),
        "revenue-ahead": learn_revenue(revenue, own, begun, last),
        "product-affinity": learn_products(until=until, **products),
        "deals-ahead": of_deals | {"found": of_deals["found"] | {"fields": fields}},
    } | learn_contracts(**contracts)
