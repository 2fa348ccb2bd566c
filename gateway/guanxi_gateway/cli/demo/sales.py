"""Orders of two years: those that deals were won for, and what customers ordered again until they stopped.

Customers buy till they die: each has its own mean time between orders (exponential) and, after every order,
a chance that it was the last one (geometric), as in Schmittlein, Morrison and Colombo (1987).
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
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
from guanxi_gateway.cli.demo.rhythm import DAYS_BACK, NEWEST_DAY
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted

RATES = {code: rate for code, _, rate in TAXES}
# Mean days between the orders of a customer of a grade, and the chance that one was the last.
DAYS_BETWEEN = {"A": 60, "B": 90, "C": 140, "D": 200}
LAST_SHARE = {"A": 0.04, "B": 0.08, "C": 0.13, "D": 0.2}
BUYERS = 0.75
LINES = {1: 5.0, 2: 3.0, 3: 2.0}
DISCOUNTS = {0: 7.0, 5: 2.0, 10: 1.0}
STATUSES = {"fulfilled": 88.0, "confirmed": 6.0, "placed": 4.0, "cancelled": 2.0}


def make_orders(
    seed: int, customers: Sequence[Customer], deals: Sequence[Record], today: date
) -> list[Record]:
    """Orders as `POST /v1/orders` takes them, the oldest first."""
    dice = stream(seed, "order")
    known = {customer.account["id"]: customer for customer in customers}
    won = [deal for deal in deals if "closed_on" in deal and "reason" not in deal]
    orders = [_order(dice, seed, known[d["account_id"]], _day(d["closed_on"]), deal=d) for d in won]
    for customer in customers:
        orders += [_order(dice, seed, customer, day) for day in _days(dice, customer, today)]
    orders.sort(key=lambda order: (order["ordered_on"], order["account_id"]))
    return [{"id": str(demo_id(seed, "order", n)), **order} for n, order in enumerate(orders)]


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _days(dice: Random, customer: Customer, today: date) -> Iterator[date]:
    """When a customer bought again, on days that people work."""
    if dice.random() > BUYERS:
        return
    grade = customer.account.get("grade") or "D"
    between = DAYS_BETWEEN[grade] * dice.gammavariate(2.0, 0.5)
    day = today - timedelta(days=DAYS_BACK) + timedelta(days=round(dice.uniform(0, 365)))
    while day <= today - timedelta(days=NEWEST_DAY):
        if day.weekday() < 5:
            yield day
        if dice.random() < LAST_SHARE[grade]:
            return
        day += timedelta(days=max(1, round(dice.expovariate(1 / max(between, 5.0)))))


def _order(
    dice: Random, seed: int, customer: Customer, day: date, *, deal: Record | None = None
) -> Record:
    currency = country_of(city_of(customer.account)).currency
    order: Record = {
        "account_id": customer.account["id"], "owner_id": customer.account["owner_id"],
        "ordered_on": str(day), "currency": currency, "status": weighted(dice, STATUSES),
        "lines": [_line(dice, seed, number, currency) for number in _items(dice)],
    }  # fmt: skip
    return order if deal is None else order | {"opportunity_id": deal["id"]}


def _items(dice: Random) -> list[int]:
    return dice.sample(range(len(ITEMS)), weighted(dice, LINES))


def _line(dice: Random, seed: int, number: int, currency: str) -> Record:
    item = ITEMS[number]
    most = max(1, round(6_000 / item.dollars))
    return {
        "product_id": product_id(seed, number), "sku": item.sku, "name": item.name,
        "category": item.category, "quantity": dice.randint(1, max(2, most)),
        "unit_price": price(item, currency), "discount": weighted(dice, DISCOUNTS),
        "tax_rate": RATES[item.tax_class] if currency == "CNY" else 0,
        "unit_cost": unit_cost(item, currency, dice.uniform(*MARGIN)),
    }  # fmt: skip
