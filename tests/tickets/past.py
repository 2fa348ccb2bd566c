"""Tickets that were made long ago, as their log has it: the owner of the schema sets its times back."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from tests.factories import Organisation

SetBack = Callable[..., Awaitable[None]]
WRITTEN = """to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
EVENTS = f"""
UPDATE events SET occurred_at = occurred_at - $3::interval, after = CASE WHEN subject_type = 'ticket' THEN
  after || jsonb_build_object('created_at', {WRITTEN.format(at="((after->>'created_at')::timestamptz - $3::interval)")})
  ELSE after END
WHERE organisation_id = $1 AND subject_id = $2
"""
REPLIES = "UPDATE ticket_comments SET created_at = created_at - $3::interval WHERE organisation_id = $1 AND ticket_id = $2"
PROMISES = """
UPDATE ticket_promises SET created_at = created_at - $3::interval, due_at = due_at - $3::interval,
  ended_at = ended_at - $3::interval WHERE organisation_id = $1 AND ticket_id = $2
"""
TICKET = """
UPDATE tickets SET created_at = created_at - $3::interval, sla_next_at = sla_next_at - $3::interval, sla_due_at = sla_due_at - $3::interval
WHERE organisation_id = $1 AND id = $2
"""
SLA = "SELECT sla::text FROM tickets WHERE organisation_id = $1 AND id = $2"
SET_SLA = f"""
UPDATE tickets SET sla = $3::text::jsonb,
  as_shown = (as_shown::jsonb || jsonb_build_object('sla', $3::text::jsonb, 'created_at', {WRITTEN.format(at="created_at")}))::text
WHERE organisation_id = $1 AND id = $2
"""


def _earlier(kept: Any, by: timedelta) -> Any:
    """Every instant in what is kept of the clocks."""
    if isinstance(kept, dict):
        return {name: _earlier(value, by) for name, value in kept.items()}
    if isinstance(kept, list):
        return [_earlier(value, by) for value in kept]
    if isinstance(kept, str) and kept.endswith("Z"):
        return (datetime.fromisoformat(kept) - by).isoformat().replace("+00:00", "Z")
    return kept


@asynccontextmanager
async def owning(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    owner = await asyncpg.connect(admin_url)
    try:
        await owner.execute("SET search_path = tickets")
        await owner.execute("SET session_replication_role = replica")
        yield owner
    finally:
        await owner.close()


async def set_tickets_back(
    admin_url: str, organisation_id: UUID | str, ticket_ids: Iterable[str], by: timedelta
) -> None:
    """All that happened to them, happened that much earlier."""
    async with owning(admin_url) as owner, owner.transaction():
        for ticket_id in ticket_ids:
            asked = (UUID(str(organisation_id)), UUID(ticket_id))
            for sql in (EVENTS, REPLIES, PROMISES, TICKET):
                await owner.execute(sql, *asked, by)
            kept = orjson.loads(await owner.fetchval(SLA, *asked) or "null")
            await owner.execute(SET_SLA, *asked, orjson.dumps(_earlier(kept, by)).decode())


def setting_back(database: Any, company: Organisation) -> SetBack:
    """`await set_back(ticket, hours=3)`"""

    async def set_back(ticket: dict[str, Any], **by: float) -> None:
        ids = [ticket["id"]]
        await set_tickets_back(database.admin_url, company.id, ids, timedelta(**by))

    return set_back
