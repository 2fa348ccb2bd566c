"""Orders of two years: one of each day on which a customer bought, some of them for deals that were won."""

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random

from guanxi_gateway.cli.demo.activities import Customer
from guanxi_gateway.cli.demo.catalogue import (
    ITEMS,
    MARGIN,
    TAXES,
    price,
    product_id,
    unit_cost,
)
from guanxi_gateway.cli.demo.companies import Record, city_of
from guanxi_gateway.cli.demo.places import country_of
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted

RATES = {code: rate for code, _, rate in TAXES}
# What a customer of a grade spends at a time, in US dollars: around a mean of its own, whose inverse is gamma (Fader, Hardie
# and Lee 2005, J. Marketing Research 42(4)).
SPENDS = {"A": 16_000, "B": 11_000, "C": 8_000, "D": 6_000}
ORDER_SHAPE, CUSTOMER_SHAPE = 6.0, 3.5
LINES = {1: 5.0, 2: 3.0, 3: 2.0}
DISCOUNTS = {0: 7.0, 5: 2.0, 10: 1.0}
STATUSES = {"fulfilled": 90.0, "confirmed": 6.0, "placed": 4.0}
CANCELLED_SHARE = 0.02  # of further orders, which are none
CHEAPEST = min(range(len(ITEMS)), key=lambda n: ITEMS[n].dollars)


def make_orders(
    seed: int, customers: Sequence[Customer], deals: Sequence[Record],
    purchases: Mapping[str, list[date]],
) -> list[Record]:  # fmt: skip
    """Orders as `POST /v1/orders` takes them, the oldest first."""
    dice = stream(seed, "order")
    won = {
        (deal["account_id"], deal["closed_on"]): deal["id"]
        for deal in deals
        if "closed_on" in deal and "reason" not in deal
    }
    orders = []
    for customer in customers:
        id = customer.account["id"]
        mean = _mean(dice, customer)
        for day in purchases.get(id, ()):
            order = _order(
                dice, seed, customer, day, dice.gammavariate(ORDER_SHAPE, mean / ORDER_SHAPE)
            )
            deal = won.get((id, str(day)))
            orders.append(order if deal is None else order | {"opportunity_id": deal})
            if dice.random() < CANCELLED_SHARE:
                again = _order(dice, seed, customer, day, mean)
                orders.append(again | {"status": "cancelled"})
    orders.sort(key=lambda order: (order["ordered_on"], order["account_id"]))
    return [{"id": str(demo_id(seed, "order", n)), **order} for n, order in enumerate(orders)]


def _mean(dice: Random, customer: Customer) -> float:
    spends = SPENDS[customer.account.get("grade") or "D"] * (CUSTOMER_SHAPE - 1)
    return spends / dice.gammavariate(CUSTOMER_SHAPE, 1.0)


def _order(dice: Random, seed: int, customer: Customer, day: date, dollars: float) -> Record:
    currency = country_of(city_of(customer.account)).currency
    numbers = _items(dice, dollars)
    return {
        "account_id": customer.account["id"], "owner_id": customer.account["owner_id"],
        "ordered_on": str(day), "currency": currency, "status": weighted(dice, STATUSES),
        "lines": [_line(dice, seed, each, currency, dollars / len(numbers)) for each in numbers],
    }  # fmt: skip


def _items(dice: Random, dollars: float) -> list[int]:
    """Of what the money is enough for, a line each."""
    count = weighted(dice, LINES)
    fit = [n for n, item in enumerate(ITEMS) if item.dollars <= dollars / count]
    return dice.sample(fit, min(count, len(fit))) if fit else [CHEAPEST]


def _line(dice: Random, seed: int, number: int, currency: str, dollars: float) -> Record:
    item = ITEMS[number]
    return {
        "product_id": product_id(seed, number), "sku": item.sku, "name": item.name,
        "category": item.category, "quantity": max(1, round(dollars / item.dollars)),
        "unit_price": price(item, currency), "discount": weighted(dice, DISCOUNTS),
        "tax_rate": RATES[item.tax_class] if currency == "CNY" else 0,
        "unit_cost": unit_cost(item, currency, dice.uniform(*MARGIN)),
    }  # fmt: skip
