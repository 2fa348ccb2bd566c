"""What an account owes by currency and age, and how risky that is by rules with stated thresholds. Pure.

Each rule holds one measure of the account against a threshold. More that is overdue, or the same for longer, lowers none of them,
and so never the level. Amounts of two currencies are nowhere added up or compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.facts.invoice_rules import BUCKETS, bucket_of
from guanxi_analytics.queries.period_rules import moved

LEVELS: Final = ("low", "medium", "high")
OLD: Final = 30  # days late, from which on the share that is overdue counts
FEW: Final = 3  # settled invoices that a mean takes
MONTHS: Final = 12  # of which settled invoices are looked at
BEYOND: Final = Decimal(1_000_000)  # percent of a limit of nothing
NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is null of the present; `today` is the organisation's day of it."""

    at: datetime | None
    today: date

    @property
    def since(self) -> date:
        """The day behind which settled invoices are looked at."""
        return moved(self.today, -MONTHS)


@dataclass(frozen=True, slots=True)
class Open:
    """What is outstanding and was, or will be, due on a day."""

    currency: str
    due_on: date
    outstanding: Decimal
    invoices: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Invoices settled within the last months, and how many days after they were due; a day before counts as on the day."""

    invoices: int = 0
    days_late: int = 0

    @property
    def mean(self) -> Decimal | None:
        return Decimal(self.days_late) / self.invoices if self.invoices else None


@dataclass(frozen=True, slots=True)
class Limit:
    amount: Decimal
    currency: str


@dataclass(slots=True)
class Aged:
    """What is owed in one currency; the buckets add up to what is outstanding."""

    outstanding: Decimal = NOTHING
    overdue: Decimal = NOTHING
    invoices: int = 0
    invoices_overdue: int = 0
    oldest_days_late: int = 0
    buckets: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(BUCKETS, NOTHING))

    def add(self, each: Open, days_late: int) -> None:
        self.outstanding += each.outstanding
        self.invoices += each.invoices
        self.buckets[bucket_of(days_late)] += each.outstanding
        if days_late > 0:
            self.overdue += each.outstanding
            self.invoices_overdue += each.invoices
            self.oldest_days_late = max(self.oldest_days_late, days_late)

    @property
    def overdue_share(self) -> Decimal:
        """In percent."""
        return self.overdue * 100 / self.outstanding if self.outstanding else NOTHING


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one account, as far as its invoices are seen."""

    owed: Mapping[str, Aged]
    settled: Settled
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    level: str
    measure: str
    above: int
    sentence: str


RULES: Final = (  # of a measure the higher threshold first
    Rule("very_late", "high", "oldest_days_late", 90, "Something is more than 90 days overdue."),
    Rule("late", "medium", "oldest_days_late", 30, "Something is more than 30 days overdue."),
    Rule(
        "mostly_overdue", "high", "overdue_share", 50,
        "More than 50 % of what is outstanding in a currency is overdue, some of it for more than 30 days.",
    ),
    Rule("over_limit", "high", "limit_used", 100, "More is outstanding in the currency of the credit limit than the limit."),
    Rule("near_limit", "medium", "limit_used", 80, "More than 80 % of the credit limit is outstanding in its currency."),
    Rule(
        "pays_late", "medium", "mean_days_late", 15,
        "What was settled in the last 12 months, three invoices at least, was more than 15 days late on average.",
    ),
)  # fmt: skip


def aged(rows: Iterable[Open], today: date) -> dict[str, Aged]:
    """By currency."""
    found: dict[str, Aged] = {}
    for each in rows:
        found.setdefault(each.currency, Aged()).add(each, (today - each.due_on).days)
    return dict(sorted(found.items()))


def measures_of(figures: Figures) -> dict[str, Decimal | None]:
    """None where there is nothing to measure."""
    owed = figures.owed.values()
    shares = [each.overdue_share for each in owed if each.oldest_days_late > OLD]
    settled = figures.settled
    return {
        "oldest_days_late": Decimal(max((each.oldest_days_late for each in owed), default=0)),
        "overdue_share": max(shares, default=None),
        "limit_used": _limit_used(figures),
        "mean_days_late": settled.mean if settled.invoices >= FEW else None,
    }


def _limit_used(figures: Figures) -> Decimal | None:
    """In percent, by what is outstanding in the currency of the limit alone."""
    if (limit := figures.limit) is None:
        return None
    used = figures.owed[limit.currency].outstanding if limit.currency in figures.owed else NOTHING
    if limit.amount:
        return used * 100 / limit.amount
    return BEYOND if used else NOTHING


def hits_of(figures: Figures) -> list[Rule]:
    """Of each measure the gravest rule that holds; the gravest first."""
    measured = measures_of(figures)
    found: dict[str, Rule] = {}
    for rule in RULES:
        value = measured[rule.measure]
        if value is not None and value > rule.above:
            found.setdefault(rule.measure, rule)
    return sorted(found.values(), key=lambda rule: -LEVELS.index(rule.level))


def level_of(figures: Figures) -> str:
    return max((rule.level for rule in hits_of(figures)), key=LEVELS.index, default=LEVELS[0])


def reasons_of(figures: Figures) -> list[str]:
    """Each with its figures and the threshold; of a low level what there is."""
    told = [f"{REASONS[rule.measure](figures)}: more than {_threshold(rule)} is {rule.level}." for rule in hits_of(figures)]  # fmt: skip
    return told or [_calm(figures)]


def _threshold(rule: Rule) -> str:
    return f"{rule.above} {UNITS[rule.measure]}"


UNITS: Final = {
    "oldest_days_late": "days", "overdue_share": "%", "limit_used": "%", "mean_days_late": "days",
}  # fmt: skip


def _late(figures: Figures) -> str:
    currency, oldest = max(figures.owed.items(), key=lambda each: each[1].oldest_days_late)
    return f"{said(oldest.overdue, currency)} is overdue, the oldest of it by {oldest.oldest_days_late} days"


def _overdue(figures: Figures) -> str:
    old = {name: each for name, each in figures.owed.items() if each.oldest_days_late > OLD}
    currency, most = max(old.items(), key=lambda each: each[1].overdue_share)
    return f"{most.overdue_share:.2f} % of what is outstanding in {currency} is overdue, the oldest of it by {most.oldest_days_late} days"


def _limit(figures: Figures) -> str:
    assert figures.limit is not None
    limit, used = figures.limit, _limit_used(figures)
    owed = said(figures.owed[limit.currency].outstanding, limit.currency)
    if not limit.amount:
        return f"{owed} is outstanding, and they may owe nothing"
    return f"{owed} is outstanding, {used:.2f} % of the credit limit of {said(limit.amount, limit.currency)}"


def _settled(figures: Figures) -> str:
    settled = figures.settled
    return f"{settled.invoices} invoices that were settled in the last {MONTHS} months were {settled.mean:.1f} days late on average"


REASONS: Final = {
    "oldest_days_late": _late, "overdue_share": _overdue, "limit_used": _limit, "mean_days_late": _settled,
}  # fmt: skip


def _calm(figures: Figures) -> str:
    late = [
        f"{said(each.overdue, currency)} is overdue, the oldest of it by {each.oldest_days_late} days"
        for currency, each in figures.owed.items()
        if each.overdue
    ]
    return f"{'; '.join(late) or 'Nothing is overdue'}, and no threshold is passed."


def utilisation_of(figures: Figures) -> tuple[float | None, str]:
    """How much of the limit is used, as a share, where all that is outstanding is in its currency; else why none is told."""
    if (limit := figures.limit) is None:
        return None, "No credit limit is set."
    others = [name for name, each in figures.owed.items() if name != limit.currency and each.outstanding]  # fmt: skip
    if others:
        told = f"The limit is in {limit.currency}, and {', '.join(others)} is outstanding, too: currencies are not added up."
        return None, told
    if not limit.amount:
        return None, "They may owe nothing: there is no limit to use a share of."
    used = figures.owed[limit.currency].outstanding if limit.currency in figures.owed else NOTHING
    told = f"{said(used, limit.currency)} is outstanding of {said(limit.amount, limit.currency)}."
    return round(float(used / limit.amount), 4), told


def said(amount: Decimal, currency: str) -> str:
    return f"{currency} {amount:f}"


def thresholds() -> list[dict[str, Any]]:
    return [
        {
            "rule": rule.name, "level": rule.level, "measure": rule.measure, "above": rule.above,
            "unit": "percent" if UNITS[rule.measure] == "%" else "days", "sentence": rule.sentence,
        }
        for rule in RULES
    ]  # fmt: skip
