"""Whether a learnt probability may be used: enough deals, held-back months, and a verdict in words. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

FEWEST_CLOSED: Final = 200
FEWEST_OF_EACH: Final = 40
HELD_BACK: Final = 0.2  # of the closed deals, in whole months
FEWEST_HELD_BACK: Final = 40  # with ten of each outcome
FEWEST_BEFORE: Final = 100  # with twenty of each
SHRUNK_BY: Final = 20  # deals at the overall rate that each stage's own rate is mixed with

BETTER = "better"
NO_BETTER_THAN_RATE = "no_better_than_win_rate"
NO_BETTER_THAN_STAGE = "no_better_than_stage_default"
TOO_FEW = "too_few_deals"


@dataclass(frozen=True, slots=True)
class Spans:
    """Places of sights on both sides of the first held-back day."""

    first_day: date
    before: tuple[int, ...]
    held: tuple[int, ...]


def too_few(won: int, lost: int) -> str | None:
    """The sentence that refuses to learn from so few closed deals; None when they are enough."""
    if won + lost >= FEWEST_CLOSED and min(won, lost) >= FEWEST_OF_EACH:
        return None
    return (
        f"Learning takes {FEWEST_CLOSED} closed deals, at least {FEWEST_OF_EACH} of them won and "
        f"{FEWEST_OF_EACH} lost; this pipeline has {won} won and {lost} lost."
    )


def first_held_day(opened: Sequence[date]) -> date:
    """The first day of the fewest last months in which a fifth of the deals was opened."""
    counts = Counter(day.replace(day=1) for day in opened)
    wanted, found = HELD_BACK * len(opened), 0
    for month in sorted(counts, reverse=True):
        found += counts[month]
        if found >= wanted:
            return month
    raise ValueError("no deals")


def split(deals: Sequence[Mapping[str, Any]], sights: Sequence[Mapping[str, Any]]) -> Spans:
    """`deals` and `sights` have opened and closed (ISO days). Held back: opened from that day on. Learnt
    from: closed before it, so nothing is known that was not known on that day; what was open across it is
    in neither."""
    first = first_held_day([date.fromisoformat(deal["opened"]) for deal in deals])
    day = first.isoformat()
    return Spans(
        first,
        tuple(i for i, sight in enumerate(sights) if sight["closed"] < day),
        tuple(i for i, sight in enumerate(sights) if sight["opened"] >= day),
    )


def too_short(
    before: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]], first_day: date
) -> str | None:
    """The sentence that refuses a comparison with too little on one side; both are deals."""
    for deals, fewest, each, where in (
        (before, FEWEST_BEFORE, 20, "closed before"),
        (held, FEWEST_HELD_BACK, 10, "opened since and closed"),
    ):
        won = sum(deal["won"] for deal in deals)
        if len(deals) < fewest or min(won, len(deals) - won) < each:
            return (
                f"The comparison holds back what was opened since {first_day.isoformat()}, and takes "
                f"{fewest} deals {where}, {each} of each outcome; there are {won} won and "
                f"{len(deals) - won} lost."
            )
    return None


def rates_by_stage(before: Sequence[Mapping[str, Any]]) -> tuple[float, dict[str, float]]:
    """The share won of all deals, and of the sights in each stage (mixed with twenty at the former):
    what one would say without any model. `before` are sights."""
    deals = {sight["deal"]: bool(sight["won"]) for sight in before}
    overall = sum(deals.values()) / len(deals)
    seen: Counter[str] = Counter(sight["stage_id"] for sight in before)
    won: Counter[str] = Counter(sight["stage_id"] for sight in before if sight["won"])
    return overall, {
        stage: (won[stage] + SHRUNK_BY * overall) / (n + SHRUNK_BY) for stage, n in seen.items()
    }


def verdict_of(brier: Mapping[str, float], gains: Mapping[str, Mapping[str, float]]) -> str:
    """`brier` by learnt, win_rate, stage_default; `gains` the 95% interval (low, high) of how much lower
    the learnt one is than each of the other two. Better is better beyond chance: low above 0."""
    if gains["win_rate"]["low"] <= 0:
        return NO_BETTER_THAN_RATE
    return BETTER if gains["stage_default"]["low"] > 0 else NO_BETTER_THAN_STAGE


def sentence_of(
    verdict: str, brier: Mapping[str, float], gains: Mapping[str, Mapping[str, float]],
    *, deals: int, since: str,
) -> str:  # fmt: skip
    """What a person reads of it."""
    on = f"on {deals} deals opened since {since}"
    scores = (
        f"Brier score {brier['learnt']:.4f} against {brier['win_rate']:.4f} of your win rate and "
        f"{brier['stage_default']:.4f} of your stages' probabilities"
    )
    if verdict == BETTER:
        return f"Better than your win rate and your stages' probabilities {on}: {scores}."
    name, against = (
        ("win rate", "win_rate")
        if verdict == NO_BETTER_THAN_RATE
        else ("stages' probabilities", "stage_default")
    )
    low, high = gains[against]["low"], gains[against]["high"]
    return (
        f"No better than your {name} {on}: {scores}; the gain lies between {low:+.4f} and {high:+.4f}, "
        "which may be chance. It is not used."
    )
