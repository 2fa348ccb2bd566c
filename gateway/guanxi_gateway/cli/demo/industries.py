"""Industries, sizes and ages of companies as the public set shows them.

Parameters worked out from `accounts.csv` of the "CRM Sales Opportunities" set (85 companies of a
made-up reseller; Maven Analytics Data Playground). Nothing of the set itself is in here.
"""

import math
from dataclasses import dataclass
from random import Random

# Companies of each sector among the 85; the set's "technolgy" is spelled out.
SECTORS = {
    "retail": 17.0, "technology": 12.0, "medical": 12.0, "marketing": 8.0, "finance": 8.0,
    "software": 7.0, "entertainment": 6.0, "telecommunications": 6.0, "services": 5.0,
    "employment": 4.0,
}  # fmt: skip

# 15 of the 85 name a company above them; seven companies stand above these.
SUBSIDIARY_SHARE = 15 / 85
SUBSIDIARIES_PER_PARENT = (4, 3, 2, 2, 2, 1, 1)

# Natural logarithm of the revenue in millions of dollars; least and most of the set.
LOG_REVENUE_MEAN, LOG_REVENUE_SD = 6.938, 1.375
LEAST_REVENUE, MOST_REVENUE = 4.54, 11_698.0
# ln(staff) = 0.788 + ln(revenue) with this deviation (slope 0.999, correlation 0.97).
LOG_STAFF_MEAN, LOG_STAFF_SD = 0.788, 0.337
FOUNDED_MEAN, FOUNDED_SD, FOUNDED_FIRST, FOUNDED_LAST = 1996.1, 8.8, 1979, 2017


@dataclass(frozen=True, slots=True)
class Size:
    """Revenue in millions of US dollars."""

    revenue: float
    staff: int
    founded: int


def company_size(dice: Random) -> Size:
    """Revenue is log-normal; staff follows it, the age does not."""
    revenue = math.exp(dice.gauss(LOG_REVENUE_MEAN, LOG_REVENUE_SD))
    revenue = min(max(revenue, LEAST_REVENUE), MOST_REVENUE)
    staff = revenue * math.exp(dice.gauss(LOG_STAFF_MEAN, LOG_STAFF_SD))
    founded = round(dice.gauss(FOUNDED_MEAN, FOUNDED_SD))
    return Size(revenue, max(round(staff), 3), min(max(founded, FOUNDED_FIRST), FOUNDED_LAST))


def parents_above(dice: Random, candidates: int, subsidiaries: int) -> list[int]:
    """For each subsidiary the index of its parent: each parent gets one to four, as in the set."""
    chosen = dice.sample(range(candidates), min(candidates, subsidiaries))
    above: list[int] = []
    for parent in chosen:
        above += [parent] * dice.choice(SUBSIDIARIES_PER_PARENT)
    return above[:subsidiaries]
