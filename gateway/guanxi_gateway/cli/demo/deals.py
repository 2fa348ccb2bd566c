"""Two pipelines and two years of opportunities in them.

Shapes follow the public CRM set that recipes/ names: of three closed deals two are won; wins close after
some two months, losses after two weeks; a quarter of all is open. Sizes are lognormal around what a
customer of its grade spends, in the customer's currency.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from guanxi_gateway.cli.demo.activities import Customer
from guanxi_gateway.cli.demo.companies import Record, city_of
from guanxi_gateway.cli.demo.deal_words import (
    COMPETITORS,
    LOSS_REASONS,
    NEXT_STEPS,
    PIPELINES,
    ROLES,
    SOURCES,
    SUBJECTS,
    Stage,
)
from guanxi_gateway.cli.demo.places import country_of
from guanxi_gateway.cli.demo.rhythm import DAYS_BACK, NEWEST_DAY, working_day
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted
from guanxi_shared.money import scale_of

DEAL_SHARE = 0.47  # of the purchases
# How many other deals with a customer of a grade in the two years, on average.
OTHERS = {"A": 4.4, "B": 3.0, "C": 1.9, "D": 1.2}
SIZES = {"A": 60_000, "B": 28_000, "C": 12_000, "D": 5_000}  # US dollars, the median
SPREAD = 0.8
OPEN_SHARE, RENEWAL_SHARE = 0.45, 0.3
WON_DAYS, LOST_DAYS, DAYS_SPREAD = 57.0, 14.0, 0.7  # median, and the spread of its logarithm
OPEN_DAYS = 120
OVERDUE_SHARE, SPLIT_SHARE, COMPETITOR_SHARE, BY_HAND_SHARE = 0.15, 0.08, 0.35, 0.1


def pipeline_id(seed: int, number: int) -> str:
    return str(demo_id(seed, "pipeline", number))


def stage_id(seed: int, pipeline: int, stage: int) -> str:
    return str(demo_id(seed, "stage", pipeline * 20 + stage))


def offered_stages(seed: int) -> set[str]:
    """Where a quote lies on the table: proposal, negotiation, offered."""
    return {stage_id(seed, 0, 2), stage_id(seed, 0, 3), stage_id(seed, 1, 1)}


def make_pipelines(seed: int) -> list[Record]:
    """As `POST /v1/pipelines` takes them; the first is the default."""
    return [
        {
            "id": pipeline_id(seed, number), "name": name, "is_default": number == 0,
            "loss_reasons": list(LOSS_REASONS),
            "stages": [
                {"id": stage_id(seed, number, place), **stage} for place, stage in enumerate(stages)
            ],
        }
        for number, (name, stages) in enumerate(PIPELINES.items())
    ]  # fmt: skip


def make_deals(
    seed: int, customers: Sequence[Customer], purchases: Mapping[str, list[date]], today: date
) -> list[Record]:
    """Opportunities as `POST /v1/opportunities` takes them, in order of the day on which they began. A won one is closed
    on a day on which the customer bought."""
    dice = stream(seed, "deal")
    made = [
        _deal(dice, seed, customer, when, today)
        for customer in customers
        for when in _when(dice, customer, purchases.get(customer.account["id"], ()), today)
    ]
    made.sort(key=lambda deal: (deal["opened_on"], deal["account_id"]))
    return [{"id": str(demo_id(seed, "deal", number)), **deal} for number, deal in enumerate(made)]


@dataclass(frozen=True, slots=True)
class When:
    begins: date
    closes: date
    is_won: bool


def _when(
    dice: Random, customer: Customer, purchases: Sequence[date], today: date
) -> Iterator[When]:
    """Deals that some purchases came of, and those that came to nothing or are still open: those are young."""
    for day in purchases:
        if dice.random() < DEAL_SHARE:
            yield When(_weekday(day - timedelta(days=_days(dice, WON_DAYS))), day, is_won=True)
    for _ in range(round(dice.expovariate(1 / OTHERS[customer.account.get("grade") or "D"]))):
        is_young = dice.random() < OPEN_SHARE
        back, days = (OPEN_DAYS, WON_DAYS) if is_young else (DAYS_BACK, LOST_DAYS)
        newest = today - timedelta(days=NEWEST_DAY)
        begins = working_day(dice, today - timedelta(days=back), newest)
        yield When(begins, _weekday(begins + timedelta(days=_days(dice, days))), is_won=False)


def _days(dice: Random, median: float) -> int:
    return max(3, round(dice.lognormvariate(0, DAYS_SPREAD) * median))


def _deal(dice: Random, seed: int, customer: Customer, when: When, today: date) -> Record:
    number = int(dice.random() < RENEWAL_SHARE)
    stages = list(PIPELINES.values())[number]
    language = customer.language
    deal: Record = {
        "name": f"{_short(customer)} · {dice.choice(SUBJECTS[language])}",
        "account_id": customer.account["id"], "pipeline_id": pipeline_id(seed, number),
        "amount": _amount(dice, customer), "source": weighted(dice, SOURCES), "opened_on": str(when.begins),
        "owner_id": customer.account["owner_id"], "contacts": list(_people(dice, customer)),
    }  # fmt: skip
    if dice.random() < COMPETITOR_SHARE:
        deal["competitors"] = [dice.choice(COMPETITORS)]
    if when.closes <= today - timedelta(days=NEWEST_DAY):
        return deal | _closed(dice, seed, number, stages, when.closes, is_won=when.is_won)
    return deal | _open(dice, seed, number, stages, when.closes, today, language)


def _closed(
    dice: Random, seed: int, number: int, stages: Sequence[Stage], closes: date, *, is_won: bool
) -> Record:
    kind = "won" if is_won else "lost"
    place = next(i for i, stage in enumerate(stages) if stage["kind"] == kind)
    closed: Record = {
        "stage_id": stage_id(seed, number, place), "closed_on": str(closes), "close_on": str(closes),
    }  # fmt: skip
    return closed if is_won else closed | {"reason": weighted(dice, LOSS_REASONS)}


def _open(
    dice: Random, seed: int, number: int, stages: Sequence[Stage], closes: date, today: date,
    language: str,
) -> Record:  # fmt: skip
    places = [place for place, stage in enumerate(stages) if stage["kind"] == "open"]
    place = dice.choices(places, [3.0, 2.5, 2.0, 1.2][: len(places)])[0]
    is_overdue = dice.random() < OVERDUE_SHARE
    close_on = today - timedelta(days=dice.randrange(1, 25)) if is_overdue else closes
    still: Record = {
        "stage_id": stage_id(seed, number, place), "close_on": str(close_on),
        "next_step": dice.choice(NEXT_STEPS[language]),
    }  # fmt: skip
    if dice.random() < BY_HAND_SHARE:
        still["probability"] = dice.choice([20, 35, 60, 80, 90])
    return still


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def _short(customer: Customer) -> str:
    return str(customer.account.get("short_name") or customer.account["name"])


def _people(dice: Random, customer: Customer) -> Iterator[Record]:
    """One or two of those we know there, with a part in the decision."""
    chosen = list(customer.people)
    dice.shuffle(chosen)
    for person, role in zip(chosen[: dice.choice([1, 1, 2])], ROLES, strict=False):
        yield {"contact_id": person["id"], "role": role}


def _amount(dice: Random, customer: Customer) -> Record:
    """With two digits that count, as people estimate."""
    country = country_of(city_of(customer.account))
    median = SIZES[customer.account.get("grade") or "D"] * country.dollars / 1_000
    amount = float(f"{median * dice.lognormvariate(0, SPREAD):.2g}")
    return {
        "amount": f"{amount:.{scale_of(country.currency)}f}", "currency": country.currency,
    }  # fmt: skip


def slips(seed: int, deals: Sequence[Record]) -> Mapping[str, list[Record]]:
    """What was promised earlier: some open deals had their closing day put off, once or twice."""
    dice = stream(seed, "slip")
    found: dict[str, list[Record]] = {}
    for deal in deals:
        if "closed_on" in deal or dice.random() > 0.25:
            continue
        day = date.fromisoformat(deal["close_on"])
        later = [day + timedelta(days=20 * (n + 1)) for n in range(dice.choice([1, 1, 2]))]
        found[deal["id"]] = [{"close_on": str(each)} for each in later]
    return found
