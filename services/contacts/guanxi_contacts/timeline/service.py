"""The use case of timelines: everything about one record in one statement, newest first."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from guanxi_contacts.timeline.branches import BRANCHES, Asking
from guanxi_contacts.timeline.heard_rules import RESOURCES
from guanxi_contacts.timeline.rules import Asked, cursor_of
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import NotFound
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope

EXTERNAL: Final = tuple(sorted(set(RESOURCES.values())))
# A record without entries gives one row of nothing, one that is not there (for the caller) none.
TIMELINE = """
SELECT page.*, seen.id AS record_id
FROM (SELECT r.id FROM {table} AS r
      WHERE r.organisation_id = $2 AND r.id = $3 AND r.deleted_at IS NULL AND {is_seen}) AS seen
LEFT JOIN LATERAL (
  SELECT e.id, e.kind, e.type, e.at, e.title, e.summary, e.subject_type, e.subject_id, e.actor_id,
         u.name AS actor_name, e.data::text AS data
  FROM (SELECT * FROM ({branches})
    AS every (id, kind, type, at, title, summary, subject_type, subject_id, actor_id, data)
    ORDER BY at DESC, id DESC LIMIT {limit}) AS e
  LEFT JOIN directory_users AS u ON u.organisation_id = $2 AND u.id = e.actor_id
) AS page ON true
ORDER BY page.at DESC, page.id DESC
"""


async def read_timeline(
    call: Call, resource: Resource, record_id: UUID, asked: Asked
) -> dict[str, Any]:
    """A page of the timeline; kinds that the caller may not read are left out of it."""
    asking = Asking(resource, asked, await _scopes(call, asked))
    asking.values += [call.organisation, record_id]
    sql = bound(statement(asking, await call.scope(resource.name), _shown(call, asking)))
    rows = await call.db.pool.fetch(sql, str(call.organisation), *asking.values)
    if not rows:
        raise NotFound(f"There is no {resource.noun} with the id {str(record_id)!r}.")
    found = [row for row in rows if row["id"] is not None]
    has_more, found = len(found) > asked.limit, found[: asked.limit]
    following = cursor_of(found[-1]["at"], found[-1]["id"]) if has_more else None
    page = {"next_cursor": following, "has_more": has_more, "total": None}
    return {"data": [entry_of(row) for row in found], "page": page}


async def _scopes(call: Call, asked: Asked) -> dict[str, Scope]:
    """What the caller sees of everything that has owners of its own."""
    names = ["activities"] if "activity" in asked.kinds else []
    names += EXTERNAL if "external" in asked.kinds else ()
    return {name: await call.scope(name) for name in names if call.by.may(f"{name}:read")}


def _shown(call: Call, asking: Asking) -> list[str]:
    hidden = set()
    if "activities" not in asking.scopes:
        hidden.add("activity")
    if not call.by.may("files:read"):
        hidden.add("file")
    if not call.by.may("contacts:read"):
        hidden.add("consent")
    if asking.scopes.keys() <= {"activities"}:
        hidden.add("external")
    return [kind for kind in asking.asked.kinds if kind not in hidden]


def statement(asking: Asking, scope: Scope, kinds: list[str]) -> str:
    """With no kind left the record is looked for all the same."""
    parts = [f"({BRANCHES[kind](asking)})" for kind in kinds] or [NOTHING]
    return TIMELINE.format(
        table=asking.resource.table.name,
        is_seen=asking.covered("r", scope),
        branches="\nUNION ALL\n".join(parts),
        limit=asking.bind(asking.asked.limit + 1, "bigint", name="limit"),
    )


NOTHING = """
SELECT NULL::uuid, NULL::text, NULL::text, NULL::timestamptz, NULL::text, NULL::text, NULL::text,
  NULL::uuid, NULL::uuid, NULL::jsonb WHERE false
"""


def entry_of(row: asyncpg.Record) -> Mapping[str, Any]:
    """One entry as the API shows it."""
    shown = {name: row[name] for name in ("id", "kind", "type", "at", "title", "summary")}
    actor = {"id": row["actor_id"], "name": row["actor_name"]} if row["actor_id"] else None
    return {
        **shown,
        "subject": {"type": row["subject_type"], "id": row["subject_id"]},
        "actor": actor,
        "data": orjson.Fragment(row["data"]),
    }
