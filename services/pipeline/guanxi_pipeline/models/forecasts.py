"""Forecasts as people submit them, and as they stood each day."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_pipeline.models.quotas import PERIOD_KINDS
from guanxi_shared.columns import id_column, instant_column, one_of, text_column, version_column


class ForecastCall(Table, table=True):
    """What somebody says they will win in a period, and what who leads them makes of it. The row is the
    newest; every one before is in the log."""

    __tablename__ = "forecast_calls"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"], ["pipelines.organisation_id", "pipelines.id"]
        ),
        one_of("period", PERIOD_KINDS),
        CheckConstraint("commit_amount >= 0", name="commit"),
        Index(
            "uq_forecast_calls_organisation_id_starts_on",
            "organisation_id", "starts_on", "period", "owner_id", "pipeline_id", "is_roll_up",
            unique=True, postgresql_nulls_not_distinct=True, postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_forecast_calls_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    owner_id: UUID = id_column(nullable=False)  # gateway's user
    period: str = Field(sa_column=Column(Text, nullable=False))
    starts_on: date = Field(sa_column=Column(Date, nullable=False))
    pipeline_id: UUID | None = id_column()  # null: of all
    is_roll_up: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    commit_amount: Decimal = Field(sa_column=Column(Numeric, nullable=False))
    commit_currency: str = text_column(nullable=False)
    best_case_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    best_case_currency: str | None = text_column()
    note: str | None = text_column()
    submitted_by: UUID | None = id_column()  # gateway's user
    submitted_at: datetime = instant_column("submitted_at")
    adjusted_commit_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    adjusted_commit_currency: str | None = text_column()
    adjusted_best_case_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    adjusted_best_case_currency: str | None = text_column()
    adjustment_note: str | None = text_column()
    adjusted_by: UUID | None = id_column()  # gateway's user
    adjusted_at: datetime | None = instant_column("adjusted_at", nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class ForecastDay(Table, table=True):
    """That a day's figures were taken, once; a day without a row was missed and stays so."""

    __tablename__ = "forecast_days"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "day"),)

    organisation_id: UUID = id_column(nullable=False)
    day: date = Field(sa_column=Column(Date, nullable=False))  # by the organisation's time zone
    covers_from: date = Field(sa_column=Column(Date, nullable=False))  # no month before it is held
    taken_at: datetime = instant_column("taken_at")


class ForecastFigure(Table, table=True):
    """Sums of a day: of what one person has in deals of one owner, by month of closing and category."""

    __tablename__ = "forecast_figures"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "day", "n"),
        ForeignKeyConstraint(
            ["organisation_id", "day"], ["forecast_days.organisation_id", "forecast_days.day"]
        ),
        Index(
            "ix_forecast_figures_month", "organisation_id", "day", "month",
            postgresql_include=["currency", "category", "amount", "weighted", "owner_id", "team_id"],
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    day: date = Field(sa_column=Column(Date, nullable=False))
    n: int = Field(sa_column=Column(Integer, nullable=False))
    month: date = Field(sa_column=Column(Date, nullable=False))  # its first day
    owner_id: UUID | None = id_column()  # of the deals: who sees it
    team_id: UUID | None = id_column()  # of the deals
    person_id: UUID | None = id_column()  # for whom they count
    person_team_id: UUID | None = id_column()
    pipeline_id: UUID = id_column(nullable=False)
    currency: str | None = text_column()
    category: str = text_column(nullable=False)
    count: int = Field(sa_column=Column(BigInteger, nullable=False))
    team_deals: int = Field(sa_column=Column(BigInteger, nullable=False))  # each once for a team
    deals: int = Field(sa_column=Column(BigInteger, nullable=False))  # each once, however split
    bare: int = Field(sa_column=Column(BigInteger, nullable=False))  # without an amount
    amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    weighted: Decimal | None = Field(default=None, sa_column=Column(Numeric))
