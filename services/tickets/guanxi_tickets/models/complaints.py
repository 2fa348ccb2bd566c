"""The closed loop of complaints: rounds with their steps, causes, tasks of other departments, corrective
actions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
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

TASK_STATUSES = ("open", "accepted", "done", "declined", "withdrawn")
ACTION_STATUSES = ("open", "done")
EFFECTS = ("effective", "ineffective")
OF_TICKET = (["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"])
OF_ROUND = (
    ["organisation_id", "round_id"], ["complaint_rounds.organisation_id", "complaint_rounds.id"],
)  # fmt: skip


class RootCause(Table, table=True):
    """One of the organisation's own; one that went into another keeps its name for what named it."""

    __tablename__ = "root_causes"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "parent_id"], ["root_causes.organisation_id", "root_causes.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "merged_into_id"],
            ["root_causes.organisation_id", "root_causes.id"],
        ),
        CheckConstraint("parent_id <> id AND merged_into_id <> id", name="itself"),
        Index(
            "uq_root_causes_organisation_id_name", "organisation_id", text("lower(name)"),
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    parent_id: UUID | None = id_column()
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    merged_into_id: UUID | None = id_column()  # a chain of merges is followed to its end
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class ComplaintRound(Table, table=True):
    """From the complaint, or its reopening, until it is solved; the last one of a ticket is worked."""

    __tablename__ = "complaint_rounds"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "ticket_id", "number"),
        ForeignKeyConstraint(*OF_TICKET),
        ForeignKeyConstraint(
            ["organisation_id", "root_cause_id"], ["root_causes.organisation_id", "root_causes.id"]
        ),
        Index(
            "ix_complaint_rounds_root_cause_id", "organisation_id", "root_cause_id",
            postgresql_where=text("root_cause_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    started_at: datetime = instant_column("started_at")
    ended_at: datetime | None = instant_column("ended_at", nullable=True)
    steps: dict[str, Any] = json_column("{}")  # step → {state, text, reason, figures, by, at}
    open_steps: list[str] = texts_column()
    done_steps: list[str] = texts_column()
    skipped_steps: list[str] = texts_column()
    left_open: list[str] = texts_column()  # steps that were open when the complaint was solved
    root_cause_id: UUID | None = id_column()
    lesson: str | None = text_column()
    article_id: UUID | None = id_column()  # what the lesson became
    owner_id: UUID | None = id_column()  # the ticket's, and so is the team
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class CoordinationTask(Table, table=True):
    """What another department does about a complaint; it is theirs, and shows them nothing else of it."""

    __tablename__ = "coordination_tasks"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(*OF_TICKET),
        ForeignKeyConstraint(*OF_ROUND),
        one_of("status", TASK_STATUSES),
        CheckConstraint("owner_id IS NOT NULL OR team_id IS NOT NULL", name="whose"),
        Index("ix_coordination_tasks_ticket", "organisation_id", "ticket_id", "created_at", "id"),
        Index("ix_coordination_tasks_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index(
            "ix_coordination_tasks_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        # Whose warning or breach comes next, of all organisations.
        Index(
            "ix_coordination_tasks_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    round_id: UUID = id_column(nullable=False)
    ticket_number: str = text_column(nullable=False)
    title: str = text_column(nullable=False)
    body: str | None = text_column()
    asked_by: UUID | None = id_column()  # gateway's user
    owner_id: UUID | None = id_column()  # gateway's user, who does it
    team_id: UUID | None = id_column()  # gateway's team, the department
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="open"))
    reason: str | None = text_column()
    result: str | None = text_column()
    due_at: datetime = instant_column("due_at")
    warn_at: datetime | None = instant_column("warn_at", nullable=True)
    warned_at: datetime | None = instant_column("warned_at", nullable=True)
    breached_at: datetime | None = instant_column("breached_at", nullable=True)
    next_at: datetime | None = instant_column("next_at", nullable=True)
    accepted_at: datetime | None = instant_column("accepted_at", nullable=True)
    ended_at: datetime | None = instant_column("ended_at", nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class CorrectiveAction(Table, table=True):
    """What is changed so that it does not happen again, and whether that helped."""

    __tablename__ = "corrective_actions"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(*OF_TICKET),
        ForeignKeyConstraint(*OF_ROUND),
        one_of("status", ACTION_STATUSES),
        one_of("effect", EFFECTS),
        Index("ix_corrective_actions_ticket", "organisation_id", "ticket_id", "created_at", "id"),
        Index("ix_corrective_actions_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index(
            "ix_corrective_actions_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    round_id: UUID = id_column(nullable=False)
    body: str = text_column(nullable=False)
    responsible_id: UUID | None = id_column()  # gateway's user
    due_on: date | None = Field(default=None, sa_column=Column(Date))
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="open"))
    done_at: datetime | None = instant_column("done_at", nullable=True)
    done_by: UUID | None = id_column()  # gateway's user
    effect: str | None = text_column()
    effect_note: str | None = text_column()
    checked_at: datetime | None = instant_column("checked_at", nullable=True)
    checked_by: UUID | None = id_column()  # gateway's user
    owner_id: UUID | None = id_column()  # the ticket's, and so is the team
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
