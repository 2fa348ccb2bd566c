"""Whether a record of another service that is named exists, for this caller.

What the copy here knows is decided by it. What it does not know yet is asked of the owning service, in
one call under the caller's own token; with that away the write is taken and marked unverified, and the
feed settles it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.errors import Late, Unavailable, UnknownReference, Upstream
from guanxi_shared.peers import ask_for

KNOWN = """
WITH RECURSIVE chain AS (
  SELECT k.id AS asked, k.id, k.merged_into_id, 0 AS depth FROM {table} k
   WHERE k.organisation_id = $2 AND k.id = ANY($3::uuid[])
  UNION ALL SELECT c.asked, k.id, k.merged_into_id, c.depth + 1 FROM chain c
   JOIN {table} k ON k.organisation_id = $2 AND k.id = c.merged_into_id WHERE c.depth < 20)
SELECT c.asked, k.id, k.name, k.owner_id, k.team_id, k.deleted_at IS NOT NULL AS is_gone
FROM chain c JOIN {table} k ON k.organisation_id = $2 AND k.id = c.id WHERE c.merged_into_id IS NULL
"""
SHOWN = ("id", "name", "owner_id", "team_id", "version")


@dataclass(frozen=True, slots=True)
class Copied:
    """Records of another service, of which `table` keeps small copies: `known_<resource>`."""

    service: str
    resource: str
    noun: str

    @property
    def table(self) -> str:
        return f"known_{self.resource}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A record as it is meant now: merged ones are their survivors. `name` is unknown of one that was
    taken on trust."""

    id: UUID
    name: str | None
    is_verified: bool


async def find_copied(
    call: Call, copied: Copied, ids: Collection[UUID], *, field: str
) -> dict[UUID, Reference]:
    """The references by the ids that were asked for; UnknownReference for one that is not there for
    this caller."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    found = {row["asked"]: row for row in await _known(call, copied, wanted)}
    scope = await call.scope(copied.resource)
    for asked, row in found.items():
        is_seen = scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
        if row["is_gone"] or not is_seen:
            raise _unknown(copied, asked, field)
    known = {asked: Reference(row["id"], row["name"], True) for asked, row in found.items()}
    missing = [id for id in wanted if id not in known]
    return known | await _asked(call, copied, missing, field=field)


async def copied_or_trusted(
    call: Call, copied: Copied, ids: Collection[UUID]
) -> dict[UUID, Reference]:
    """As far as the copy knows them, whoever may see them; the others on trust, until the feed tells of
    them. For ids that this service chose itself or has looked at before."""
    if not ids:
        return {}
    rows = await _known(call, copied, list(ids))
    known = {row["asked"]: Reference(row["id"], row["name"], True) for row in rows}
    return {id: known.get(id, Reference(id, None, False)) for id in ids}


async def _known(call: Call, copied: Copied, ids: Sequence[UUID]) -> Sequence[Any]:
    sql = KNOWN.format(table=copied.table)
    return await call.db.lookup(call.organisation, sql, call.organisation, ids)


async def _asked(
    call: Call, copied: Copied, ids: Sequence[UUID], *, field: str
) -> dict[UUID, Reference]:
    if not ids:
        return {}
    try:
        rows = await ask_for(call, copied.service, copied.resource, ids, fields=SHOWN)
    except (Unavailable, Late, Upstream):
        rows = None
    if rows is None:
        return {id: Reference(id, None, False) for id in ids}
    shown: Mapping[UUID, Mapping[str, Any]] = {UUID(row["id"]): row for row in rows}
    for id in ids:
        if id not in shown:
            raise _unknown(copied, id, field)
    return {id: Reference(id, shown[id]["name"], True) for id in ids}


def _unknown(copied: Copied, id: UUID, field: str) -> UnknownReference:
    return UnknownReference(
        f"There is no {copied.noun} {str(id)!r}.",
        errors={field: f"There is no such {copied.noun}."},
    )
