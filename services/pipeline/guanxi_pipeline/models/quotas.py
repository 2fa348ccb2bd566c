"""Quotas: what a person or a team is to win in a period."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import id_column, instant_column, one_of, text_column, version_column

PERIOD_KINDS = ("month", "quarter", "year")


class Quota(Table, table=True):
    """Of a person (`owner_id`) or of a team (`team_id`), never of both: the one predicate then shows a
    person theirs, a team its own, and whoever leads them both."""

    __tablename__ = "quotas"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"], ["pipelines.organisation_id", "pipelines.id"]
        ),
        one_of("period", PERIOD_KINDS),
        CheckConstraint("(owner_id IS NULL) <> (team_id IS NULL)", name="whose"),
        CheckConstraint("amount_amount > 0", name="amount"),
        # One for each combination; the name makes the refusal name the day.
        Index(
            "uq_quotas_organisation_id_starts_on",
            "organisation_id", "starts_on", "period", "owner_id", "team_id", "pipeline_id", "product_id",
            unique=True, postgresql_nulls_not_distinct=True, postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_quotas_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_quotas_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_quotas_organisation_id_team_id", "organisation_id", "team_id", "id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    period: str = Field(sa_column=Column(Text, nullable=False))
    starts_on: date = Field(sa_column=Column(Date, nullable=False))
    pipeline_id: UUID | None = id_column()  # null: of all
    product_id: UUID | None = id_column()  # null: of all
    amount_amount: Decimal = Field(sa_column=Column(Numeric, nullable=False))
    amount_currency: str = text_column(nullable=False)
    note: str | None = text_column()
    external_id: str | None = text_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
