"""Opportunities. Where one has stood is read from its log: see opportunities/stays.py."""

from datetime import date, datetime
from decimal import Decimal
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
    Numeric,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_pipeline.models.pipelines import FORECAST_CATEGORIES
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

STATUSES = ("open", "won", "lost")
PROBABILITY_SOURCES = ("stage", "manual", "model")
AMOUNT_SOURCES = ("given", "lines")

# What the sums of a forecast are made of: from an index alone, where nobody shares the deal.
FORECAST_SUMS = [
    "amount_currency", "amount_amount", "probability", "forecast_category", "owner_id", "team_id",
    "pipeline_id", "id",
]  # fmt: skip
FORECAST_PARTS = (
    ("open", "close_on", "status = 'open' AND splits = '[]'::jsonb"),
    ("open_split", "close_on", "status = 'open' AND splits <> '[]'::jsonb"),
    ("won", "closed_at", "status = 'won' AND splits = '[]'::jsonb"),
    ("won_split", "closed_at", "status = 'won' AND splits <> '[]'::jsonb"),
)


class Opportunity(Table, table=True):
    """A deal that may be won. What is only read with it (lines, splits, roles) is JSON."""

    __tablename__ = "opportunities"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "pipeline_id", "stage_id"],
            ["stages.organisation_id", "stages.pipeline_id", "stages.id"],
        ),
        one_of("status", STATUSES),
        one_of("forecast_category", FORECAST_CATEGORIES),
        one_of("probability_source", PROBABILITY_SOURCES),
        one_of("amount_source", AMOUNT_SOURCES),
        CheckConstraint("(amount_amount IS NULL) = (amount_currency IS NULL)", name="amount"),
        CheckConstraint("probability >= 0 AND probability <= 100", name="probability"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed_at"),
        Index("ix_opportunities_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_opportunities_organisation_id_close_on", "organisation_id", "close_on", "id"),
        Index(
            "ix_opportunities_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id",
            postgresql_include=["deleted_at", "status", "stage_id", "close_on"],
        ),
        Index("ix_opportunities_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_opportunities_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index(
            "ix_opportunities_organisation_id_account_id", "organisation_id", "account_id", "id",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "ix_opportunities_links", "organisation_id", "contact_ids", "product_ids",
            postgresql_using="gin",
        ),
        Index(
            "ix_opportunities_organisation_id_external_id", "organisation_id", "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        # A board from an index alone: sums of a stage, and its cards in their order.
        Index(
            "ix_opportunities_board", "organisation_id", "pipeline_id", "stage_id", "rank", "id",
            postgresql_include=["amount_currency", "amount_amount", "probability", "owner_id", "team_id"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_opportunities_board_of_owner",
            "organisation_id", "owner_id", "pipeline_id", "stage_id", "rank", "id",
            postgresql_include=["amount_currency", "amount_amount", "probability", "team_id"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_opportunities_board_of_team",
            "organisation_id", "team_id", "pipeline_id", "stage_id", "rank", "id",
            postgresql_include=["amount_currency", "amount_amount", "probability", "owner_id"],
            postgresql_where=text("team_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        # Forecasts: an open deal stands in one of the first two, a won one in one of the others.
        *(
            Index(
                f"ix_opportunities_forecast_{name}", "organisation_id", day,
                postgresql_include=FORECAST_SUMS, postgresql_where=text(f"{where} AND deleted_at IS NULL"),
            )
            for name, day, where in FORECAST_PARTS
        ),
        # What waits for the feed, or was overtaken by a merge.
        Index(
            "ix_opportunities_unverified", "organisation_id", "id",
            postgresql_where=text("NOT is_account_verified AND deleted_at IS NULL"),
        ),
        # Whose probability a learnt model gave: what goes back when it ends.
        Index(
            "ix_opportunities_by_model", "organisation_id", "pipeline_id", "id",
            postgresql_where=text(
                "probability_source = 'model' AND status = 'open' AND deleted_at IS NULL"
            ),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    account_id: UUID | None = id_column()  # contacts' account
    is_account_verified: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="true")
    )
    contacts: list[Any] = json_column("[]")  # {contact_id, role, is_primary}
    contact_ids: list[UUID] = ids_column()  # those of `contacts`, contacts' contacts
    pipeline_id: UUID = id_column(nullable=False)
    stage_id: UUID = id_column(nullable=False)
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="open"))
    amount_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    amount_currency: str | None = text_column()
    amount_source: str = Field(sa_column=Column(Text, nullable=False, server_default="given"))
    lines: list[Any] = json_column("[]")
    product_ids: list[UUID] = ids_column()  # those of `lines`
    probability: Decimal = Field(sa_column=Column(Numeric(5, 2), nullable=False))  # percent
    probability_source: str = Field(sa_column=Column(Text, nullable=False, server_default="stage"))
    opened_on: date | None = Field(default=None, sa_column=Column(Date))  # when selling began
    close_on: date | None = Field(default=None, sa_column=Column(Date))
    first_close_on: date | None = Field(default=None, sa_column=Column(Date))
    close_on_moves: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    closed_at: datetime | None = instant_column("closed_at", nullable=True)
    forecast_category: str = Field(sa_column=Column(Text, nullable=False))
    reason: str | None = text_column()  # why it was won or lost, of the pipeline's list
    reason_note: str | None = text_column()
    competitors: list[str] = texts_column()
    next_step: str | None = text_column()
    next_step_on: date | None = Field(default=None, sa_column=Column(Date))
    source: str | None = text_column()
    campaign_id: UUID | None = id_column()  # contacts' campaign
    lead_id: UUID | None = id_column()  # the lead that became it
    splits: list[Any] = json_column("[]")  # {user_id, share}: shares sum to 100
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    stage_entered_at: datetime = instant_column("stage_entered_at")
    confirmed: list[str] = texts_column()  # exit criteria of the present stage that were met
    rank: Decimal = Field(sa_column=Column(Numeric, nullable=False))  # the place in its stage
    last_activity_at: datetime | None = instant_column(
        "last_activity_at", nullable=True
    )  # of contacts' activities about it; no part of the record as it is shown
    description: str | None = text_column()
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    as_shown: str | None = text_column()  # the opportunity as the API shows it


OPPORTUNITY_SEARCH = add_search_table(Table.metadata.tables["opportunities"])
