"""Every table of this schema that may hold something of a person: where, and how it is erased. A test
walks the schema and fails for a table or a column that is neither in this list nor in that of nobodys.py.
The steps run in this order, inside one transaction: tickets come first, as everybody else takes them first."""

from typing import Final

from guanxi_shared.erasing.house_places import OF_THE_HOUSE
from guanxi_shared.erasing.places import ALL, Place
from guanxi_tickets.privacy import erasing_rows as rows
from guanxi_tickets.privacy import erasing_words as words
from guanxi_tickets.privacy.erasing_files import erase_files, erase_uploads

PLACES: Final = (
    Place(
        "tickets",
        (
            "subject", "description", "external_id", "tags", "custom", "from_name", "from_email",
            "from_phone", "consent", "as_shown",
        ),
        "everything that was written goes; what was done with it, when and by whom stays",
        words.erase_tickets,
        plain=(
            "number", "kind", "impact", "urgency", "priority", "priority_source", "status",
            "status_kind", "channel", "sla", "sla_breached", "merged_numbers", "requester_id",
            "account_id",
        ),
    ),
    Place("tickets_search", ALL, "the words follow the texts"),
    Place(
        "ticket_comments", ("body",), "what was said goes", words.erase_comments,
        plain=("visibility", "author_kind", "author_id"),
    ),
    Place("ticket_notes", ("body",), "what was said goes", None, plain=("visibility", "author_kind", "author_id")),
    Place("ticket_promises", ("body", "reason"), "what was said goes", words.erase_promises, plain=("outcome", "account_id", "requester_id")),
    Place("ticket_drafts", ("body",), "the rows are deleted", rows.erase_drafts, plain=("visibility",)),
    Place(
        "ticket_files", ("name", "content_type", "declared_type", "sha256"),
        "tombstones; a job deletes the bytes", erase_files,
        plain=("visibility", "storage", "author_kind", "author_id"),
    ),
    Place(
        "ticket_note_files", ("name", "content_type", "declared_type", "sha256"),
        "tombstones; a job deletes the bytes", None,
        plain=("visibility", "storage", "author_kind", "author_id"),
    ),
    Place(
        "uploads", ("name", "declared_type", "sha256", "links"), "the rows and what is here of the bytes are deleted",
        erase_uploads,
    ),
    Place("ticket_merges", ("before", "after"), "tags are taken out", rows.erase_merges, plain=("moved", "status", "kept")),
    Place(
        "complaint_rounds", ("steps", "lesson"),
        "what was said at a step goes, a lesson that names them too", words.erase_rounds,
        plain=("open_steps", "done_steps", "skipped_steps", "left_open"),
    ),
    Place(
        "coordination_tasks", ("title", "body", "reason", "result"), "what was said goes",
        words.erase_tasks, plain=("ticket_number", "status"),
    ),
    Place(
        "corrective_actions", ("body", "effect_note"), "texts that name them are blanked",
        words.erase_actions, plain=("due_on", "status", "effect"),
    ),
    Place("survey_answers", ("answers",), "what they wrote goes; scores and choices stay", words.erase_answers, plain=("kind", "language", "contact_id", "account_id")),
    Place(
        "survey_invitations", ("partial",), "nobody is asked any more, and what was begun goes",
        words.erase_invitations, plain=("occasion", "status", "reason", "language", "contact_id"),
    ),
    Place("portal_links", ("email", "requester_id"), "the rows are deleted", rows.erase_links, plain=("reach", "rights")),
    Place("article_views", ("reader_id",), "nobody's in particular any more", rows.erase_views, plain=("day",)),
    Place(
        "article_feedback", ("reader_id", "comment"), "nobody's in particular any more, without a remark",
        rows.erase_feedback, plain=("reader_kind",),
    ),
    Place(
        "entitlements", ("name", "note", "external_id"),
        "of an account that is a person: texts that name them are blanked", words.erase_entitlements,
        plain=(
            "kinds", "unit", "granted", "used", "remaining", "valid_from", "valid_until", "time_zone",
            "account_id",
        ),
    ),
    Place("entitlement_bookings", ("note",), "notes of bookings for their tickets go", rows.erase_bookings, plain=("amount", "why")),
    Place(
        "known_contacts", ("name", "title", "name_key", "external_id", "emails", "known_by"),
        "blanked as contacts tells it",
    ),
    Place(
        "known_accounts",
        ("name", "name_key", "external_id", "industry", "region", "grade", "known_by"),
        "blanked as contacts tells it",
    ),
    Place(
        "events", ("before", "after"),
        "payloads of every event of a file become the tombstone; of all else the values that were blanked",
        None,
        plain=("type", "subject_type", "actor_kind", "channel", "changed", "request_id", "trace_id"),
    ),
    *OF_THE_HOUSE,
)  # fmt: skip
