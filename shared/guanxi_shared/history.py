"""History and as-of: the log of one record, read by whoever may see the record."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Uuid, bindparam, select
from starlette.responses import Response

from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import Malformed, NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import MAX_LIMIT, query_pairs
from guanxi_shared.resources import INSTANT, Resource
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import predicate

SHAPES = Shapes()

HISTORY = """
SELECT id::text, type, version, actor_id::text, actor_kind, channel, changed, before::text, after::text,
       occurred_at, request_id
FROM events WHERE organisation_id = $2 AND subject_id = $3 AND subject_type = $4 AND version < $5
ORDER BY version DESC, id DESC LIMIT $6
"""
AS_OF = """
SELECT after::text, version, type FROM events
WHERE organisation_id = $2 AND subject_id = $3 AND subject_type = $4 AND occurred_at <= $5
ORDER BY version DESC, id DESC LIMIT 1
"""


async def get_history(call: Call, resource: Resource, id_text: str) -> Response:
    """Every change of one record, newest first: who, when, through what, from what to what."""
    record_id = id_in_path(id_text)
    await _demand_visible(call, resource, record_id)
    limit, below = _paging(call)
    asked = (call.organisation, record_id, resource.noun, below, limit + 1)
    rows = await call.db.fetch(call.organisation, HISTORY, *asked)
    has_more = len(rows) > limit
    entries = [_entry(dict(row)) for row in rows[:limit]]
    following = str(rows[limit - 1]["version"]) if has_more else None
    page = {"next_cursor": following, "has_more": has_more, "total": None}
    body = orjson.dumps({"data": entries, "page": page}, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/json")


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("before", "after"):
        row[name] = orjson.Fragment(row[name]) if row[name] is not None else None
    return row


def _paging(call: Call) -> tuple[int, int]:
    options = dict(query_pairs(call.request.scope["query_string"]))
    unknown = set(options) - {"limit", "cursor"}
    if unknown:
        name = sorted(unknown)[0]
        raise Malformed(f"History does not take {name!r}.", errors={name: "Unknown parameter."})
    try:
        limit, below = int(options.get("limit", 50)), int(options.get("cursor", 2**62))
    except ValueError as error:
        raise Malformed(
            "limit and cursor must be numbers.", errors={"cursor": "Use next_cursor."}
        ) from error
    if not 1 <= limit <= MAX_LIMIT or not 0 <= below < 2**63:
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    return limit, below


def as_of_instant(call: Call) -> datetime | None:
    """The moment that `?as_of=` names, None without it; any other parameter is 400."""
    pairs = dict(query_pairs(call.request.scope["query_string"]))
    unknown = set(pairs) - {"as_of"}
    if unknown:
        name = sorted(unknown)[0]
        raise Malformed(
            f"A single record does not take {name!r}.",
            errors={name: "Unknown parameter."},
            code="unknown_parameter",
        )
    if "as_of" not in pairs:
        return None
    return moment_of(call, "as_of", pairs["as_of"])


def moment_of(call: Call, name: str, text: str) -> datetime:
    """A moment that a parameter names; 400 says what to send."""
    try:
        found: datetime = filters.PARSERS[INSTANT](text, call.clock)
    except (ValueError, OverflowError) as error:
        raise Malformed(
            f"{name} must be a time.", errors={name: f"Send {filters.WANTED[INSTANT]}."}
        ) from error
    return found


async def get_as_of(call: Call, resource: Resource, id_text: str, moment: datetime) -> Response:
    """The record as it was at a moment; NotFound when it was not there (yet, or any more)."""
    record_id = id_in_path(id_text)
    await _demand_visible(call, resource, record_id)
    asked = (call.organisation, record_id, resource.noun, moment)
    row = await call.db.fetchrow(call.organisation, AS_OF, *asked)
    if row is None or row["type"].endswith((".deleted", ".erased")):
        raise NotFound(f"There was no {resource.noun} with this id at that time.")
    etag = f'"{row["version"]}"'
    return Response(row["after"], media_type="application/json", headers={"etag": etag})


async def _demand_visible(call: Call, resource: Resource, record_id: UUID) -> None:
    """A deleted record keeps its history, for those who would see it if it were there."""
    scope = await call.scope_of(resource)
    table = resource.table
    compiled = SHAPES.get(
        (resource.name, scope.shape),
        lambda: select(table.c.id).where(
            table.c.organisation_id == bindparam("organisation", type_=Uuid),
            table.c.id == bindparam("record", type_=Uuid),
            predicate(table, scope),
        ),
    )
    values = {"organisation": call.organisation, "record": record_id, **scope.params()}
    found = await call.db.pool.fetchval(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    if found is None:
        raise NotFound(f"There is no {resource.noun} with the id {str(record_id)!r}.")
