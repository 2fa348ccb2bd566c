"""How each customer came to stand where it stands: two years of grades, stages, levels and needs.

An account is created a prospect that nobody has judged; the moves below lead it, by the rules, to
what `make_companies` says of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random

from guanxi_gateway.cli.demo.activity_words import language_of
from guanxi_gateway.cli.demo.companies import LEVELS, TIERS, Record
from guanxi_gateway.cli.demo.rhythm import DAYS_BACK, working_day
from guanxi_gateway.cli.demo.seeds import stream

DIMENSIONS = ("grade", "lifecycle_stage", "relationship_level", "needs_tier")
BEGINNING = "prospect"
# Ways to a stage, each step reached from the one before; the likelier ones twice.
WAYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "prospect": ((), (), ("new", "prospect")),
    "new": (("new",),),
    "active": (("new", "active"), ("new", "active"), ("new", "at_risk", "active")),
    "loyal": (("new", "active", "loyal"), ("active", "loyal")),
    "at_risk": (("new", "active", "at_risk"), ("active", "loyal", "at_risk")),
    "lost": (("new", "active", "lost"), ("active", "at_risk", "lost")),
    "won_back": (("new", "active", "lost", "won_back"),),
}
GRADES = "ABCD"
SECOND_OPINION_SHARE = 0.5
MOST_LEVELS = 3
REASONS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "prospect": "首单取消，回到潜在客户。", "new": "签下第一单。", "active": "连续两个季度有订单。",
        "loyal": "续签年度框架合同。", "at_risk": "订单下降，三个月没有回应。",
        "lost": "与竞争对手签了三年合同。", "won_back": "重新报价后恢复合作。", "": "年度客户评估。",
    },
    "en": {
        "prospect": "The first order fell through.", "new": "Signed the first order.",
        "active": "Orders in two quarters running.", "loyal": "Renewed the frame contract.",
        "at_risk": "Orders are falling and nobody answers.",
        "lost": "Signed with a competitor for three years.",
        "won_back": "Came back after a new quote.", "": "Yearly review of customers.",
    },
}  # fmt: skip


def as_it_began(company: Record) -> Record:
    """The account as it is created, before anybody has judged it."""
    return {name: value for name, value in company.items() if name not in DIMENSIONS}


def make_standing(seed: int, companies: Sequence[Record], today: date) -> dict[str, list[Record]]:
    """By account the moves as `POST /v1/accounts/{id}/standing` takes them, in their order."""
    dice = stream(seed, "standing")
    return {company["id"]: list(_moves(dice, company, today)) for company in companies}


def _moves(dice: Random, company: Record, today: date) -> Iterator[Record]:
    """At first all that can be said is said at once; then what changes, day by day."""
    ways = _ways(dice, company)
    length = max(len(way) for way in ways.values())
    reasons = REASONS[language_of(company)]
    for step, day in enumerate(_days(dice, today, length)):
        move = {name: way[step] for name, way in ways.items() if step < len(way)}
        reason = reasons[str(move.get("lifecycle_stage", ""))]
        source = "by_hand" if "lifecycle_stage" in move else "analytics"
        yield {**move, "reason": reason, "source": source, "effective_on": str(day)}


def _ways(dice: Random, company: Record) -> dict[str, Sequence[str]]:
    return {
        "lifecycle_stage": dice.choice(WAYS[company["lifecycle_stage"]]),
        "grade": _grades(dice, company["grade"]),
        "relationship_level": _rising(dice, list(LEVELS), company["relationship_level"]),
        "needs_tier": _rising(dice, list(TIERS), company["needs_tier"]),
    }


def _grades(dice: Random, final: str) -> list[str]:
    """Half of them were judged otherwise by one grade before."""
    if dice.random() >= SECOND_OPINION_SHARE:
        return [final]
    place = GRADES.index(final)
    near = [GRADES[at] for at in (place - 1, place + 1) if 0 <= at < len(GRADES)]
    return [dice.choice(near), final]


def _rising(dice: Random, steps: Sequence[str], final: str) -> Sequence[str]:
    """From a lower step, one at a time."""
    place = list(steps).index(final)
    first = max(0, place + 1 - dice.randint(1, MOST_LEVELS))
    return steps[first : place + 1]


def _days(dice: Random, today: date, count: int) -> list[date]:
    """Working days in order; the newest is a week ago at least."""
    first, last = today - timedelta(days=DAYS_BACK), today - timedelta(days=7)
    found: set[date] = set()
    while len(found) < count:
        found.add(working_day(dice, first, last))
    return sorted(found)
