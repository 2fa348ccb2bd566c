"""Whose records a caller sees: one SQL predicate for get, list, count, search, export and feed.

A record is visible when its owner is among the people the caller's scope covers, when its team is
one of the caller's, or when it is shared with the caller. `all` skips the filter. Who covers whom
comes from the directory copy that the gateway's feed keeps (`directory_users.sees_*`).
"""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Uuid, and_, any_, bindparam, false, or_, true
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared.auth import Principal
from guanxi_shared.db import Database, bound
from guanxi_shared.errors import Forbidden
from guanxi_shared.resources import Resource

FRESH_SECONDS = 1.0
WAIT_FOR_DIRECTORY_SECONDS = 3.0
UUIDS = ARRAY(Uuid)
MOST_BRANCHES = 10

SCOPE_SELECT = """
SELECT u.sees_team, u.sees_subtree, u.teams, u.subtree_teams,
       (SELECT array_agg(s.record_id) FROM directory_shares s
         WHERE s.organisation_id = $2 AND s.resource = $4 AND (s.until IS NULL OR s.until > now())
           AND (s.user_id = $3 OR s.team_id = ANY(u.teams))) AS shared,
       (SELECT array_agg(s.record_id) FROM directory_shares s
         WHERE s.organisation_id = $2 AND s.resource = $4 AND (s.until IS NULL OR s.until > now())
           AND s.access = 'write' AND (s.user_id = $3 OR s.team_id = ANY(u.teams))) AS shared_write
FROM directory_users u WHERE u.organisation_id = $2 AND u.id = $3
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one caller sees of one resource; `everything` or the union of three lists of ids.
    `is_subtree`: others are among the owners because the caller leads them, not as colleagues."""

    everything: bool = False
    owners: tuple[UUID, ...] = ()
    teams: tuple[UUID, ...] = ()
    shared: tuple[UUID, ...] = ()
    shared_write: tuple[UUID, ...] = ()
    is_subtree: bool = False

    @property
    def heads_others(self) -> bool:
        return self.everything or (self.is_subtree and len(self.owners) > 1)

    def heads(self, user_id: UUID | None) -> bool:
        """Somebody in the subtree, the caller among them."""
        return self.everything or (self.is_subtree and user_id in self.owners)

    @property
    def shape(self) -> tuple[bool, bool, bool, bool]:
        """What the predicate's text depends on (statements are cached by it)."""
        return (self.everything, len(self.owners) == 1, bool(self.teams), bool(self.shared))

    @property
    def is_plain(self) -> bool:
        return self.everything or (len(self.owners) == 1 and not self.teams and not self.shared)

    @property
    def branch_shape(self) -> tuple[int, int, bool] | None:
        """How many owners and teams are asked one by one; None when one predicate serves better."""
        asked = len(self.owners) + len(self.teams) + bool(self.shared)
        if self.everything or not 2 <= asked <= MOST_BRANCHES:
            return None
        return (len(self.owners), len(self.teams), bool(self.shared))

    def branch_params(self) -> dict[str, Any]:
        found: dict[str, Any] = {f"scope_owner{i}": o for i, o in enumerate(self.owners)}
        found |= {f"scope_team{i}": team for i, team in enumerate(self.teams)}
        return found | ({"scope_shared": list(self.shared)} if self.shared else {})

    def and_team(self, team_id: UUID) -> "Scope":
        """With the records of one more team."""
        return self if self.everything else replace(self, teams=(*self.teams, team_id))

    def params(self) -> dict[str, Any]:
        if self.everything:
            return {}
        alone = len(self.owners) == 1
        found: dict[str, Any] = {"scope_owners": self.owners[0] if alone else list(self.owners)}
        if self.teams:
            found["scope_teams"] = list(self.teams)
        if self.shared:
            found["scope_shared"] = list(self.shared)
        return found

    def covers(self, *, id: UUID, owner_id: UUID | None, team_id: UUID | None) -> bool:
        return (
            self.everything
            or owner_id in self.owners
            or (team_id is not None and team_id in self.teams)
            or id in self.shared
        )

    def may_write(self, *, id: UUID, owner_id: UUID | None, team_id: UUID | None) -> bool:
        return (
            self.everything
            or owner_id in self.owners
            or (team_id is not None and team_id in self.teams)
            or id in self.shared_write
        )


EVERYTHING = Scope(everything=True)


class Looker(Protocol):
    """Somebody in an organisation whose scopes are known: a request, or a job in their name."""

    @property
    def organisation(self) -> UUID: ...

    async def scope(self, resource: str) -> Scope: ...


async def sight_of(looker: Looker, by: Principal, resource: Resource) -> Scope:
    """What somebody sees of a resource, by the rules that it has for that."""
    if not resource.is_owned:
        return EVERYTHING
    if resource.sight is not None:
        found: Scope = resource.sight(by)
        return found
    scope = await looker.scope(resource.seen_as or resource.name)
    return scope.and_team(looker.organisation) if resource.is_for_everybody else scope


def predicate(table: Table, scope: Scope, *, prefix: str = "") -> ColumnElement[bool]:
    """The visibility rule as SQL; its parameters are `scope.params()`, each with the prefix."""
    prefix = f"{prefix}_" if prefix else ""
    if scope.everything:
        return true()
    if "owner_id" not in table.c:
        return false()
    parts = [_owned(table, scope, f"{prefix}scope_owners")]
    if scope.teams and "team_id" in table.c:
        parts.append(table.c.team_id == any_(bindparam(f"{prefix}scope_teams", type_=UUIDS)))
    if scope.shared:
        id_column = table.c.subject_id if "subject_id" in table.c else table.c.id
        parts.append(id_column == any_(bindparam(f"{prefix}scope_shared", type_=UUIDS)))
    return or_(*parts)


def parts_of(table: Table, scope: Scope) -> list[ColumnElement[bool]]:
    """The rule of `predicate` as alternatives that exclude each other, each of which an index serves:
    for sums, which must count nothing twice. Its parameters are `scope.params()`."""
    if scope.everything or "owner_id" not in table.c:
        return [predicate(table, scope)]
    rules = [_owned(table, scope, "scope_owners")]
    if scope.teams and "team_id" in table.c:
        rules.append(table.c.team_id == any_(bindparam("scope_teams", type_=UUIDS)))
    if scope.shared:
        rules.append(table.c.id == any_(bindparam("scope_shared", type_=UUIDS)))
    # IS NOT true, since nobody's record is not "not mine" but unknown.
    return [
        and_(rule, *(earlier.is_not(true()) for earlier in rules[:n]))
        for n, rule in enumerate(rules)
    ]


def branches(table: Table, scope: Scope) -> list[ColumnElement[bool]]:
    """The rule of `predicate` as alternatives, each of which one index serves in a list's order.

    An OR over them makes Postgres walk everybody's records: 262 ms where the branches take 3.
    """
    found = [
        table.c.owner_id == bindparam(f"scope_owner{i}", type_=Uuid)
        for i in range(len(scope.owners))
    ]
    if "team_id" in table.c:
        found += [
            table.c.team_id == bindparam(f"scope_team{i}", type_=Uuid)
            for i in range(len(scope.teams))
        ]
    if scope.shared:
        found.append(table.c.id == any_(bindparam("scope_shared", type_=UUIDS)))
    return found


def _owned(table: Table, scope: Scope, name: str) -> ColumnElement[bool]:
    """One owner is compared as one value, so that the index of an owner's records gives their order."""
    if len(scope.owners) == 1:
        return table.c.owner_id == bindparam(name, type_=Uuid)
    owners: ColumnElement[Any] = bindparam(name, type_=UUIDS)
    return table.c.owner_id == any_(owners)


class Directory:
    """Resolves scopes from the copy in this service's schema, once per second and caller."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[tuple[UUID, UUID, str, str], tuple[float, Scope]] = {}
        self._versions: dict[UUID, int] = {}
        self._in_vain: set[tuple[UUID, int]] = set()
        self._moved = asyncio.Event()

    async def scope(self, by: Principal, resource: str) -> Scope:
        breadth = by.sees(resource)
        if breadth == "all":
            return EVERYTHING
        if by.user_id is None or by.organisation_id is None:
            raise Forbidden("This token names no person.")
        key = (by.organisation_id, by.user_id, resource, breadth)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        scope = await self._resolve(by.organisation_id, by.user_id, resource, breadth)
        if len(self._known) > 50_000:
            self._known.clear()
        self._known[key] = (time.monotonic() + FRESH_SECONDS, scope)
        return scope

    async def _resolve(self, organisation: UUID, user: UUID, resource: str, breadth: str) -> Scope:
        rows = await self._db.lookup(organisation, SCOPE_SELECT, organisation, user, resource)
        if not rows:  # the copy does not know this person yet: their own records, no more
            return Scope(owners=(user,))
        row = rows[0]
        owners, teams = {user}, list(row["teams"])
        if breadth == "team":
            owners.update(row["sees_team"])
        elif breadth == "subtree":
            owners.update(row["sees_subtree"])
            teams = list(row["subtree_teams"])
        return Scope(
            owners=tuple(sorted(owners)),
            teams=tuple(sorted(teams)),
            shared=tuple(row["shared"] or ()),
            shared_write=tuple(row["shared_write"] or ()),
            is_subtree=breadth == "subtree",
        )

    def moved(self, organisation_id: UUID, version: int) -> None:
        """The consumer applied a directory change: forget what was resolved before it."""
        self._versions[organisation_id] = version
        self._known = {k: v for k, v in self._known.items() if k[0] != organisation_id}
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait_for(self, organisation_id: UUID, version: int) -> None:
        """Let a caller read their own change: wait until the copy is as new as the gateway's.

        Gives up after a few seconds and goes on with what is known (the feed may be down).
        """
        if self._versions.get(organisation_id, -1) >= version:
            return
        if (organisation_id, version) in self._in_vain:
            return
        deadline = time.monotonic() + WAIT_FOR_DIRECTORY_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            await self._refresh_version(organisation_id)
            if self._versions.get(organisation_id, -1) >= version:
                return
            try:
                await asyncio.wait_for(self._moved.wait(), min(left, 0.25))
            except TimeoutError:
                continue
        if len(self._in_vain) > 10_000:
            self._in_vain.clear()
        self._in_vain.add((organisation_id, version))  # do not hold up every request

    async def _refresh_version(self, organisation_id: UUID) -> None:
        row = await self._db.pool.fetchrow(
            bound("SELECT version FROM directory_state WHERE organisation_id = $2"),
            str(organisation_id),
            organisation_id,
        )
        if row is not None and row["version"] > self._versions.get(organisation_id, -1):
            self._versions[organisation_id] = row["version"]
            self._known = {k: v for k, v in self._known.items() if k[0] != organisation_id}
