"""The team tree, and from it who sees whose records.

`own` reaches the viewer alone; `team` the members of the teams the viewer belongs to; `subtree`
also the members of every team below those; `all` needs no list. A viewer's list is made only up
to the widest level that the viewer's role uses anywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

MAX_DEPTH = 32


class Level(IntEnum):
    """Visibility, ordered: a wider level includes the narrower ones."""

    OWN = 0
    TEAM = 1
    SUBTREE = 2
    ALL = 3


LEVELS = {level.name.lower(): level for level in Level}

Parents = Mapping[UUID, UUID | None]


@dataclass(frozen=True, slots=True)
class Reach:
    """Everyone and every team a viewer reaches, with the narrowest level that reaches them."""

    users: Mapping[UUID, Level]
    teams: Mapping[UUID, Level]

    def user_ids(self, level: Level) -> frozenset[UUID]:
        return frozenset(user for user, needed in self.users.items() if needed <= level)

    def team_ids(self, level: Level) -> frozenset[UUID]:
        return frozenset(team for team, needed in self.teams.items() if needed <= level)


def ancestors(team_id: UUID, parents: Parents) -> list[UUID]:
    """Nearest first, without the team itself; stops at a team met before, so bad data cannot loop."""
    found: list[UUID] = []
    above = parents.get(team_id)
    while above is not None and above not in found and above != team_id:
        found.append(above)
        above = parents.get(above)
    return found


def makes_cycle(team_id: UUID, new_parent_id: UUID | None, parents: Parents) -> bool:
    if new_parent_id is None:
        return False
    return new_parent_id == team_id or team_id in ancestors(new_parent_id, parents)


def too_deep(team_id: UUID, new_parent_id: UUID | None, parents: Parents) -> bool:
    """Counts the levels above the new place and the longest branch that moves along."""
    above = len(ancestors(new_parent_id, parents)) + 1 if new_parent_id else 0
    below = [_distance(team_id, other, parents) for other in parents]
    return above + 1 + max(below, default=0) > MAX_DEPTH


def subtrees(parents: Parents) -> dict[UUID, frozenset[UUID]]:
    """Each team with every team below it, itself included."""
    found: dict[UUID, set[UUID]] = {team: {team} for team in parents}
    for team in parents:
        for above in ancestors(team, parents):
            found.setdefault(above, {above}).add(team)
    return {team: frozenset(below) for team, below in found.items()}


def closure(
    parents: Parents,
    memberships: Iterable[tuple[UUID, UUID]],
    *,
    widest: Mapping[UUID, Level],
) -> dict[UUID, Reach]:
    """Viewer -> reach, for every user in `widest` (their role's widest level).

    `memberships` are (team_id, user_id); a user may belong to several teams or none.
    """
    members, teams_of = _indexed(memberships)
    below = subtrees(parents)
    return {
        viewer: _reach(viewer, level, teams_of.get(viewer, set()), members, below)
        for viewer, level in widest.items()
    }


def _reach(
    viewer: UUID,
    level: Level,
    own_teams: set[UUID],
    members: Mapping[UUID, set[UUID]],
    below: Mapping[UUID, frozenset[UUID]],
) -> Reach:
    teams: dict[UUID, Level] = {}
    if level >= Level.SUBTREE:
        lower = (team for own in own_teams for team in below.get(own, ()))
        teams.update(dict.fromkeys(lower, Level.SUBTREE))
    if level >= Level.TEAM:
        teams.update(dict.fromkeys(own_teams, Level.TEAM))
    return Reach(users=_users(viewer, teams, members), teams=teams)


def _users(
    viewer: UUID, teams: Mapping[UUID, Level], members: Mapping[UUID, set[UUID]]
) -> dict[UUID, Level]:
    """Wide levels first, so that the narrowest one that reaches a user is what stays."""
    users: dict[UUID, Level] = {}
    for team, level in sorted(teams.items(), key=lambda item: -item[1]):
        users.update(dict.fromkeys(members.get(team, ()), level))
    users[viewer] = Level.OWN
    return users


def _indexed(
    memberships: Iterable[tuple[UUID, UUID]],
) -> tuple[dict[UUID, set[UUID]], dict[UUID, set[UUID]]]:
    members: dict[UUID, set[UUID]] = {}
    teams_of: dict[UUID, set[UUID]] = {}
    for team, user in memberships:
        members.setdefault(team, set()).add(user)
        teams_of.setdefault(user, set()).add(team)
    return members, teams_of


def _distance(top: UUID, team: UUID, parents: Parents) -> int:
    line = ancestors(team, parents)
    return line.index(top) + 1 if top in line else 0
