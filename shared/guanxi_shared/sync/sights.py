"""What a phone may hold of a table: whose records, and since when.

It is kept with the phone's cursor, so that the next pull can tell what came into view and what left it
although no record was changed: a share that ended, another team, other choices of its user.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.sync.tables import SyncTable
from guanxi_shared.visibility import Scope

OF_TEAM: Final = (
    "SELECT u.sees_team, u.teams FROM directory_users u WHERE u.organisation_id = $2 AND u.id = $3"
)
WHOSE: Final = ("mine", "team", "all")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user wants on their phone; `days` bounds how far back tables with times reach."""

    whose: str = "all"
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """The union of three lists, or everything; not what is older than `since`. `inner`: also rows that
    are kept from those without a further permission."""

    everything: bool = False
    owners: tuple[UUID, ...] = ()
    teams: tuple[UUID, ...] = ()
    shared: tuple[UUID, ...] = ()
    inner: bool = False
    days: int | None = None
    since: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "everything": self.everything,
            "owners": [str(one) for one in self.owners],
            "teams": [str(one) for one in self.teams],
            "shared": [str(one) for one in self.shared],
            "inner": self.inner,
            "days": self.days,
            "since": self.since.isoformat() if self.since else None,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Sight":
        return cls(
            everything=kept["everything"],
            owners=tuple(map(UUID, kept["owners"])),
            teams=tuple(map(UUID, kept["teams"])),
            shared=tuple(map(UUID, kept["shared"])),
            inner=kept["inner"],
            days=kept["days"],
            since=datetime.fromisoformat(kept["since"]) if kept["since"] else None,
        )


NOTHING: Final = Sight()


async def sights_of(
    call: Call, tables: tuple[SyncTable, ...], choice: Choice, before: Mapping[str, Sight]
) -> dict[str, Sight]:
    """By the rule of visibility, narrowed to what the user chose."""
    mates = await _mates(call) if choice.whose == "team" else None
    found = {}
    for table in tables:
        if not call.by.may(table.resource.permission("read")):
            found[table.name] = NOTHING
            continue
        scope = _narrowed(call, await call.scope_of(table.resource), table, choice.whose, mates)
        days = choice.days if table.recent is not None else None
        found[table.name] = Sight(
            everything=scope.everything,
            owners=tuple(sorted(scope.owners)),
            teams=tuple(sorted(scope.teams)),
            shared=tuple(sorted(scope.shared)),
            inner=table.inner_permission is not None and call.by.may(table.inner_permission),
            days=days,
            since=_since(call.clock.now, days, before.get(table.name)),
        )
    return found


def _since(now: datetime, days: int | None, before: Sight | None) -> datetime | None:
    """The bound stays where it was: moved on with each pull it would take records from under edits
    that are not pushed yet. `is_stale` says when it is time for a new one."""
    if days is None:
        return None
    if before is not None and before.days == days and before.since is not None:
        return before.since
    return (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def is_stale(sight: Sight, now: datetime) -> bool:
    """Whether a phone holds twice the days that its user wants: it then starts over, which keeps what
    it has not pushed."""
    if sight.days is None or sight.since is None:
        return False
    return sight.since < now - timedelta(days=max(2 * sight.days, sight.days + 7))


async def _mates(call: Call) -> tuple[frozenset[UUID], frozenset[UUID]]:
    rows = await call.db.lookup(call.organisation, OF_TEAM, call.organisation, call.by.user_id)
    if not rows:
        return frozenset(), frozenset()
    return frozenset(rows[0]["sees_team"]), frozenset(rows[0]["teams"])


def _narrowed(
    call: Call, scope: Scope, table: SyncTable, whose: str,
    mates: tuple[frozenset[UUID], frozenset[UUID]] | None,
) -> Scope:  # fmt: skip
    if whose == "all" or not table.resource.is_owned or call.by.user_id is None:
        return scope
    me = call.by.user_id
    if mates is None:
        return Scope(owners=(me,), shared=scope.shared)
    people, teams = {me, *mates[0]}, mates[1]
    if not scope.everything:
        people &= {me, *scope.owners}
        teams &= frozenset(scope.teams)
    return Scope(owners=tuple(people), teams=tuple(teams), shared=scope.shared)
