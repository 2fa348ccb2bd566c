"""Where people were when they said that they arrived at a customer and left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import id_column, ids_column, instant_column, one_of, text_column

STEPS = ("in", "out")
MEASURED_FROM = ("account", "activity")


class VisitCheck(Table, table=True):
    """A check-in or check-out of a visit. Positions are personal: they stand here alone, neither in
    the log nor in the feed, so that they can be erased."""

    __tablename__ = "visit_checks"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "activity_id", "step"),
        ForeignKeyConstraint(
            ["organisation_id", "activity_id"], ["activities.organisation_id", "activities.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "account_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        one_of("step", STEPS),
        one_of("measured_from", MEASURED_FROM),
        Index(
            "ix_visit_checks_organisation_id_account_id", "organisation_id", "account_id",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index("ix_visit_checks_organisation_id_by_id", "organisation_id", "by_id"),
        Index("ix_visit_checks_far", "organisation_id", "activity_id", postgresql_where=text("is_far")),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    activity_id: UUID = id_column(nullable=False)
    step: str = text_column(nullable=False)
    at: datetime = instant_column("at")  # the server's clock
    device_at: datetime | None = instant_column("device_at", nullable=True)
    sent_at: datetime | None = instant_column("sent_at", nullable=True)  # the device's clock
    is_clock_suspect: bool = Field(sa_column=Column(Boolean, nullable=False))
    latitude: float | None = Field(default=None, sa_column=Column(Float))
    longitude: float | None = Field(default=None, sa_column=Column(Float))
    accuracy_m: float | None = Field(default=None, sa_column=Column(Float))
    measured_from: str | None = text_column()
    account_id: UUID | None = id_column()
    distance_m: float | None = Field(default=None, sa_column=Column(Float))
    is_far: bool | None = Field(default=None, sa_column=Column(Boolean))
    tolerance_m: float = Field(sa_column=Column(Float, nullable=False))
    device_id: str | None = text_column()
    note: str | None = text_column()
    photo_ids: list[Any] = ids_column()  # of files
    by_id: UUID | None = id_column()  # gateway's user
