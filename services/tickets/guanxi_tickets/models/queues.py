"""Queues of teams, the agents who work them, and who got which ticket, and why."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
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
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_tickets.db import Table

# What a queue gave by itself, as opposed to what was claimed, handed over or returned.
IS_GIVEN = "means IN ('round_robin', 'least_loaded', 'by_skill')"
STRATEGIES = ("manual", "round_robin", "least_loaded", "by_skill")
ON_SHIFT_END = ("keep", "return", "hand_over")
MEANS = ("claim", *STRATEGIES[1:], "return", "hand_over")


class Queue(Table, table=True):
    """`team_id` never changes: a ticket in a queue is its team's. Without `filter_groups` it takes only
    what is put into it."""

    __tablename__ = "queues"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "id", "team_id"),
        one_of("strategy", STRATEGIES),
        one_of("on_shift_end", ON_SHIFT_END),
        CheckConstraint("load_limit > 0", name="load_limit"),
        Index(
            "uq_queues_organisation_id_name", "organisation_id", text("lower(name)"),
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_queues_assigning", "organisation_id", "id",
            postgresql_where=text("strategy <> 'manual' AND deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    team_id: UUID = id_column(nullable=False)  # gateway's team
    position: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    filter_groups: list[Any] | None = Field(default=None, sa_column=Column(JSONB))  # over tickets
    strategy: str = Field(sa_column=Column(Text, nullable=False, server_default="manual"))
    skills: list[Any] = json_column("[]")  # {skill, level}: what its tickets need
    languages: list[str] = texts_column()
    load_limit: int | None = Field(default=None, sa_column=Column(BigInteger))
    on_shift_end: str = Field(sa_column=Column(Text, nullable=False, server_default="keep"))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class Agent(Table, table=True):
    """What a user can do and when they work. `owner_id` is that user, shown as `user_id`."""

    __tablename__ = "agents"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("load_limit > 0", name="load_limit"),
        Index(
            "uq_agents_organisation_id_owner_id", "organisation_id", "owner_id",
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
        # Whose shift ends next, of all organisations.
        Index(
            "ix_agents_shift_ends_at", "shift_ends_at",
            postgresql_where=text("shift_ends_at IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    owner_id: UUID = id_column(nullable=False)  # gateway's user
    skills: list[Any] = json_column("[]")  # {skill, level}
    languages: list[str] = texts_column()
    load_limit: int | None = Field(default=None, sa_column=Column(BigInteger))
    is_available: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    # {time_zone, hours, days_off, exceptional_days}; without, at work whenever available.
    shifts: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    shift_ends_at: datetime | None = instant_column("shift_ends_at", nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class TicketAssignment(Table, table=True):
    """What a queue did with a ticket: to whom it went, or back. `turn` orders those of a queue, which
    takes turns."""

    __tablename__ = "ticket_assignments"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "queue_id"], ["queues.organisation_id", "queues.id"]
        ),
        one_of("means", MEANS),
        Index("ix_ticket_assignments_ticket", "organisation_id", "ticket_id", "turn"),
        Index(
            "ix_ticket_assignments_turns", "organisation_id", "queue_id", "assignee_id", "turn",
            postgresql_where=text(IS_GIVEN),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    turn: int = Field(sa_column=Column(BigInteger, Identity(), nullable=False))
    ticket_id: UUID = id_column(nullable=False)
    queue_id: UUID | None = id_column()  # none of a ticket that was claimed out of no queue
    means: str = text_column(nullable=False)
    assignee_id: UUID | None = id_column()  # gateway's user; none: back into the queue
    before_id: UUID | None = id_column()  # whose it was
    actor_id: UUID | None = id_column()  # who claimed it; none: the worker
    reason: dict[str, Any] = json_column("{}")
    sentence: str = text_column(nullable=False)
    created_at: datetime = instant_column("created_at")
