"""Reports that go out by the clock, and the letters that they went in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
)
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)

CADENCES = ("daily", "weekly", "monthly")
FORMATS = ("csv", "xlsx", "parquet", "svg", "png", "html", "pdf")
DELIVERIES = ("mail", "webhook")
STATUSES = ("waiting", "sent", "dropped", "failed")


class ReportSchedule(Table, table=True):
    """`report` is a predefined one's name, a saved one's id, or `monthly-report`. `rights` are its owner's when they last
    wrote it; whose records that means is resolved when it is sent."""

    __tablename__ = "report_schedules"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("cadence", CADENCES),
        one_of("format", FORMATS),
        one_of("deliver", DELIVERIES),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("day BETWEEN 1 AND 28", name="day"),
        Index("ix_report_schedules_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_report_schedules_due_at", "organisation_id", "due_at"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    report: str = text_column(nullable=False)
    cadence: str = text_column(nullable=False)
    hour: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default="7"))
    weekday: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default="1"))
    day: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default="1"))
    format: str = Field(sa_column=Column(Text, nullable=False, server_default="xlsx"))
    language: str | None = text_column()
    deliver: str = Field(sa_column=Column(Text, nullable=False, server_default="mail"))
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    rights: dict[str, Any] = json_column("{}")
    due_at: datetime = instant_column("due_at")
    owner_id: UUID | None = id_column()  # gateway's user
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class ReportLetter(Table, table=True):
    """One time that a schedule came round, by mail or by an event. Its id is made of both, so that there is one. `again_at`: nobody takes it before
    that."""

    __tablename__ = "report_letters"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "schedule_id"],
            ["report_schedules.organisation_id", "report_schedules.id"],
        ),
        one_of("status", STATUSES),
        Index("ix_report_letters_organisation_id_schedule_id", "organisation_id", "schedule_id", "due_at"),
        Index("ix_report_letters_again_at", "organisation_id", "status", "again_at"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    schedule_id: UUID = id_column(nullable=False)
    due_at: datetime = instant_column("due_at")
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="waiting"))
    reason: str | None = text_column()
    attempts: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default="0"))
    again_at: datetime = instant_column("again_at")
    ended_at: datetime | None = instant_column("ended_at", nullable=True)
    format: str | None = text_column()  # of the file
    file: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary)
    )  # what a webhook told of
