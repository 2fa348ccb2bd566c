"""What salespeople are to win each month, and what distributors told of their stock."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from guanxi_gateway.cli.demo.catalogue import ITEMS, product_id
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.rhythm import DAYS_BACK
from guanxi_gateway.cli.demo.seeds import demo_id, stream
from guanxi_shared.money import scale_of

MONTHS_BACK: Final = 11  # besides those of the quarter that runs
MONTHS_OF_SALES: Final = DAYS_BACK / 30.4
AMBITION: Final = (0.7, 1.4)  # times what was won in a month so far
GROWTH: Final = 0.012  # a month
DISTRIBUTORS, MONTHS_TOLD = 6, 9
STOCKED: Final = ("hardware", "parts")
SOLD_ON: Final = (0.25, 0.65)  # of what is there


def make_quotas(seed: int, deals: Sequence[Record], today: date) -> list[Record]:
    """Monthly quotas as `POST /v1/quotas` takes them: of everybody who won something, in the currency of most of it."""
    dice = stream(seed, "quota")
    months = [_month(today, ahead) for ahead in range(-MONTHS_BACK, 3 - (today.month - 1) % 3)]
    quotas = [
        {"owner_id": owner, "period": "month", "starts_on": str(month), "amount": amount}
        for owner, currency, mean in _won(deals)
        for month, amount in zip(months, _amounts(dice, currency, mean, len(months)), strict=True)
    ]
    return [{"id": str(demo_id(seed, "quota", n)), **quota} for n, quota in enumerate(quotas)]


def _won(deals: Sequence[Record]) -> Iterator[tuple[str, str, float]]:
    """Owner, currency, and what was won in a month."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for deal in deals:
        if "closed_on" in deal and "reason" not in deal:
            sums[deal["owner_id"]][deal["amount"]["currency"]] += float(deal["amount"]["amount"])
    for owner, own in sorted(sums.items()):
        currency = max(sorted(own), key=lambda name: own[name])
        yield owner, currency, own[currency] / MONTHS_OF_SALES


def _amounts(dice: Random, currency: str, mean: float, count: int) -> Iterator[Record]:
    first = mean * dice.uniform(*AMBITION)
    for n in range(count):
        amount = Decimal(f"{first * (1 + GROWTH) ** n:.2g}")
        yield {"amount": f"{amount:.{scale_of(currency)}f}", "currency": currency}


def make_stock(seed: int, orders: Sequence[Record], today: date) -> list[Record]:
    """Months of stock as `POST /v1/orders/stock-reports` takes them, of those who buy most goods: what came in is what was
    sold to them."""
    dice = stream(seed, "stock")
    numbers = {product_id(seed, n): n for n, item in enumerate(ITEMS) if item.category in STOCKED}
    bought: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for order in orders:
        for line in order["lines"] if order["status"] != "cancelled" else ():
            if line["product_id"] in numbers:
                key = (order["account_id"], line["product_id"])
                bought[key][order["ordered_on"][:7]] += line["quantity"]
                totals[order["account_id"]] += 1
    distributors = {account for account, _ in totals.most_common(DISTRIBUTORS)}
    months = [f"{_month(today, -ago):%Y-%m}" for ago in range(MONTHS_TOLD, 0, -1)]
    reports = [
        {"account_id": account, "product_id": product, **told}
        for (account, product), came in sorted(bought.items())
        if account in distributors
        for told in _months(dice, months, came)
    ]
    return [{"id": str(demo_id(seed, "stock", n)), **report} for n, report in enumerate(reports)]


def _months(dice: Random, months: Sequence[str], came: Counter[str]) -> Iterator[Record]:
    """Each begins with what the one before ended with."""
    opening = dice.randint(4, 20)
    for month in months:
        there = opening + came[month]
        sold = round(there * dice.uniform(*SOLD_ON))
        yield {"month": month, "opening": opening, "bought": came[month], "sold": sold}
        opening = there - sold


def _month(day: date, ahead: int) -> date:
    """The first day of the month so many months ahead."""
    number = day.year * 12 + day.month - 1 + ahead
    return date(number // 12, number % 12 + 1, 1)
