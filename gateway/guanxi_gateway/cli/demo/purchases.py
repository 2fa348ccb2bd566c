"""On which days customers buy: till they die (Fader, Hardie and Lee 2005, Marketing Science 24(2)).

Each customer buys at a rate of its own, λ ~ gamma, and after each purchase but the first is gone with a chance of its own,
p ~ beta. Deals are won on such days and orders are made of them, so that nothing else is bought than by this rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random

from guanxi_gateway.cli.demo.activities import Customer
from guanxi_gateway.cli.demo.rhythm import DAYS_BACK, NEWEST_DAY
from guanxi_gateway.cli.demo.seeds import stream

BUYERS = 0.92
RATE_SHAPE, RATE_DAYS = 1.6, 110.0  # on average a purchase in 110 / 1.6 days
LEAVING = (0.9, 5.0)
FIRST_WITHIN = 480  # days of the demo's two years


def purchase_days(
    seed: int, customers: Sequence[Customer], today: date
) -> Mapping[str, list[date]]:
    """Of each account, in order; none of those who never bought."""
    dice = stream(seed, "purchase")
    found = {customer.account["id"]: list(_days(dice, today)) for customer in customers}
    return {id: days for id, days in found.items() if days}


def _days(dice: Random, today: date) -> Iterator[date]:
    if dice.random() > BUYERS:
        return
    rate = dice.gammavariate(RATE_SHAPE, 1 / RATE_DAYS)
    leaves = dice.betavariate(*LEAVING)
    moment = dice.uniform(0, FIRST_WITHIN)
    begins, newest = today - timedelta(days=DAYS_BACK), today - timedelta(days=NEWEST_DAY)
    before = None
    while (day := _working(begins + timedelta(days=int(moment)))) <= newest:
        if day != before:
            yield day
            if before is not None and dice.random() < leaves:
                return
        before, moment = day, moment + dice.expovariate(rate)


def _working(day: date) -> date:
    """That Monday, of a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
