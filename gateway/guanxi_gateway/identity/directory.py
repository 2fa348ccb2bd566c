"""Users, teams and shares as one directory: changed in one transaction, told to every service.

Every use case that changes who there is or who sees whom first takes the organisation's lock, then
writes its rows, then calls `publish_directory`: it works out the closure anew, writes an event for
each user whose reach changed, keeps the gateway's own copy (`directory_users`, …) and counts the
directory's version up by one. Only the last event carries the new version, so that a service that
has read it has read all of the change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_gateway.callers import note_directory_version
from guanxi_gateway.identity.permission_rules import BUILT_IN, widest_level
from guanxi_gateway.identity.rows import found
from guanxi_gateway.identity.tree_rules import LEVELS, Level, Parents, Reach, closure
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.directory import apply_directory_event
from guanxi_shared.errors import NotFound
from guanxi_shared.events import publish

Row = Mapping[str, Any]
Members = Sequence[tuple[UUID, UUID]]  # (team, user)

LOCK = "SELECT * FROM organisations WHERE organisation_id = $1 FOR UPDATE"
TEAMS = "SELECT id, parent_id FROM teams WHERE organisation_id = $1 AND deleted_at IS NULL"
MEMBERS = "SELECT team_id, user_id FROM team_members WHERE organisation_id = $1"
VIEWERS = "SELECT id, role FROM users WHERE organisation_id = $1 AND deleted_at IS NULL"
ROLES = "SELECT name, visibility FROM roles WHERE organisation_id = $1 AND deleted_at IS NULL"
KNOWN = """
SELECT id, sees_team, sees_subtree, teams, subtree_teams, heads FROM directory_users
WHERE organisation_id = $1
"""
TOUCH = """
UPDATE users SET version = version + 1, updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) RETURNING *
"""
COUNT_UP = """
UPDATE organisations SET directory_version = directory_version + 1 WHERE organisation_id = $1
RETURNING directory_version
"""

VERSION = "SELECT directory_version FROM organisations WHERE organisation_id = $2"

STAMPS = ("version", "updated_at")  # change with every write, and are no change themselves
USER_FIELDS = (
    "id", "email", "name", "role", "is_active", "time_zone", "locale", "phone",
    "has_second_factor", "version", "created_at", "updated_at",
)  # fmt: skip
TEAM_FIELDS = ("id", "name", "parent_id", "version", "created_at", "updated_at")
SHARE_FIELDS = (
    "id", "resource", "record_id", "user_id", "team_id", "access", "until", "owner_id",
    "version", "created_at", "updated_at",
)  # fmt: skip
ORGANISATION_FIELDS = (
    "id", "name", "time_zone", "currency", "region", "rate_quota", "rate_window_seconds",
    "version", "created_at", "updated_at",
)  # fmt: skip
FIELDS = {
    "user": USER_FIELDS,
    "team": TEAM_FIELDS,
    "share": SHARE_FIELDS,
    "organisation": ORGANISATION_FIELDS,
}


@dataclass(frozen=True, slots=True)
class Touched:
    """One row a use case has written: `gateway.<noun>.<verb>`; `before` None for a new one."""

    noun: str
    verb: str
    after: Row
    before: Row | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a user stands, as services copy it; lists are sorted, so that they can be compared. `heads`:
    the role reaches down the tree, so that who is in its subtree is led and no mere colleague."""

    sees_team: tuple[UUID, ...] = ()
    sees_subtree: tuple[UUID, ...] = ()
    teams: tuple[UUID, ...] = ()
    subtree_teams: tuple[UUID, ...] = ()
    heads: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "sees_team": self.sees_team,
            "sees_subtree": self.sees_subtree,
            "teams": self.teams,
            "subtree_teams": self.subtree_teams,
            "heads": self.heads,
        }


async def lock_directory(connection: Connection, organisation_id: UUID) -> Row:
    """The organisation's row; whoever else changes its directory waits until we commit."""
    row = await found(connection, LOCK, organisation_id)
    if row is None:
        raise NotFound("There is no such organisation.")
    return dict(row)


async def publish_directory(
    connection: Connection, organisation_id: UUID, touched: Sequence[Touched], *, actor: Actor
) -> int:
    """The new directory version; `announce` it once the transaction is over."""
    members = await _members(connection, organisation_id)
    places = await _places(connection, organisation_id, members)
    known = await _known(connection, organisation_id)
    written = {item.after["id"] for item in touched if item.noun == "user"}
    moved = [user for user, place in places.items() if known.get(user) != place]
    again = await _touch(
        connection, organisation_id, [user for user in moved if user not in written]
    )
    everything = [*touched, *(Touched("user", "updated", row) for row in again)]
    version: int = await connection.fetchval(COUNT_UP, organisation_id)
    for number, item in enumerate(everything, 1):
        state = _state(item, places, members)
        if number == len(everything):
            state["directory_version"] = version
        await _tell(connection, organisation_id, item, state, known, actor)
    return version


async def announce(house: House, organisation_id: UUID) -> None:
    """After commit: this process forgets what it resolved, and asks services to catch up before
    they answer, so that who made a change sees it at work in the next request."""
    version = await house.db.fetchrow(organisation_id, VERSION, organisation_id)
    if version is not None:
        note_directory_version(organisation_id, version["directory_version"])
        house.directory.moved(organisation_id, version["directory_version"])


def shown(noun: str, row: Row) -> dict[str, Any]:
    """A row as the API shows it."""
    return {name: row[name] for name in FIELDS[noun]}


async def _members(connection: Connection, organisation_id: UUID) -> Members:
    rows = await connection.fetch(MEMBERS, organisation_id)
    return [(row["team_id"], row["user_id"]) for row in rows]


async def _places(
    connection: Connection, organisation_id: UUID, everybody: Members
) -> dict[UUID, Place]:
    teams: Parents = {
        row["id"]: row["parent_id"] for row in await connection.fetch(TEAMS, organisation_id)
    }
    members = [(team, user) for team, user in everybody if team in teams]
    levels = await _widest(connection, organisation_id)
    viewers = {
        row["id"]: levels.get(row["role"], Level.OWN)
        for row in await connection.fetch(VIEWERS, organisation_id)
    }
    reach = closure(teams, members, widest=viewers)
    own_teams: dict[UUID, set[UUID]] = {}
    for team, user in members:
        own_teams.setdefault(user, set()).add(team)
    return {
        user: _place(reach[user], own_teams.get(user, set()), heads=level >= Level.SUBTREE)
        for user, level in viewers.items()
    }


def _place(reach: Reach, own_teams: Iterable[UUID], *, heads: bool) -> Place:
    teams = set(own_teams)
    return Place(
        sees_team=tuple(sorted(reach.user_ids(Level.TEAM))),
        sees_subtree=tuple(sorted(reach.user_ids(Level.SUBTREE))),
        teams=tuple(sorted(teams)),
        subtree_teams=tuple(sorted(teams | reach.team_ids(Level.SUBTREE))),
        heads=heads,
    )


async def _widest(connection: Connection, organisation_id: UUID) -> dict[str, Level]:
    maps: dict[str, Mapping[str, str]] = {n: rule.visibility for n, rule in BUILT_IN.items()}
    for row in await connection.fetch(ROLES, organisation_id):
        maps[row["name"]] = orjson.loads(row["visibility"])
    return {name: LEVELS[widest_level(visibility)] for name, visibility in maps.items()}


async def _known(connection: Connection, organisation_id: UUID) -> dict[UUID, Place]:
    rows = await connection.fetch(KNOWN, organisation_id)
    lists = ("sees_team", "sees_subtree", "teams", "subtree_teams")
    return {
        row["id"]: Place(**{n: tuple(sorted(row[n])) for n in lists}, heads=row["heads"])
        for row in rows
    }


async def _touch(
    connection: Connection, organisation_id: UUID, users: Sequence[UUID]
) -> list[dict[str, Any]]:
    if not users:
        return []
    return [dict(row) for row in await connection.fetch(TOUCH, organisation_id, users)]


def _state(item: Touched, places: Mapping[UUID, Place], members: Members) -> dict[str, Any]:
    """As the API shows it, and for users also whom they reach."""
    state, subject_id = shown(item.noun, item.after), item.after["id"]
    if item.noun == "user":
        state["team_ids"] = sorted(team for team, user in members if user == subject_id)
        state |= places.get(subject_id, Place()).as_dict()
    if item.noun == "team":
        state["member_ids"] = sorted(user for team, user in members if team == subject_id)
    return state


async def _tell(
    connection: Connection,
    organisation_id: UUID,
    item: Touched,
    state: Mapping[str, Any],
    known: Mapping[UUID, Place],
    actor: Actor,
) -> None:
    before = _before(item, known)
    changed = [
        name for name, value in before.items() if name not in STAMPS and state[name] != value
    ]
    await publish(
        connection,
        organisation_id=organisation_id,
        type=f"gateway.{item.noun}.{item.verb}",
        subject_type=item.noun,
        subject_id=item.after["id"],
        version=item.after["version"],
        actor=actor,
        after=state,
        changed=changed,
        before={name: before[name] for name in changed} if before else None,
        owner_id=item.after.get("owner_id"),
    )
    event = {
        "organisation_id": organisation_id,
        "type": f"gateway.{item.noun}.{item.verb}",
        "version": item.after["version"],
        "after": orjson.loads(orjson.dumps(state, option=orjson.OPT_UTC_Z, default=str)),
    }
    await apply_directory_event(connection, event)


def _before(item: Touched, known: Mapping[UUID, Place]) -> dict[str, Any]:
    """What a change is compared with; nothing for a new row."""
    if item.verb == "created":
        return {}
    before = shown(item.noun, item.before) if item.before is not None else {}
    if item.noun == "user" and item.after["id"] in known:
        before |= known[item.after["id"]].as_dict()
    return before
