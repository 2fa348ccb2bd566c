"""What a deal is judged by, in numbers: the same for learning and for answering. Pure.

A *sight* is what was known of a deal at one moment: its creation, or its entry into an open stage. Its
*facts* are (key, value) pairs by group:

    owner, source, industry, region, stage, month   one key with 1; NONE where nothing is said
    product                                          a key with 1 for each thing in its lines
    amount                                           the currency with the natural logarithm of the amount
    contacts, age                                    ln(1 + people), ln(1 + days since it was opened)

A group that is None is *withheld*: nothing of it may be known, and it moves nothing. What is written when a
deal is closed is no fact: neither its reason, its closing day, its stage by then, nor its status. A deal that
came here closed was written after its outcome, so its amount and its people are withheld, and whatever else
is filled in for one outcome more than for the other (`told_by_presence`).

A *term* is one (group, key) with the mean that it is centred by, so that the average deal is moved by nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from math import log, log1p
from statistics import fmean, pstdev
from typing import Any, Final

from guanxi_shared.intervals import wilson

Facts = Mapping[str, Sequence[tuple[str, float]] | None]

GROUPS: Final = (
    "owner", "source", "industry", "region", "product", "stage", "month", "amount", "contacts", "age",
)  # fmt: skip
NUMBERS: Final = frozenset({"amount", "contacts", "age"})
# Of what came here closed: known at the end alone, or asked whether its presence tells the outcome.
AT_CLOSING: Final = frozenset({"amount", "contacts", "age"})
SUSPECTED: Final = ("owner", "source", "industry", "region", "product")
NONE, OTHER = " none", " other"  # no text that is kept begins with a space
FEWEST_DEALS: Final = 10  # rarer keys are `other`
TOLD_POINTS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Term:
    """`value` of a fact becomes (value - centre) / scale; keys that a sight lacks are 0. `mean` is the
    mean of that over the sights learnt from."""

    group: str
    key: str
    mean: float
    centre: float = 0.0
    scale: float = 1.0


def facts_of(sight: Mapping[str, Any], *, late: Collection[str] = ()) -> dict[str, Any]:
    """`sight` has owner_id, source, industry, region, products, stage_id, opened (ISO day or None),
    amount, currency, contacts, age_days, is_live (False: it came here closed); `late` are groups that are
    withheld of what came here closed."""
    products = list(dict.fromkeys(sight.get("products") or ()))
    opened = sight.get("opened")
    facts: dict[str, Any] = {
        name: _one(sight.get(key))
        for name, key in (("owner", "owner_id"), ("source", "source"), ("industry", "industry"),
                          ("region", "region"), ("stage", "stage_id"))
    } | {
        "product": [(str(product), 1.0) for product in products] or _one(None),
        "month": None if opened is None else _one(f"{date.fromisoformat(opened).month:02}"),
        "amount": _amount(sight),
        "contacts": [("people", log1p(sight.get("contacts") or 0))],
        "age": [("days", log1p(max(0.0, float(sight.get("age_days") or 0))))],
    }  # fmt: skip
    if not sight.get("is_live", True):
        facts |= dict.fromkeys((*AT_CLOSING, *late))
    return facts


def sight_of(
    state: Mapping[str, Any], account: Mapping[str, Any] | None, zone: tzinfo
) -> dict[str, Any]:
    """An open deal, as the API shows it, as it is seen now; its age is that at its stage's entry, as in
    the moments learnt from, in days of the organisation's time zone."""
    opened = _day(state["opened_on"] or state["created_at"], zone)
    amount = state["amount"] or {}
    lines = state["lines"]
    products = [line["product_id"] for line in lines if line.get("product_id")]
    products += [line["name"] for line in lines if not line.get("product_id") and line.get("name")]
    return {
        "stage_id": _text(state["stage_id"]), "owner_id": _text(state["owner_id"]),
        "source": state["source"], "opened": opened.isoformat(), "products": products,
        "industry": account and account["industry"], "region": account and account["region"],
        "amount": amount.get("amount"), "currency": amount.get("currency"),
        "contacts": len(state["contacts"]),
        "age_days": max(0, (_day(state["stage_entered_at"], zone) - opened).days),
    }  # fmt: skip


def _day(value: Any, zone: tzinfo) -> date:
    """Of a day or a moment, as they are stored or as text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def shown_of(sight: Mapping[str, Any]) -> dict[str, Any]:
    """What each group says, as a person reads it."""
    opened, amount = sight.get("opened"), sight.get("amount")
    return {
        "owner": sight.get("owner_id"), "source": sight.get("source"),
        "industry": sight.get("industry"), "region": sight.get("region"),
        "product": list(sight.get("products") or ()), "stage": sight.get("stage_id"),
        "month": None if opened is None else date.fromisoformat(opened).month,
        "amount": None if amount is None else {"amount": str(amount), "currency": sight["currency"]},
        "contacts": sight.get("contacts") or 0, "age": int(sight.get("age_days") or 0),
    }  # fmt: skip


def _one(value: Any) -> list[tuple[str, float]]:
    return [(NONE if value in (None, "") else str(value), 1.0)]


def _amount(sight: Mapping[str, Any]) -> list[tuple[str, float]]:
    amount = float(sight.get("amount") or 0)
    return [(str(sight["currency"]), log(amount))] if amount > 0 else _one(None)


def told_by_presence(sights: Iterable[Mapping[str, Any]]) -> list[str]:
    """Groups that are filled in for won deals more (or less) than for lost ones, among those that came
    here closed: by more than five points, with 95% intervals apart. They were written at closing."""
    counts: dict[tuple[str, bool], list[int]] = defaultdict(lambda: [0, 0])
    for sight in sights:
        if sight.get("is_live", True):
            continue
        facts = facts_of(sight)
        for group in SUSPECTED:
            count = counts[group, bool(sight["won"])]
            count[0] += facts[group][0][0] != NONE
            count[1] += 1
    return [g for g in SUSPECTED if _differs(counts[g, True], counts[g, False])]


def _differs(won: Sequence[int], lost: Sequence[int]) -> bool:
    if not won[1] or not lost[1]:
        return False
    (low, high), (other_low, other_high) = wilson(*won), wilson(*lost)
    return abs(won[0] / won[1] - lost[0] / lost[1]) > TOLD_POINTS and (
        low > other_high or high < other_low
    )


def learn_terms(known: Sequence[tuple[str, Facts]]) -> list[Term]:
    """The terms of (deal id, facts): keys that ten deals or more have; rarer ones of a group together are
    `other`, if they are ten. A group that says the same of all has none."""
    found: list[Term] = []
    for group in GROUPS:
        seen = [(deal, facts[group]) for deal, facts in known if facts.get(group) is not None]
        found += _terms_of(group, seen)
    return found


def _terms_of(group: str, seen: Sequence[tuple[str, Any]]) -> list[Term]:
    """Means are over the sights that say something that is known, as `centred` takes them."""
    deals: dict[str, set[str]] = defaultdict(set)
    values: dict[str, list[float]] = defaultdict(list)
    for deal, entries in seen:
        for key, value in entries:
            deals[key].add(deal)
            values[key].append(value)
    kept = {key for key, having in deals.items() if len(having) >= FEWEST_DEALS}
    rare = [deal for deal, entries in seen if any(key not in kept for key, _ in entries)]
    has_other = group not in NUMBERS and len(set(rare)) >= FEWEST_DEALS
    said = sum(has_other or any(key in kept for key, _ in entries) for _, entries in seen)
    terms = [_term(group, key, values[key], said) for key in sorted(kept)]
    if has_other:
        terms.append(Term(group, OTHER, len(rare) / said))
    return terms if any(map(_varies, terms)) else []


def _term(group: str, key: str, values: Sequence[float], said: int) -> Term:
    if group in NUMBERS and key != NONE:
        return Term(group, key, mean=0.0, centre=fmean(values), scale=pstdev(values) or 1.0)
    return Term(group, key, mean=len(values) / said)


def _varies(term: Term) -> bool:
    return (term.group in NUMBERS and term.key != NONE) or term.mean < 1.0


def by_group(terms: Sequence[Term]) -> dict[str, dict[str, tuple[int, Term]]]:
    """Terms by group and key, each with its place."""
    found: dict[str, dict[str, tuple[int, Term]]] = defaultdict(dict)
    for place, term in enumerate(terms):
        found[term.group][term.key] = (place, term)
    return found


def centred(facts: Facts, terms: Mapping[str, Mapping[str, tuple[int, Term]]]) -> dict[int, float]:
    """The value of each term of a sight less its mean, by place; places that are left out are 0. A group
    that is withheld, or of which no key was learnt, moves nothing."""
    values: dict[int, float] = {}
    for group, places in terms.items():
        present = _present(facts.get(group), places, group)
        if not present:
            continue
        for key, (place, term) in places.items():
            values[place] = present.get(key, 0.0) - term.mean
    return values


def _present(
    entries: Sequence[tuple[str, float]] | None, places: Mapping[str, tuple[int, Term]], group: str
) -> dict[str, float]:
    present: dict[str, float] = {}
    for key, value in entries or ():
        known = key if key in places else OTHER
        if known not in places or (group in NUMBERS and known == OTHER):
            continue
        term = places[known][1]
        is_number = group in NUMBERS and known != NONE
        present[known] = (value - term.centre) / term.scale if is_number else 1.0
    return present
