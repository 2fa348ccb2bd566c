"""Who gets the next ticket: fair in turn, never to the fuller one, never past a limit or a level."""

from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_tickets.assignments import choice_rules
from guanxi_tickets.assignments.choice_rules import (
    Candidate,
    Needs,
    choose,
    limit_of,
    refusal_of,
    speaks,
)

STRATEGIES = st.sampled_from(("round_robin", "least_loaded", "by_skill"))
LIMITS = st.none() | st.integers(1, 6)
LEVELS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 5))
NEEDS = st.builds(Needs, skills=LEVELS, load_limit=LIMITS)


@st.composite
def teams(draw: st.DrawFn) -> list[Candidate]:
    each = st.builds(
        Candidate, user_id=st.uuids(), skills=LEVELS, load_limit=LIMITS, load=st.integers(0, 8),
        turn=st.integers(0, 9), is_at_work=st.booleans(),
    )  # fmt: skip
    found: list[Candidate] = draw(st.lists(each, max_size=8, unique_by=lambda c: c.user_id))
    return found


@given(STRATEGIES, NEEDS, teams())
def test_who_is_chosen_may_have_it_and_nobody_is_passed_over(
    strategy: str, needs: Needs, team: list[Candidate]
) -> None:
    able = [c for c in team if c.is_at_work and refusal_of(needs, c) is None]
    choice = choose(strategy, needs, team)
    assert (choice is None) == (not able)
    if choice is None:
        return
    [chosen] = [c for c in team if c.user_id == choice.user_id]
    assert chosen in able
    assert all(chosen.skills.get(skill, 0) >= level for skill, level in needs.skills.items())
    limit = limit_of(needs, chosen)
    assert limit is None or chosen.load < limit
    if strategy == "least_loaded":
        assert chosen.load == min(c.load for c in able)
    if strategy == "round_robin":
        assert chosen.turn == min(c.turn for c in able)
    if strategy == "by_skill":
        level = {c.user_id: sum(c.skills.get(s, 0) for s in needs.skills) for c in able}
        best = max(level.values())
        assert level[chosen.user_id] == best
        assert chosen.load == min(c.load for c in able if level[c.user_id] == best)


@given(st.integers(1, 7), st.lists(st.sets(st.integers(0, 6)), max_size=60))
def test_turns_of_those_who_always_may_differ_by_one_at_most(
    always: int, absences: list[set[int]]
) -> None:
    """Others come and go."""
    team = [Candidate(UUID(int=n)) for n in range(7)]
    counts: Counter[UUID] = Counter()
    for turn, away in enumerate(absences, start=1):
        for n, candidate in enumerate(team):
            candidate.is_at_work = n < always or n not in away
        choice = choose("round_robin", Needs(), team)
        assert choice is not None
        counts[choice.user_id] += 1
        choice_rules.given(next(c for c in team if c.user_id == choice.user_id), turn)
    shares = [counts[UUID(int=n)] for n in range(always)]
    assert max(shares) - min(shares) <= 1


@given(STRATEGIES, NEEDS, teams(), st.integers(0, 40))
@settings(max_examples=60)
def test_no_limit_is_passed_however_many_wait(
    strategy: str, needs: Needs, team: list[Candidate], waiting: int
) -> None:
    before = {c.user_id: c.load for c in team}
    for turn in range(10, 10 + waiting):
        choice = choose(strategy, needs, team)
        if choice is None:
            break
        choice_rules.given(next(c for c in team if c.user_id == choice.user_id), turn)
    for candidate in team:
        limit = limit_of(needs, candidate)
        assert limit is None or candidate.load <= max(limit, before[candidate.user_id])


def test_languages_are_ranges() -> None:
    cases = [
        (["de-AT"], "de", True), (["de"], "de-AT", False), (["den"], "de", False), ([], "de", False),
        (["zh-Hans-CN", "en"], "zh-hans", True), (["EN"], "en", True),
    ]  # fmt: skip
    assert [speaks(languages, needed) for languages, needed, _ in cases] == [c[2] for c in cases]
    refusal = refusal_of(Needs(languages=["de", "en"]), Candidate(UUID(int=1), languages=["de"]))
    assert refusal is not None
    assert (refusal.what, refusal.sentence) == ("language", "en is needed.")


def test_a_choice_says_why() -> None:
    needs = Needs({"billing": 2}, load_limit=9)
    team = [Candidate(UUID(int=n), {"billing": n + 1}, load=n, load_limit=5) for n in range(3)]
    choice = choose("by_skill", needs, team)
    assert choice is not None
    assert choice.user_id == UUID(int=2)
    assert (
        choice.sentence
        == "Best at what is needed (levels sum to 3) of 2 who may: 2 open of at most 5."
    )
    assert choice.reason == {
        "strategy": "by_skill", "among": 2, "load": 2, "load_limit": 5, "level": 3, "last_turn": None,
    }  # fmt: skip
