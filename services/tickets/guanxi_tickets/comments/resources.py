"""Replies and notes as resources: for the log and the feed, each with the permission that it takes."""

from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.comments.schemas import CommentRead

METADATA = models.Ticket.metadata
HIDDEN: Final = ("joined_at", "owner_id", "team_id")  # the last two those of the ticket

COMMENTS: Resource = Resource(
    name="ticket-comments",
    noun="comment",
    service="tickets",
    table=METADATA.tables["ticket_comments"],
    fields=fields_of(METADATA.tables["ticket_comments"], hidden=HIDDEN),
    model=CommentRead,
    permitted_as="tickets",
    seen_as="tickets",
)
NOTES: Resource = Resource(
    name="ticket-notes",
    noun="note",
    service="tickets",
    table=METADATA.tables["ticket_notes"],
    fields=fields_of(METADATA.tables["ticket_notes"], hidden=HIDDEN),
    model=CommentRead,
    seen_as="tickets",
)
BY_VISIBILITY: Final = {"public": COMMENTS, "internal": NOTES}
