"""Reading merges: those whose survivor the caller sees."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Malformed, NotFound
from guanxi_shared.pages import DEFAULT_LIMIT, MAX_LIMIT, query_pairs
from guanxi_shared.visibility import Scope

COLUMNS = """
m.id, m.resource, m.survivor_id, m.source_ids, m.fields::text, m.status, m.moved::text, m.kept::text, m.version,
m.created_by, m.created_at, m.undone_by, m.undone_at
"""
# Whether a row may be shown is whether its survivor may be, deleted or not.
SEEN = """
EXISTS (SELECT 1 FROM {table} AS s WHERE s.organisation_id = m.organisation_id AND s.id = m.survivor_id
  AND (${n}::bool OR s.owner_id = ANY(${o}::uuid[]) OR s.team_id = ANY(${t}::uuid[]) OR s.id = ANY(${h}::uuid[])))
"""
VISIBLE = (
    f"((m.resource = 'accounts' AND {SEEN.format(table='accounts', n=3, o=4, t=5, h=6)})"
    f" OR (m.resource = 'contacts' AND {SEEN.format(table='contacts', n=7, o=8, t=9, h=10)}))"
)
LISTED = f"""
SELECT {COLUMNS} FROM merges AS m WHERE m.organisation_id = $2 AND {VISIBLE}
  AND ($11::uuid IS NULL OR m.id < $11) AND ($12::text IS NULL OR m.resource = $12)
  AND ($13::text IS NULL OR m.status = $13) AND ($14::uuid IS NULL OR m.survivor_id = $14)
  AND ($15::uuid IS NULL OR $15 = ANY(m.source_ids)) AND ($16::uuid IS NULL OR m.id = $16)
ORDER BY m.id DESC LIMIT $17
"""
WORDS: Mapping[str, Sequence[str]] = {
    "resource": ("accounts", "contacts"),
    "status": ("done", "undone"),
}
IDS = ("survivor_id", "source_id")
HELD = f"""
SELECT {COLUMNS}, m.before::text, m.after::text FROM merges AS m
WHERE m.organisation_id = $1 AND m.id = $2 FOR NO KEY UPDATE
"""

READ = f"SELECT {COLUMNS} FROM merges AS m WHERE m.organisation_id = $1 AND m.id = $2"


async def list_merges(call: Call) -> dict[str, Any]:
    """A page of merges, the newest first."""
    asked = dict(query_pairs(call.request.scope["query_string"]))
    unknown = sorted(asked.keys() - {"limit", "cursor", *WORDS, *IDS})
    if unknown:
        raise Malformed(
            f"Merges cannot be asked for by {unknown[0]!r}.",
            errors={unknown[0]: "Unknown parameter."},
            code="unknown_parameter",
        )
    limit = _limit(asked.get("limit"))
    words = [_word(asked, name) for name in WORDS]
    ids = [_id(asked, name) for name in IDS]
    rows = await _select(call, _id(asked, "cursor"), *words, *ids, None, limit + 1)
    has_more, rows = len(rows) > limit, rows[:limit]
    following = rows[-1]["id"] if has_more else None
    page = {"next_cursor": following, "has_more": has_more, "total": None}
    return {"data": [shown(dict(row)) for row in rows], "page": page}


async def find_merge(call: Call, merge_id: UUID) -> dict[str, Any]:
    rows = await _select(call, None, None, None, None, None, merge_id, 1)
    if not rows:
        raise no_merge(merge_id)
    return shown(dict(rows[0]))


async def read_merge(call: Call, connection: Connection, merge_id: UUID) -> dict[str, Any]:
    """One that the transaction under way has made or changed."""
    row = await connection.fetchrow(READ, call.organisation, merge_id)
    if row is None:
        raise no_merge(merge_id)
    return shown(dict(row))


async def hold_merge(call: Call, connection: Connection, merge_id: UUID) -> dict[str, Any]:
    """The merge with what undoes it, under its lock. Whoever asks must see the survivor."""
    row = await connection.fetchrow(HELD, call.organisation, merge_id)
    if row is None:
        raise no_merge(merge_id)
    found = shown(dict(row))
    return found | {name: orjson.loads(row[name]) for name in ("before", "after")}


def no_merge(merge_id: UUID) -> NotFound:
    return NotFound(f"There is no merge with the id {str(merge_id)!r}.")


async def _select(call: Call, *asked: Any) -> list[asyncpg.Record]:
    scopes = [
        await call.scope(resource.name) if call.by.may(resource.permission("read")) else Scope()
        for resource in (ACCOUNTS, CONTACTS)
    ]
    values = [value for scope in scopes for value in _scope_values(scope)]
    return await call.db.fetch(call.organisation, LISTED, call.organisation, *values, *asked)


def _scope_values(scope: Scope) -> list[Any]:
    return [scope.everything, list(scope.owners), list(scope.teams), list(scope.shared)]


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A merge as the API shows it."""
    found = {name: value for name, value in row.items() if name not in ("before", "after")}
    for name in ("fields", "moved", "kept"):
        found[name] = orjson.loads(found[name])
    return found


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if (
        not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)))
        or not 1 <= int(text) <= MAX_LIMIT
    ):
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    return int(text)


def _word(asked: Mapping[str, str], name: str) -> str | None:
    word = asked.get(name)
    if word is not None and word not in WORDS[name]:
        known = ", ".join(WORDS[name])
        raise Malformed(f"{name} must be one of: {known}.", errors={name: f"Send one of: {known}."})
    return word


def _id(asked: Mapping[str, str], name: str) -> UUID | None:
    text = asked.get(name)
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed(f"{name} must be an id.", errors={name: "Send a UUID."}) from error
