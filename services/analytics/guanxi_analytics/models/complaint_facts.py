"""Complaints as facts: rounds, what was changed because of them, and the causes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_analytics.models.fact_columns import day, indexes, moment, row_version
from guanxi_shared.columns import id_column, one_of, text_column


class ComplaintFact(Table, table=True):
    """A round of a complaint as it stood: from the complaint, or its reopening, until it was solved. Whoever sees the
    ticket sees its rounds."""

    __tablename__ = "complaint_facts"
    __table_args__ = indexes("complaint_facts", "opened_at", "ticket_id")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # tickets' round
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    ticket_id: UUID = id_column(nullable=False)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    opened_at: datetime = moment("opened_at", nullable=False)
    closed_at: datetime | None = moment("closed_at")
    done_steps: int = Field(sa_column=Column(BigInteger, nullable=False))
    skipped_steps: int = Field(sa_column=Column(BigInteger, nullable=False))
    open_steps: int = Field(sa_column=Column(BigInteger, nullable=False))
    root_cause_id: UUID | None = id_column()


class CorrectiveActionFact(Table, table=True):
    """What was to be changed because of a complaint, and whether that was done and helped."""

    __tablename__ = "corrective_action_facts"
    __table_args__ = (
        *indexes("corrective_action_facts", "planned_at", "round_id"),
        one_of("status", ("open", "done")),
        one_of("effect", ("effective", "ineffective")),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # tickets' corrective action
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    ticket_id: UUID = id_column(nullable=False)
    round_id: UUID = id_column(nullable=False)
    responsible_id: UUID | None = id_column()
    status: str = text_column(nullable=False)
    effect: str | None = text_column()
    due_on: date | None = day()
    planned_at: datetime = moment("planned_at", nullable=False)
    done_at: datetime | None = moment("done_at")


class RootCauseFact(Table, table=True):
    """A root cause as it stood; one that went into another is counted there."""

    __tablename__ = "root_cause_facts"
    __table_args__ = indexes("root_cause_facts")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # tickets' root cause
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    name: str = text_column(nullable=False)
    parent_id: UUID | None = id_column()
    merged_into_id: UUID | None = id_column()
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False))
