"""What a service answers a phone that asks what is new: its tables' changes and where it stands now."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.sync.sights import NOTHING, Choice, Sight, is_stale, sights_of
from guanxi_shared.sync.statements import Since, Statement, news, whole
from guanxi_shared.sync.tables import SyncTable

HEAD: Final = """
SELECT epoch, position, ARRAY(
  SELECT DISTINCT subject_id::text FROM events WHERE organisation_id = $1 AND position IS NULL) AS unnumbered
FROM feed_head WHERE feed = 'events'
"""
BLANKS: Final = (None, 0, "", False)

Changes = dict[str, dict[str, list[Any]]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a phone stands with one service, as its cursor keeps it. `ahead` is, by table, what it got by events
    that had no position yet: the log up to the position does not know that the phone has it."""

    epoch: UUID
    position: int
    sights: Mapping[str, Sight]
    ahead: Mapping[str, Sequence[UUID]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        sights = {name: sight.as_json() for name, sight in self.sights.items()}
        ahead = {name: [str(id) for id in ids] for name, ids in self.ahead.items()}
        found = {"epoch": str(self.epoch), "position": self.position, "sights": sights}
        return found | ({"ahead": ahead} if ahead else {})

    @classmethod
    def from_json(cls, kept: Mapping[str, Any] | None) -> "Standing | None":
        if kept is None:
            return None
        sights = {name: Sight.from_json(sight) for name, sight in kept["sights"].items()}
        told = kept.get("ahead", {})
        ahead = {name: tuple(UUID(id) for id in ids) for name, ids in told.items()}
        return cls(UUID(kept["epoch"]), int(kept["position"]), sights, ahead)


@dataclass(frozen=True, slots=True)
class Question:
    """`again` are ids that a push ran into, `gone` those of other services' deleted records, `tables` and `columns` what a phone's new schema has more."""

    standing: Standing | None = None
    choice: Choice = field(default_factory=Choice)
    device_id: str | None = None
    again: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    gone: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)


async def pull(call: Call, tables: tuple[SyncTable, ...], asked: Question) -> dict[str, Any]:
    """`changes` and the new `standing`, of one moment; `expired` alone when what the phone has belongs to
    a database before a restore, or reaches back too far: then all of it is sent anew.

    What is committed has its position before the moment is taken; what has none by then is sent now and
    once more with the next pull, as something that the phone has."""
    before = asked.standing
    known = {} if before is None else dict(before.sights)
    sights = await sights_of(call, tables, asked.choice, known)
    if before is not None and any(is_stale(each, call.clock.now) for each in sights.values()):
        return {"expired": True}
    await call.house.feed.number()
    async with call.db.snapshot(call.organisation) as connection:
        head = await connection.fetchrow(HEAD, call.organisation)
        assert head is not None
        standing = Standing(UUID(str(head["epoch"])), head["position"], sights)
        if before is not None and not _continues(before, standing):
            return {"expired": True}
        changes: Changes = {}
        for table in tables:
            changes[table.name] = await _changes(call, connection, table, asked, standing)
    standing = replace(standing, ahead=_ahead(tables, changes, set(head["unnumbered"])))
    is_same = before is not None and before.sights == sights
    return {"changes": changes, "standing": standing.as_json(), "is_same_sight": is_same}


def _ahead(
    tables: tuple[SyncTable, ...], changes: Changes, unnumbered: AbstractSet[str]
) -> dict[str, tuple[UUID, ...]]:
    """What was given out by events without a position: of the records, or of what they are a part of."""
    found = {}
    for table in tables:
        rows = (row for kind in ("created", "updated") for row in changes[table.name][kind])
        names = ("id", table.key)
        ids = [row["id"] for row in rows if any(row[name] in unnumbered for name in names)]
        if ids:
            found[table.name] = tuple(UUID(id) for id in ids)
    return found


def _continues(before: Standing, now: Standing) -> bool:
    return before.epoch == now.epoch and before.position <= now.position


async def _changes(
    call: Call, connection: Connection, table: SyncTable, asked: Question, standing: Standing
) -> dict[str, list[Any]]:
    sight = standing.sights[table.name]
    if asked.standing is None:
        rows = await _rows(connection, whole(table, call.organisation, sight))
        return {"created": rows, "updated": [], "deleted": []}
    since = since_of(call, table, asked, sight)
    found = _sorted(await _rows(connection, news(table, since)), asked.device_id)
    if table.name in asked.tables:
        _add_whole(found, await _rows(connection, whole(table, call.organisation, sight)), asked)
    elif columns := [c for c in asked.columns.get(table.name, ()) if c in table.cells]:
        rows = await _rows(connection, whole(table, call.organisation, sight))
        _add_updated(found, [r for r in rows if any(r[c] not in BLANKS for c in columns)])
    return found


def since_of(call: Call, table: SyncTable, asked: Question, sight: Sight) -> Since:
    """Nothing was seen, and nothing is known of any position, before the first sync."""
    before = asked.standing
    return Since(
        call.organisation,
        call.by.user_id,
        asked.device_id,
        before.position if before is not None else -1,
        before.sights.get(table.name, NOTHING) if before is not None else NOTHING,
        sight,
        asked.again.get(table.name, ()),
        before.ahead.get(table.name, ()) if before is not None else (),
    )


async def _rows(connection: Connection, statement: Statement) -> list[dict[str, Any]]:
    sql, values = statement
    return [dict(row) for row in await connection.fetch(sql, *values)]


def _sorted(rows: Sequence[dict[str, Any]], device_id: str | None) -> dict[str, list[Any]]:
    """New to the caller is `created`, but for what their own device made: told of it as something new, a
    phone that has deleted it meanwhile would bring it back. A device that nobody knows gets updates."""
    found: dict[str, list[Any]] = {"created": [], "updated": [], "deleted": []}
    for row in rows:
        is_seen, is_held, is_own = (row.pop(name) for name in ("_seen", "_held", "_own"))
        if not is_seen:
            found["deleted"].append(row["id"])
        elif is_held or is_own or device_id is None:
            found["updated"].append(row)
        else:
            found["created"].append(row)
    return found


def _add_whole(
    found: dict[str, list[Any]], rows: Sequence[dict[str, Any]], asked: Question
) -> None:
    """All rows of a table that the phone did not have: new to it, and nothing of it to delete."""
    known = {row["id"] for row in found["updated"]} | {row["id"] for row in found["created"]}
    place = "updated" if asked.device_id is None else "created"
    found[place] += [row for row in rows if row["id"] not in known]


def _add_updated(found: dict[str, list[Any]], rows: Sequence[dict[str, Any]]) -> None:
    known = {row["id"] for place in ("created", "updated") for row in found[place]}
    found["updated"] += [row for row in rows if row["id"] not in known]
