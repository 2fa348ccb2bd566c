"""Tickets: what a customer asks for, and where that stands."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table
from guanxi_tickets.db import Table

KINDS = ("question", "incident", "request", "complaint")
LEVELS = ("high", "medium", "low")
PRIORITIES = ("urgent", "high", "normal", "low")
STATE_KINDS = ("new", "open", "pending", "on_hold", "solved", "closed")
CHANNELS = ("email", "phone", "chat", "messaging", "web", "portal", "in_person", "api", "other")
PRIORITY_SOURCES = ("table", "given")
# The queue in which a ticket waits for somebody. What asks in these words is served by the index that has them
# and by no other, whatever Postgres believes of a queue that was filled a moment ago: a condition for each
# column would be part of several indexes, some of which look as cheap and have to be sorted. Written as Postgres
# shows it, so that whoever compares finds no difference.
WAITS_IN = """
CASE
    WHEN owner_id IS NULL AND deleted_at IS NULL AND (status_kind <> ALL (ARRAY['solved'::text, 'closed'::text])) THEN queue_id
    ELSE NULL::uuid
END"""


class Ticket(Table, table=True):
    """`status` is the key of one of the organisation's states, `status_kind` what kind of state that
    is: what clocks and reports go by. `owner_id` is shown as `assignee_id`."""

    __tablename__ = "tickets"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "number"),
        ForeignKeyConstraint(
            ["organisation_id", "parent_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "duplicate_of_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("kind", KINDS),
        one_of("impact", LEVELS),
        one_of("urgency", LEVELS),
        one_of("priority", PRIORITIES),
        one_of("priority_source", PRIORITY_SOURCES),
        one_of("status_kind", STATE_KINDS),
        one_of("channel", CHANNELS),
        CheckConstraint("priority_rank BETWEEN 1 AND 4", name="priority_rank"),
        CheckConstraint(
            "(status_kind IN ('solved', 'closed')) = (solved_at IS NOT NULL)", name="solved_at"
        ),
        CheckConstraint("(status_kind = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        ForeignKeyConstraint(
            ["organisation_id", "sla_policy_id"], ["sla_policies.organisation_id", "sla_policies.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "entitlement_id"], ["entitlements.organisation_id", "entitlements.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "merged_into_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        # What is in a queue is its team's: the one rule of visibility needs no second one.
        ForeignKeyConstraint(
            ["organisation_id", "queue_id", "team_id"],
            ["queues.organisation_id", "queues.id", "queues.team_id"],
        ),
        CheckConstraint("(queue_id IS NULL) = (queued_at IS NULL)", name="queued_at"),
        CheckConstraint("queue_id IS NULL OR team_id IS NOT NULL", name="queue"),
        CheckConstraint("taken_at IS NULL OR queue_id IS NOT NULL", name="taken_at"),
        CheckConstraint("parent_id <> id AND duplicate_of_id <> id", name="links"),
        CheckConstraint("merged_into_id IS NULL OR deleted_at IS NOT NULL", name="merged"),
        Index("ix_tickets_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_tickets_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id"),
        Index("ix_tickets_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_tickets_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        # What is still to be done, the most pressing first.
        Index(
            "ix_tickets_unsolved", "organisation_id", "priority_rank", "id",
            postgresql_where=text("status_kind NOT IN ('solved', 'closed') AND deleted_at IS NULL"),
        ),
        # What waits in a queue for somebody, the most pressing first.
        Index(
            "ix_tickets_waiting", "organisation_id", text(f"({WAITS_IN})"), "priority_rank", "sla_due_at", "queued_at", "id",
            postgresql_where=text(f"({WAITS_IN}) IS NOT NULL"),
        ),
        # The list of a queue by what is most pressing.
        Index(
            "ix_tickets_queue_pressing", "organisation_id", "queue_id", "priority_rank", "id",
            postgresql_where=text("queue_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        # What is to be done in a queue, and what was touched there of late.
        Index(
            "ix_tickets_queue_undone", "organisation_id", "queue_id", "priority_rank", "id",
            postgresql_where=text(
                "queue_id IS NOT NULL AND status_kind NOT IN ('solved', 'closed') AND deleted_at IS NULL"
            ),
        ),
        Index(
            "ix_tickets_organisation_id_queue_id", "organisation_id", "queue_id", "updated_at", "id",
            postgresql_where=text("queue_id IS NOT NULL"),
        ),
        # What an agent has to do just now.
        Index(
            "ix_tickets_load", "organisation_id", "owner_id",
            postgresql_where=text("status_kind IN ('new', 'open') AND deleted_at IS NULL"),
        ),
        Index("ix_tickets_organisation_id_status", "organisation_id", "status", "id"),
        Index("ix_tickets_linked", "organisation_id", "follower_ids", "related_ids", postgresql_using="gin"),
        *(
            Index(
                f"ix_tickets_organisation_id_{name}", "organisation_id", name, "id",
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in (
                "from_email", "from_phone", "sla_policy_id", "account_id", "requester_id", "product_id", "parent_id", "duplicate_of_id", "external_id",
                "entitlement_id",
            )
        ),
        Index(
            "ix_tickets_complaints", "organisation_id", "id",
            postgresql_where=text("kind = 'complaint' AND deleted_at IS NULL"),
        ),
        Index(
            "ix_tickets_merged_into_id", "organisation_id", "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        # Whose warning or breach comes next, of all organisations; and by what is due first in one.
        Index(
            "ix_tickets_sla_next_at", "sla_next_at",
            postgresql_where=text("sla_next_at IS NOT NULL"),
        ),
        # Whose contact is still looked for.
        Index(
            "ix_tickets_seek_requester_at", "organisation_id", "seek_requester_at", "id",
            postgresql_where=text("seek_requester_at IS NOT NULL"),
        ),
        # Whose requester may be to be asked how it was, of all organisations.
        Index(
            "ix_tickets_survey_due_at", "survey_due_at",
            postgresql_where=text("survey_due_at IS NOT NULL"),
        ),
        Index(
            "ix_tickets_solved_at", "organisation_id", "solved_at", "id",
            postgresql_where=text("solved_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index("ix_tickets_organisation_id_sla_due_at", "organisation_id", "sla_due_at", "id"),
        Index(
            "ix_tickets_unverified", "organisation_id", "id",
            postgresql_where=text("NOT is_account_verified AND deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    number: str = text_column(nullable=False)
    subject: str = text_column(nullable=False)
    description: str | None = text_column()
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default="question"))
    impact: str = Field(sa_column=Column(Text, nullable=False, server_default="medium"))
    urgency: str = Field(sa_column=Column(Text, nullable=False, server_default="medium"))
    priority: str = text_column(nullable=False)
    priority_rank: int = Field(sa_column=Column(BigInteger, nullable=False))  # 1 is urgent
    priority_source: str = Field(sa_column=Column(Text, nullable=False, server_default="table"))
    status: str = text_column(nullable=False)
    status_kind: str = text_column(nullable=False)
    status_changed_at: datetime = instant_column("status_changed_at")
    channel: str = Field(sa_column=Column(Text, nullable=False, server_default="api"))
    requester_id: UUID | None = id_column()  # contacts' contact
    # Who asks, as they say themselves in a form; whose contact that is may be found out later.
    from_name: str | None = text_column()
    from_email: str | None = text_column()  # in the spelling that compares
    from_phone: str | None = text_column()
    form_id: UUID | None = id_column()
    consent: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    seek_requester_at: datetime | None = instant_column("seek_requester_at", nullable=True)
    account_id: UUID | None = id_column()  # contacts' account
    is_account_verified: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="true")
    )
    product_id: UUID | None = id_column()  # pipeline's product
    parent_id: UUID | None = id_column()
    duplicate_of_id: UUID | None = id_column()
    related_ids: list[UUID] = ids_column()  # said on one of the two, meant for both
    follower_ids: list[UUID] = ids_column()  # gateway's users
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    queue_id: UUID | None = id_column()  # whose team is the ticket's
    queued_at: datetime | None = instant_column("queued_at", nullable=True)
    taken_at: datetime | None = instant_column("taken_at", nullable=True)
    merged_into_id: UUID | None = id_column()  # a chain of merges is followed to its end
    merged_numbers: list[str] = texts_column()  # those that went into it answer for it
    sla_policy_id: UUID | None = id_column()
    # As they stood when the ticket was made: what is promised is not rewritten.
    sla_policy_version: int | None = Field(default=None, sa_column=Column(BigInteger))
    sla_calendar_id: UUID | None = id_column()
    sla_calendar_version: int | None = Field(default=None, sa_column=Column(BigInteger))
    sla: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB)
    )  # what is shown of its clocks
    sla_due_at: datetime | None = instant_column("sla_due_at", nullable=True)
    sla_breached: list[str] = texts_column()  # kinds of clocks
    sla_next_at: datetime | None = instant_column(
        "sla_next_at", nullable=True
    )  # a warning or breach
    # What was missed before, elsewhere, is not told of here.
    sla_told_from: datetime | None = instant_column("sla_told_from", nullable=True)
    # When it came in with its past; what was said until then was said elsewhere.
    imported_at: datetime | None = instant_column("imported_at", nullable=True)
    survey_due_at: datetime | None = instant_column("survey_due_at", nullable=True)
    entitlement_id: UUID | None = id_column()
    is_entitled: bool | None = Field(default=None, sa_column=Column(Boolean))  # none: nobody asked
    first_responded_at: datetime | None = instant_column("first_responded_at", nullable=True)
    solved_at: datetime | None = instant_column("solved_at", nullable=True)
    closed_at: datetime | None = instant_column("closed_at", nullable=True)
    reopened_count: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    as_shown: str | None = text_column()  # the ticket as the API shows it


TICKET_SEARCH = add_search_table(Table.metadata.tables["tickets"])


class TicketNumber(Table, table=True):
    """The last number that an organisation's tickets were given."""

    __tablename__ = "ticket_numbers"
    __table_args__ = (PrimaryKeyConstraint("organisation_id"),)

    organisation_id: UUID = id_column(nullable=False)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))
