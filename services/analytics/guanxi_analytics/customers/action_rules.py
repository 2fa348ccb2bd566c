"""What to do next about a customer, by rules in a fixed order. Pure.

A rule is no prediction: it says what is sensible by the figures that it cites. Money is expected where a rule can compute it, in the
one currency of the customer's purchases: from what models expect, or what was sent with the question.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.customers.outlook_rules import WARNED
from guanxi_shared.money import scale_of

LOW: Final[Mapping[str, int]] = {"csat": 2, "nps": 6}  # and below
LOW_FOR: Final = timedelta(days=90)
LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "answer": {"en": "Answer what they complain about", "zh": "先处理投诉与低分"},
    "collect": {"en": "Collect what is overdue", "zh": "催收逾期款项"},
    "renew": {"en": "See to the renewal", "zh": "跟进续约"},
    "win_back": {"en": "Win them back", "zh": "赢回客户"},
    "call": {"en": "Call: they have been silent for long", "zh": "联系沉默客户"},
    "cross_sell": {"en": "Offer what they may buy next", "zh": "交叉销售"},
    "nothing": {"en": "Nothing to do", "zh": "暂无待办"},
}


@dataclass(frozen=True, slots=True)
class Guesses:
    """What the caller sent: k usual intervals of silence, the chance that winning back works and its cost, days before its end
    that a renewal is seen to, and what a term brings."""

    k: float
    chance: float
    cost: Decimal
    within: int
    term_value: Decimal | None


@dataclass(frozen=True, slots=True)
class Answer:
    kind: str
    score: int
    on: date


@dataclass(frozen=True, slots=True)
class Term:
    entitlement_id: str
    ends_on: date
    days_left: int
    hazard: float | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A product, because of another one; the price is the usual one."""

    name: str
    because: str
    confidence: float
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is overdue in one currency."""

    currency: str
    amount: Decimal
    invoices: int
    days: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller is told of a customer; None is what they are not, or what nobody knows."""

    today: date
    currency: str | None = None
    silent_days: int | None = None
    usual_days: float | None = None
    alive: float | None = None
    value: Decimal | None = None
    value_if_back: Decimal | None = None
    complaints: int = 0
    oldest_complaint_on: date | None = None
    answers: Sequence[Answer] = ()
    terms: Sequence[Term] = ()
    offer: Offer | None = None
    overdue: Sequence[Overdue] = ()


@dataclass(frozen=True, slots=True)
class Action:
    rule: str
    reasons: Sequence[str]
    expected: Decimal | None = None
    computed: str | None = None
    entitlement_id: str | None = None
    currency: str | None = None  # of what is expected; that of their purchases, if absent


def actions(known: Known, guesses: Guesses) -> list[Action]:
    """In the order in which they are best done; `nothing` alone where no other applies."""
    found = [action for rule in RULES for action in rule(known, guesses)]
    return found or [Action("nothing", ["No complaint is open, nothing is overdue, no term ends soon, and they are not silent for long."])]  # fmt: skip


def _answer(known: Known, guesses: Guesses) -> list[Action]:
    """Before anything is offered to them."""
    told = []
    if known.complaints:
        many = "complaint is" if known.complaints == 1 else "complaints are"
        told.append(
            f"{known.complaints} {many} open, the oldest since {known.oldest_complaint_on}."
        )
    for each in known.answers:
        if each.score <= LOW[each.kind] and known.today - each.on <= LOW_FOR:
            told.append(
                f"They gave {each.kind.upper()} {each.score} on {each.on}; {LOW[each.kind]} and below is low."
            )
    return [Action("answer", told)] if told else []


def _collect(known: Known, guesses: Guesses) -> list[Action]:
    """Of each currency by itself."""
    found = []
    for each in known.overdue:
        many = "invoice is" if each.invoices == 1 else "invoices are"
        told = f"{each.invoices} {many} overdue, {each.currency} {each.amount:f} in all, the oldest by {each.days} days."
        found.append(
            Action("collect", [told], each.amount, "what is overdue", currency=each.currency)
        )
    return found


def _renew(known: Known, guesses: Guesses) -> list[Action]:
    found = []
    for term in known.terms:
        if term.days_left > guesses.within:
            continue
        when = f"The term ends on {term.ends_on}, in {term.days_left} days."
        if term.days_left < 0:
            when = f"The term ended on {term.ends_on}, {-term.days_left} days ago, and may be renewed still."
        expected = None
        if term.hazard is not None:
            when += f" Terms like it were not renewed {term.hazard:.1%} of the time."
            if guesses.term_value is not None:
                expected = Decimal(str(term.hazard)) * guesses.term_value
        found.append(
            Action("renew", [when], expected, "hazard × value of the term", term.entitlement_id)
        )
    return found


def _win_back(known: Known, guesses: Guesses) -> list[Action]:
    if known.alive is None or known.alive >= WARNED:
        return []
    told = [f"P(alive) is {known.alive:.0%}: they are rather gone than not."]
    if known.value is None or known.value_if_back is None:
        return [Action("win_back", told)]
    more = known.value_if_back - known.value
    expected = Decimal(str(guesses.chance)) * more - guesses.cost
    told.append(
        f"Back today they would bring {more:.2f} more; at a chance of {guesses.chance:.0%} (a guess) and a cost of {guesses.cost:.2f}."
    )
    if expected <= 0:
        return []
    computed = "chance × (value if back − value) − cost"
    return [Action("win_back", told, expected, computed)]


def _call(known: Known, guesses: Guesses) -> list[Action]:
    """Who is rather gone than not is to be won back, or left alone."""
    if known.silent_days is None or not known.usual_days:
        return []
    if known.alive is not None and known.alive < WARNED:
        return []
    times = known.silent_days / known.usual_days
    if times <= guesses.k:
        return []
    told = f"Silent for {known.silent_days} days, {times:.1f} times their usual {known.usual_days:.0f}; more than {guesses.k:g} times is long."
    if known.value is None or known.alive is None:
        return [Action("call", [told])]
    expected = known.value * (1 - Decimal(known.alive))
    return [Action("call", [told], expected, "value × (1 − P(alive)), which is at risk")]


def _cross_sell(known: Known, guesses: Guesses) -> list[Action]:
    offer = known.offer
    if offer is None:
        return []
    told = f"Of the orders with {offer.because} {offer.confidence:.0%} had {offer.name}, which they have not bought."
    if offer.price is None:
        return [Action("cross_sell", [told])]
    expected = Decimal(str(offer.confidence)) * offer.price
    usual = f"Its usual price is {offer.price:.2f}."
    return [Action("cross_sell", [told, usual], expected, "confidence × usual price")]


RULES: Final[Sequence[Callable[[Known, Guesses], list[Action]]]] = (
    _answer, _collect, _renew, _win_back, _call, _cross_sell,
)  # fmt: skip


def shown(action: Action, place: int, currency: str | None) -> dict[str, Any]:
    expected, currency = None, action.currency or currency
    if action.expected is not None and currency is not None:
        digits = scale_of(currency)
        expected = {"amount": f"{round(action.expected, digits):f}", "currency": currency}
    return {
        "place": place, "rule": action.rule, "is_rule": True, "labels": LABELS[action.rule], "reasons": list(action.reasons),
        "expected": expected, "computed": action.computed if expected else None, "entitlement_id": action.entitlement_id,
    }  # fmt: skip
