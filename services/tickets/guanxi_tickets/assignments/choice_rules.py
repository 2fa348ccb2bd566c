"""Who gets a ticket out of a queue, and why. Pure.

    round_robin   who was given one longest ago
    least_loaded  who has the fewest new and open tickets
    by_skill      whose levels of the needed skills sum to the most, then the least loaded

Of equals the one whose last turn is longest ago, then by id. Among agents who always may, counts of
round_robin so differ by at most one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Needs:
    """What the tickets of a queue need; none of a ticket that is in no queue."""

    skills: Mapping[str, int] = field(default_factory=dict)  # casefolded → level
    languages: Sequence[str] = ()
    load_limit: int | None = None


@dataclass(slots=True)
class Candidate:
    """`load` counts new and open tickets; `turn` is that of the last ticket that the queue gave, 0 of none."""

    user_id: UUID
    skills: Mapping[str, int] = field(default_factory=dict)
    languages: Sequence[str] = ()
    load_limit: int | None = None
    load: int = 0
    turn: int = 0
    is_at_work: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """`what`: skill, language or load_limit."""

    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Choice:
    user_id: UUID
    reason: dict[str, Any]
    sentence: str


def levels_of(skills: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {each["skill"].casefold(): each["level"] for each in skills}


def limit_of(needs: Needs, candidate: Candidate) -> int | None:
    """The lower of the queue's and the agent's own."""
    limits = [n for n in (needs.load_limit, candidate.load_limit) if n is not None]
    return min(limits, default=None)


def speaks(languages: Sequence[str], needed: str) -> bool:
    """de-AT is de, and de alone is not de-AT (RFC 4647, basic filtering)."""
    wanted = needed.casefold()
    return any(f"{tag.casefold()}-".startswith(f"{wanted}-") for tag in languages)


def refusal_of(needs: Needs, candidate: Candidate) -> Refusal | None:
    """Why a ticket of the queue does not come to them, whoever asks; None if it may."""
    for skill, level in needs.skills.items():
        if (has := candidate.skills.get(skill, 0)) < level:
            return Refusal("skill", f"{skill} is needed at level {level}, theirs is {has}.")
    for language in needs.languages:
        if not speaks(candidate.languages, language):
            return Refusal("language", f"{language} is needed.")
    limit = limit_of(needs, candidate)
    if limit is not None and candidate.load >= limit:
        return Refusal("load_limit", f"They have {candidate.load} of at most {limit} open tickets.")
    return None


def choose(strategy: str, needs: Needs, candidates: Sequence[Candidate]) -> Choice | None:
    """The one who gets the next ticket, who is then to be counted with it (`given`)."""
    able = [c for c in candidates if c.is_at_work and refusal_of(needs, c) is None]
    if not able:
        return None
    best = min(able, key=lambda c: _rank(strategy, needs, c))
    return Choice(best.user_id, _reason(strategy, needs, best, len(able)), _sentence(strategy, needs, best, len(able)))  # fmt: skip


def given(candidate: Candidate, turn: int) -> None:
    candidate.load += 1
    candidate.turn = turn


def _level(needs: Needs, candidate: Candidate) -> int:
    return sum(candidate.skills.get(skill, 0) for skill in needs.skills)


def _rank(strategy: str, needs: Needs, candidate: Candidate) -> tuple[Any, ...]:
    turn = (candidate.turn, candidate.user_id)
    if strategy == "round_robin":
        return turn
    if strategy == "by_skill":
        return (-_level(needs, candidate), candidate.load, *turn)
    return (candidate.load, *turn)


def _reason(strategy: str, needs: Needs, candidate: Candidate, among: int) -> dict[str, Any]:
    return {
        "strategy": strategy, "among": among, "load": candidate.load,
        "load_limit": limit_of(needs, candidate), "level": _level(needs, candidate),
        "last_turn": candidate.turn or None,
    }  # fmt: skip


def _sentence(strategy: str, needs: Needs, candidate: Candidate, among: int) -> str:
    limit = limit_of(needs, candidate)
    load = f"{candidate.load} open" + (f" of at most {limit}" if limit is not None else "")
    why = {
        "round_robin": "Whose turn it was",
        "by_skill": f"Best at what is needed (levels sum to {_level(needs, candidate)})",
    }.get(strategy, "The least loaded")
    return f"{why} of {among} who may: {load}."
