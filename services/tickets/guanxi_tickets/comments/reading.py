"""What is said about a ticket, the oldest first: replies, and notes for those who may read them."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.responses import Response

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed, NotFound
from guanxi_shared.pages import MAX_LIMIT, query_pairs
from guanxi_shared.resources import Resource
from guanxi_tickets.comments.resources import BY_VISIBILITY, NOTES
from guanxi_tickets.tickets.resources import TICKETS

SHOWN: Final = (
    "id::text, ticket_id::text, visibility, written_on_id::text, body, author_kind, author_id::text, mention_ids::text[], "
    "file_ids::text[], version, created_at, updated_at"
)
ONE = """
SELECT {shown} FROM {table}
WHERE organisation_id = $2 AND ticket_id = $3 AND id = $4 AND deleted_at IS NULL
"""
PART = """
(SELECT {shown} FROM {table} WHERE organisation_id = $2 AND ticket_id = $3 AND deleted_at IS NULL
  AND (created_at, id) > ($4, $5) ORDER BY created_at, {table}.id LIMIT $6)
"""
BEGINNING: Final = (datetime.fromisoformat("0001-01-02T00:00:00Z"), UUID(int=0))
PARAMETERS: Final = ("limit", "cursor", "visibility")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept on tickets in two tables of one shape: for whoever sees the ticket, and internal."""

    noun: str
    shown: str
    by_visibility: Mapping[str, Resource]


SAID: Final = Kept("comment", SHOWN, BY_VISIBILITY)


async def list_kept(call: Call, kept: Kept, ticket_id: UUID) -> Response:
    """A page. Who may not read notes is shown nothing internal, and not told that there is something."""
    sent = _sent(call)
    limit, after = _limit(sent), _after(sent.get("cursor"))
    await reads.find_record(call, TICKETS, ticket_id)
    tables = [kept.by_visibility[each].table.name for each in _wanted(call, sent)]
    rows: list[Any] = []
    if tables:
        parts = [PART.format(table=table, shown=kept.shown) for table in tables]
        sql = (
            f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS said ORDER BY created_at, id LIMIT $6"
        )
        asked = (call.organisation, ticket_id, *after, limit + 1)
        rows = await call.db.fetch(call.organisation, sql, *asked)
    following = _cursor(rows[limit - 1]) if len(rows) > limit else None
    return reads.answer_page(call, [dict(row) for row in rows[:limit]], following, None)


def may_read_notes(call: Call) -> bool:
    return call.by.may(NOTES.permission("read"))


def _wanted(call: Call, sent: dict[str, str]) -> list[str]:
    wanted = [sent["visibility"]] if "visibility" in sent else list(BY_VISIBILITY)
    if any(each not in BY_VISIBILITY for each in wanted):
        raise Malformed(
            "visibility is public or internal.", errors={"visibility": "Send public or internal."}
        )
    return [each for each in wanted if each == "public" or may_read_notes(call)]


async def find_kept(call: Call, kept: Kept, ticket_id: UUID, id: UUID) -> dict[str, Any]:
    """As the API shows it; NotFound for what is not there for the caller."""
    await reads.find_record(call, TICKETS, ticket_id)
    for visibility, resource in kept.by_visibility.items():
        if visibility == "internal" and not may_read_notes(call):
            continue
        sql = ONE.format(table=resource.table.name, shown=kept.shown)
        row = await call.db.fetchrow(call.organisation, sql, call.organisation, ticket_id, id)
        if row is not None:
            return dict(row)
    raise NotFound(f"There is no {kept.noun} with the id {str(id)!r}.")


def _sent(call: Call) -> dict[str, str]:
    sent: dict[str, str] = {}
    for name, value in query_pairs(call.request.scope["query_string"]):
        if name not in PARAMETERS or name in sent:
            raise Malformed(
                f"A list of a ticket does not take {name[:60]!r} like this.",
                errors={name: f"There are, once each: {', '.join(PARAMETERS)}."},
                code="unknown_parameter",
            )
        sent[name] = value
    return sent


def _limit(sent: dict[str, str]) -> int:
    text = sent.get("limit", "50")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        sentence = f"limit must be from 1 to {MAX_LIMIT}."
        raise Malformed(sentence, errors={"limit": sentence})
    return int(text)


def _after(cursor: str | None) -> tuple[datetime, UUID]:
    if cursor is None:
        return BEGINNING
    try:
        moment, id = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        found = datetime.fromisoformat(moment)
        if found.tzinfo is None:
            raise ValueError("no time zone")
        return found, UUID(id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise Malformed(
            "This cursor is none of ours.", errors={"cursor": "Send the next_cursor of a page."}
        ) from error


def _cursor(row: Any) -> str:
    parts = [row["created_at"].isoformat(), row["id"]]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()
