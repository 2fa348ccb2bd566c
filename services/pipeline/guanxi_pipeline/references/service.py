"""Whether an account or a person that is named exists, for this caller.

What the copy knows is decided here. What it does not know yet is asked of contacts, in one call under
the caller's own token; with contacts away the write is taken and marked unverified, and the feed
settles it (see settling.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_pipeline.clients import ask_for
from guanxi_shared.calls import Call
from guanxi_shared.errors import Late, Unavailable, UnknownReference, Upstream

KNOWN = """
WITH RECURSIVE chain AS (
  SELECT k.id AS asked, k.id, k.merged_into_id, 0 AS depth FROM {table} k
   WHERE k.organisation_id = $2 AND k.id = ANY($3::uuid[])
  UNION ALL SELECT c.asked, k.id, k.merged_into_id, c.depth + 1 FROM chain c
   JOIN {table} k ON k.organisation_id = $2 AND k.id = c.merged_into_id WHERE c.depth < 20)
SELECT c.asked, k.id, k.name, k.owner_id, k.team_id, k.deleted_at IS NOT NULL AS is_gone
FROM chain c JOIN {table} k ON k.organisation_id = $2 AND k.id = c.id WHERE c.merged_into_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A record of contacts as it is meant now: merged ones are their survivors. `name` is unknown of
    one that was taken on trust."""

    id: UUID
    name: str | None
    is_verified: bool


async def find_references(
    call: Call, resource: str, ids: Collection[UUID], *, field: str
) -> dict[UUID, Reference]:
    """The references by the ids that were asked for; UnknownReference for one that is not there for
    this caller. `resource` is `accounts` or `contacts`."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    sql = KNOWN.format(table=f"known_{resource}")
    rows = await call.db.lookup(call.organisation, sql, call.organisation, wanted)
    found = {row["asked"]: row for row in rows}
    scope = await call.scope(resource)
    for asked, row in found.items():
        is_seen = scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
        if row["is_gone"] or not is_seen:
            raise _unknown(resource, asked, field)
    known = {asked: Reference(row["id"], row["name"], True) for asked, row in found.items()}
    missing = [id for id in wanted if id not in known]
    return known | await _asked(call, resource, missing, field=field)


async def known_or_trusted(
    call: Call, resource: str, ids: Collection[UUID]
) -> dict[UUID, Reference]:
    """As far as the copy knows them, whoever may see them; the others on trust, until the feed tells of
    them. For ids that this service chose itself or has looked at before."""
    if not ids:
        return {}
    sql = KNOWN.format(table=f"known_{resource}")
    rows = await call.db.lookup(call.organisation, sql, call.organisation, list(ids))
    known = {row["asked"]: Reference(row["id"], row["name"], True) for row in rows}
    return {id: known.get(id, Reference(id, None, False)) for id in ids}


async def _asked(
    call: Call, resource: str, ids: Sequence[UUID], *, field: str
) -> dict[UUID, Reference]:
    if not ids:
        return {}
    try:
        rows = await ask_for(call, resource, ids)
    except (Unavailable, Late, Upstream):
        rows = None
    if rows is None:
        return {id: Reference(id, None, False) for id in ids}
    shown: Mapping[UUID, Mapping[str, Any]] = {UUID(row["id"]): row for row in rows}
    for id in ids:
        if id not in shown:
            raise _unknown(resource, id, field)
    return {id: Reference(id, shown[id]["name"], True) for id in ids}


def _unknown(resource: str, id: UUID, field: str) -> UnknownReference:
    noun = resource.removesuffix("s")
    return UnknownReference(
        f"There is no {noun} {str(id)!r}.", errors={field: f"There is no such {noun}."}
    )
