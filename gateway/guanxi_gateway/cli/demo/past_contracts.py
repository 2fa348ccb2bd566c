"""Three years of service contracts, as a file of the office of before: terms that were renewed, lapsed, and still run. They come in
by the import, without a link from one term to the next, as such files have them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final

from guanxi_gateway.cli.demo.activities import Customer
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.seeds import demo_id, stream
from guanxi_gateway.cli.demo.staff import team_id, user_id
from guanxi_gateway.cli.demo.tickets import AGENTS

DAY: Final = timedelta(days=1)
MONTHS_BACK: Final = (14, 40)  # begun between
OLDEST: Final = (38, 40)  # and a half of them when contracts were first sold
OLDEST_SHARE: Final = 0.5
YEARLY, HALF_YEARLY = 12, 6
HOW_MANY: Final[Mapping[int, int]] = {YEARLY: 150, HALF_YEARLY: 110}
# Each customer leaves at the end of a term with a chance of their own: beta(a, b). Those who leave easily leave first.
LEAVING: Final[Mapping[int, tuple[float, float]]] = {YEARLY: (0.4, 0.9), HALF_YEARLY: (0.35, 1.3)}
LATE_SHARE: Final = 0.12
PUT_AWAY_SHARE: Final = 0.05
NAMES: Final = {
    ("zh", YEARLY): "年度维保合同", ("zh", HALF_YEARLY): "半年维保合同",
    ("en", YEARLY): "Maintenance, a year", ("en", HALF_YEARLY): "Maintenance, half a year",
}  # fmt: skip
GRANTED: Final = {YEARLY: 24, HALF_YEARLY: 12}


def make_past_contracts(seed: int, customers: Sequence[Customer], today: date) -> list[Record]:
    """Rows as `POST /v1/imports` takes entitlements: one contract of a customer, a row a term."""
    dice = stream(seed, "past contract")
    chosen = dice.sample(list(customers), sum(HOW_MANY.values()))
    lengths = [months for months, count in HOW_MANY.items() for _ in range(count)]
    rows: list[Record] = []
    for number, (customer, months) in enumerate(zip(chosen, lengths, strict=True), start=1):
        agent = str(user_id(seed, dice.choice(AGENTS)))
        for place, term in enumerate(_terms(dice, months, today), start=1):
            rows.append(
                {
                    "id": str(demo_id(seed, "past contract", len(rows))), "external_id": f"SC-{number:04}-{place}",
                    "name": NAMES["zh" if customer.language == "zh" else "en", months], "account_id": customer.account["id"],
                    "unit": "incidents", "granted": GRANTED[months], "owner_id": agent, "team_id": str(team_id(seed, "Service")),
                    **term,
                }
            )  # fmt: skip
    return rows


def _terms(dice: Random, months: int, today: date) -> Iterator[Record]:
    """From the first one to that which lapsed, or runs."""
    back = dice.randint(*(OLDEST if dice.random() < OLDEST_SHARE else MONTHS_BACK))
    begins = _months_on(today.replace(day=dice.randint(1, 28)), -back)
    chance = dice.betavariate(*LEAVING[months])
    while begins < today:
        ends = _months_on(begins, months) - DAY
        is_over = ends < today
        used = dice.randint(0, GRANTED[months]) if is_over else dice.randint(0, GRANTED[months] // 3)  # fmt: skip
        is_active = is_over or dice.random() >= PUT_AWAY_SHARE
        yield {"valid_from": str(begins), "valid_until": str(ends), "used": used, "is_active": is_active}  # fmt: skip
        if is_over and dice.random() < chance:
            return
        late = dice.randint(2, 20) if dice.random() < LATE_SHARE else 0
        begins = _late(ends + DAY, late)


def _late(day: date, days: int) -> date:
    """On a day that every month has."""
    found = day + timedelta(days=days)
    return found if found.day <= 28 else found.replace(day=28)


def _months_on(day: date, months: int) -> date:
    n = day.year * 12 + day.month - 1 + months
    return date(n // 12, n % 12 + 1, day.day)
