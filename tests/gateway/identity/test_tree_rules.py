from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_gateway.identity.tree_rules import (
    MAX_DEPTH,
    Level,
    ancestors,
    closure,
    makes_cycle,
    subtrees,
    too_deep,
)

ROOT, EAST, WEST, SHANGHAI = (UUID(int=n) for n in range(1, 5))
BOSS, HEAD, REP, PEER, OTHER, LONER = (UUID(int=n) for n in range(11, 17))
PARENTS = {ROOT: None, EAST: ROOT, WEST: ROOT, SHANGHAI: EAST}
MEMBERS = [(ROOT, BOSS), (EAST, HEAD), (SHANGHAI, REP), (SHANGHAI, PEER), (WEST, OTHER)]
WIDE = dict.fromkeys([BOSS, HEAD, REP, PEER, OTHER, LONER], Level.SUBTREE)


def test_own_sees_oneself_team_sees_members_subtree_sees_all_below() -> None:
    reach = closure(PARENTS, MEMBERS, widest=WIDE)
    assert reach[HEAD].user_ids(Level.OWN) == {HEAD}
    assert reach[HEAD].user_ids(Level.TEAM) == {HEAD}
    assert reach[HEAD].user_ids(Level.SUBTREE) == {HEAD, REP, PEER}
    assert reach[REP].user_ids(Level.TEAM) == {REP, PEER}
    assert reach[BOSS].user_ids(Level.SUBTREE) == {BOSS, HEAD, REP, PEER, OTHER}
    assert reach[LONER].user_ids(Level.SUBTREE) == {LONER}


def test_team_ids_follow_the_same_levels() -> None:
    reach = closure(PARENTS, MEMBERS, widest=WIDE)
    assert reach[HEAD].team_ids(Level.OWN) == set()
    assert reach[HEAD].team_ids(Level.TEAM) == {EAST}
    assert reach[HEAD].team_ids(Level.SUBTREE) == {EAST, SHANGHAI}


def test_a_list_is_made_only_as_wide_as_the_role_uses_it() -> None:
    reach = closure(PARENTS, MEMBERS, widest={BOSS: Level.OWN, HEAD: Level.TEAM})
    assert reach[BOSS].user_ids(Level.SUBTREE) == {BOSS}
    assert reach[HEAD].user_ids(Level.SUBTREE) == {HEAD}
    assert set(reach) == {BOSS, HEAD}


@pytest.mark.parametrize(
    ("team", "parent", "cycle"),
    [
        (ROOT, ROOT, True),
        (ROOT, SHANGHAI, True),
        (EAST, SHANGHAI, True),
        (SHANGHAI, WEST, False),
        (EAST, None, False),
        (UUID(int=9), SHANGHAI, False),
    ],
)
def test_a_team_cannot_be_put_below_itself(team: UUID, parent: UUID | None, cycle: bool) -> None:
    assert makes_cycle(team, parent, PARENTS) is cycle


def test_a_tree_deeper_than_the_limit_is_refused_also_when_a_branch_moves() -> None:
    line = [UUID(int=100 + n) for n in range(MAX_DEPTH - 1)]
    parents: dict[UUID, UUID | None] = dict(zip(line, [None, *line], strict=False))
    assert not too_deep(UUID(int=999), line[-1], parents)
    assert too_deep(EAST, line[-1], {**parents, **PARENTS})
    assert not too_deep(SHANGHAI, line[-1], {**parents, **PARENTS})


def test_bad_data_cannot_make_the_walk_endless() -> None:
    looped = {EAST: WEST, WEST: EAST, ROOT: EAST}
    assert ancestors(ROOT, looped) == [EAST, WEST]
    assert subtrees(looped)[EAST] == {EAST, WEST, ROOT}


def forest(parent_choices: list[int]) -> dict[UUID, UUID | None]:
    """Team n hangs below an earlier team, or none: never a cycle."""
    found: dict[UUID, UUID | None] = {}
    for number, choice in enumerate(parent_choices):
        below = choice % (number + 1)
        found[UUID(int=number + 1)] = UUID(int=below) if below else None
    return found


def reaches(level: Level, own: set[UUID], team: UUID, parents: dict[UUID, UUID | None]) -> bool:
    """The definition, spelled out: is `team` one of mine, or does its line lead up to one?"""
    if level < Level.TEAM:
        return False
    climbing: UUID | None = team
    while climbing is not None:
        if climbing in own:
            return climbing == team or level >= Level.SUBTREE
        climbing = parents[climbing]
    return False


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 50), max_size=10),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 8)), max_size=20),
    st.lists(st.sampled_from(Level), min_size=9, max_size=9),
)
def test_the_closure_equals_the_spelled_out_definition(
    shape: list[int], places: list[tuple[int, int]], widest: list[Level]
) -> None:
    parents = forest(shape)
    teams = list(parents)
    users = [UUID(int=1000 + n) for n in range(9)]
    members = [(teams[t % len(teams)], users[u]) for t, u in places] if teams else []
    reach = closure(parents, members, widest=dict(zip(users, widest, strict=True)))
    for viewer, limit in zip(users, widest, strict=True):
        own = {team for team, user in members if user == viewer}
        for level in (Level.OWN, Level.TEAM, Level.SUBTREE):
            used = min(level, limit)
            seen = {team for team in teams if reaches(used, own, team, parents)}
            people = {user for team, user in members if team in seen} | {viewer}
            assert reach[viewer].team_ids(level) == seen
            assert reach[viewer].user_ids(level) == people


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=10), st.integers(0, 9), st.integers(0, 9))
def test_a_move_that_is_allowed_leaves_a_tree(shape: list[int], team: int, under: int) -> None:
    parents = forest(shape)
    teams = list(parents)
    moved, parent = teams[team % len(teams)], teams[under % len(teams)]
    after = {**parents, moved: parent}
    loops = any(walks_in_circles(start, after) for start in teams)
    assert makes_cycle(moved, parent, parents) is loops


def walks_in_circles(start: UUID, parents: dict[UUID, UUID | None]) -> bool:
    above = parents[start]
    for _ in parents:
        if above is None:
            return False
        above = parents[above]
    return above is not None
