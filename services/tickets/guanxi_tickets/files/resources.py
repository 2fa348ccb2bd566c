"""Files of tickets as resources: for the log and the feed, each with the permission that it takes."""

from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.comments.resources import HIDDEN
from guanxi_tickets.files.schemas import TicketFileRead

METADATA = models.Ticket.metadata
INNER: Final = (*HIDDEN, "blob_id", "storage", "erased_at")

FILES: Resource = Resource(
    name="ticket-files",
    noun="file",
    service="tickets",
    table=METADATA.tables["ticket_files"],
    fields=fields_of(METADATA.tables["ticket_files"], hidden=INNER),
    model=TicketFileRead,
    permitted_as="tickets",
    seen_as="tickets",
)
NOTE_FILES: Resource = Resource(
    name="ticket-note-files",
    noun="note_file",
    service="tickets",
    table=METADATA.tables["ticket_note_files"],
    fields=fields_of(METADATA.tables["ticket_note_files"], hidden=INNER),
    model=TicketFileRead,
    permitted_as="ticket-notes",
    seen_as="tickets",
)
FILES_BY_VISIBILITY: Final = {"public": FILES, "internal": NOTE_FILES}
