"""Tickets as phones hold them, and what is said on them: replies, and notes for whoever may read those."""

from typing import Any, Final

from guanxi_shared.sync.cells import Cell, identifier, line, moment, one_of, prose
from guanxi_shared.sync.tables import SyncTable, Writes
from guanxi_tickets.comments.resources import NOTES
from guanxi_tickets.models.tickets import PRIORITIES
from guanxi_tickets.sync import writing
from guanxi_tickets.tickets.resources import TICKETS

COMMENT: Final = (
    "organisation_id, id, ticket_id, body, visibility, author_id, created_at, deleted_at"
)
# Whose a comment is goes by its ticket, and with that it is gone.
SAID: Final = f"""
(SELECT c.organisation_id, c.id, c.ticket_id, c.body, c.visibility, c.created_at,
  coalesce(c.deleted_at, t.deleted_at) AS deleted_at, t.owner_id, t.team_id
 FROM (SELECT {COMMENT} FROM ticket_comments UNION ALL SELECT {COMMENT} FROM ticket_notes) AS c
 JOIN tickets AS t ON t.organisation_id = c.organisation_id AND t.id = c.ticket_id)
"""


def audience(value: Any) -> str:
    """Words that nobody knows must not reach the customer."""
    return "public" if value == "public" else "internal"


SYNC_TICKETS: Final = SyncTable(
    name="tickets",
    resource=TICKETS,
    nouns=("ticket",),
    cells={
        "number": Cell("t.number"),
        "subject": Cell("t.subject", line(300)),
        "status": Cell("t.status", line(40)),
        "priority": Cell("t.priority", one_of(PRIORITIES)),
        "account_id": Cell("t.account_id::text", identifier),
        "contact_id": Cell("t.requester_id::text", identifier),
        "updated_at": Cell(moment("t.updated_at")),
    },
    writes=Writes(
        create=writing.create_ticket,
        update=writing.update_ticket,
        delete=writing.delete_ticket,
        may_create="tickets:create",
        may_update="tickets:update",
        may_delete="tickets:delete",
    ),
)
SYNC_COMMENTS: Final = SyncTable(
    name="ticket_comments",
    resource=TICKETS,
    nouns=("comment", "note"),
    source=SAID,
    parent="ticket_id",
    parent_noun="ticket",
    parent_changes=("assignee_id", "team_id"),
    inner="(t.visibility = 'internal')",
    inner_permission=NOTES.permission("read"),
    cells={
        "ticket_id": Cell("t.ticket_id::text", identifier),
        "body": Cell("t.body", prose(50_000)),
        "visibility": Cell("t.visibility", audience),
        "created_at": Cell(moment("t.created_at")),
    },
    writes=Writes(
        create=writing.create_comment,
        update=writing.update_comment,
        delete=writing.delete_comment,
        may_create="tickets:create",
        may_update="tickets:update",
        may_delete="tickets:delete",
    ),
)
