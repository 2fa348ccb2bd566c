"""What a customer is shown: of their tickets, what is for them, and nothing of who works on them or how."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared.errors import NotFound
from guanxi_tickets.portal.move_rules import may
from guanxi_tickets.portal.visiting import Visit
from guanxi_tickets.promises.service import list_promises
from guanxi_tickets.survey_sending.links import OPEN, link_of
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.ticket_settings.rules import ENDING, Ways

MOST_TICKETS: Final = 50
MOST_SAID: Final = 500
SHOWN: Final = (
    "t.id, t.number, t.subject, t.kind, t.status, t.status_kind, t.sla_due_at AS due_at, t.created_at, t.updated_at,"
    " t.solved_at, t.closed_at"
)
# First what is theirs, by the indexes of requesters and addresses: few of many.
LIST = f"""
WITH own AS MATERIALIZED (SELECT t.id FROM tickets t WHERE {{own}})
SELECT {SHOWN} FROM own JOIN tickets t ON t.organisation_id = $2 AND t.id = own.id
WHERE t.id < {{first}} ORDER BY t.id DESC LIMIT {{second}}
"""
ONE = f"SELECT {SHOWN}, t.description FROM tickets t WHERE {{own}} AND t.id = {{first}}"
OF_PROMISE: Final = ("body", "due_at", "state", "created_at")
# What a merge brought from elsewhere is not shown by a link to this ticket alone: somebody else may have
# written it.
COMMENTS = """
SELECT id, body, author_kind, file_ids, created_at, updated_at FROM ticket_comments
WHERE organisation_id = $2 AND ticket_id = $3 AND deleted_at IS NULL AND ($4 OR written_on_id IS NULL)
ORDER BY created_at DESC, id DESC LIMIT $5
"""
# Of an agent's files those that were sent with a reply.
FILES = """
SELECT id, name, content_type, size, sha256, author_kind, comment_id, created_at FROM ticket_files
WHERE organisation_id = $2 AND ticket_id = $3 AND deleted_at IS NULL AND ($4 OR written_on_id IS NULL)
  AND (author_kind = 'requester' OR comment_id IS NOT NULL)
ORDER BY created_at DESC, id DESC LIMIT $5
"""
FILE = f"SELECT * FROM ({FILES.replace('LIMIT $5', '')}) AS f WHERE f.id = $5"
# What they are asked about this ticket and have not answered.
ASKED = """
SELECT id, expires_at FROM survey_invitations
WHERE organisation_id = $2 AND ticket_id = $3 AND status = ANY($4::text[]) AND expires_at > now()
  AND contact_id IN (SELECT requester_id FROM tickets WHERE organisation_id = $2 AND id = $3)
ORDER BY id DESC LIMIT 1
"""
# Of a complaint, what is still to be done before it is over.
OPEN_STEPS = """
SELECT open_steps FROM complaint_rounds WHERE organisation_id = $2 AND ticket_id = $3 ORDER BY number DESC LIMIT 1
"""
LAST: Final = UUID(int=2**128 - 1)


async def list_tickets(visit: Visit, before: UUID | None) -> dict[str, Any]:
    """The newest first, fifty at a time; `next` asks for those before."""
    ways = await known_ways(visit.call)
    asked = (*visit.asked, before or LAST, MOST_TICKETS + 1)
    rows = await visit.house.db.fetch(visit.organisation, visit.sql(LIST), *asked)
    shown = [_shown(ways, dict(row)) for row in rows[:MOST_TICKETS]]
    return {"data": shown, "next": shown[-1]["id"] if len(rows) > MOST_TICKETS else None}


async def read_ticket(visit: Visit, ticket_id: UUID) -> dict[str, Any]:
    """One of theirs, with what was promised and what they may do."""
    row = await visit.house.db.fetchrow(visit.organisation, visit.sql(ONE), *visit.asked, ticket_id)
    if row is None:
        raise NotFound(f"There is no ticket with the id {str(ticket_id)!r}.")
    ways = await known_ways(visit.call)
    promises = await list_promises(visit.call, ticket_id)
    return {
        **_shown(ways, dict(row)), "description": row["description"],
        "may": await _may(visit, ways, dict(row)),
        "promises": [{name: each[name] for name in OF_PROMISE} for each in promises],
        "survey": await _survey(visit, ticket_id),
    }  # fmt: skip


async def _may(visit: Visit, ways: Ways, row: Mapping[str, Any]) -> dict[str, bool]:
    """What they may do now; a complaint that is still worked on is not closed."""
    found = may(ways, row)
    if found["close"] and row["kind"] == "complaint" and row["status_kind"] not in ENDING:
        asked = (visit.organisation, row["id"])
        left = await visit.house.db.fetchrow(visit.organisation, OPEN_STEPS, *asked)
        found["close"] = not (left and left["open_steps"] and ways.complaints_need_loop == "yes")
    return found


async def _survey(visit: Visit, ticket_id: UUID) -> dict[str, Any] | None:
    if not visit.may_be_asked:
        return None
    asked = (visit.organisation, ticket_id, list(OPEN))
    survey = await visit.house.db.fetchrow(visit.organisation, ASKED, *asked)
    return None if survey is None else link_of(visit.call, survey["id"], survey["expires_at"])


def _shown(ways: Ways, row: Mapping[str, Any]) -> dict[str, Any]:
    """The state by the name that people know it by."""
    state = ways.states.get(row["status"])
    found = {name: value for name, value in row.items() if name != "description"}
    return found | {"id": str(row["id"]), "status": state.name if state else row["status"]}


async def list_said(visit: Visit, ticket_id: UUID) -> list[dict[str, Any]]:
    return await _rows(visit, COMMENTS, ticket_id)


async def list_files(visit: Visit, ticket_id: UUID) -> list[dict[str, Any]]:
    return await _rows(visit, FILES, ticket_id)


async def _rows(visit: Visit, sql: str, ticket_id: UUID) -> list[dict[str, Any]]:
    """The latest five hundred, the oldest of them first."""
    asked = (visit.organisation, ticket_id, visit.is_wide, MOST_SAID)
    rows = await visit.house.db.fetch(visit.organisation, sql, *asked)
    return [dict(row) for row in reversed(rows)]


async def find_file(visit: Visit, ticket_id: UUID, file_id: UUID) -> dict[str, Any]:
    asked = (visit.organisation, ticket_id, visit.is_wide, file_id)
    row = await visit.house.db.fetchrow(visit.organisation, FILE, *asked)
    if row is None:
        raise NotFound(f"There is no file with the id {str(file_id)!r}.")
    return dict(row)
