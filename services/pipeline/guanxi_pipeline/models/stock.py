"""What distributors report of their stock, a row for each account, product and month."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_pipeline.models.orders import number_column
from guanxi_shared.columns import id_column, instant_column, text_column, version_column


class StockReport(Table, table=True):
    """Goods in and out of a distributor in a month (进销存): closing = opening + bought - sold + adjusted."""

    __tablename__ = "stock_reports"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("closing = opening + bought - sold + adjusted", name="closing"),
        CheckConstraint(
            "opening >= 0 AND bought >= 0 AND sold >= 0 AND closing >= 0", name="quantities"
        ),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        Index(
            "uq_stock_reports_month", "organisation_id", "reporter_id", "product_key", "month", unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_stock_reports_organisation_id_account_id",
            "organisation_id", "account_id", "product_key", "month",
        ),
        Index("ix_stock_reports_organisation_id_month", "organisation_id", "month", "id"),
        Index("ix_stock_reports_owned", "organisation_id", "owner_id", "id"),
        Index("ix_stock_reports_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index(
            "ix_stock_reports_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)  # contacts' account
    is_account_verified: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="true")
    )
    # The account that it was given for. It stays when accounts are merged: the stores of two that
    # became one remain two, each with a month of its own.
    reporter_id: UUID = id_column(nullable=False)
    product_id: UUID | None = id_column()
    sku: str | None = text_column()
    product_key: str = text_column(nullable=False)  # the product's id, else its sku
    month: date = Field(sa_column=Column(Date, nullable=False))  # its first day
    opening: Decimal = number_column()
    bought: Decimal = number_column()
    sold: Decimal = number_column()
    adjusted: Decimal = number_column(default="0")  # found, broken, given away: signed
    adjustment_reason: str | None = text_column()
    closing: Decimal = number_column()
    restates_opening: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="false")
    )
    restatement_reason: str | None = text_column()
    note: str | None = text_column()
    external_id: str | None = text_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
