"""What distributors told of their stock."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from guanxi_analytics.db import Table
from guanxi_analytics.models.fact_columns import day, indexes, moment, number, row_version
from guanxi_shared.columns import id_column, text_column


class StockFact(Table, table=True):
    """A month of a product at a distributor, as it was reported: closing = opening + bought - sold + adjusted."""

    __tablename__ = "stock_facts"
    __table_args__ = indexes("stock_facts", "month", "account_id", "owner_id", "team_id")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's stock report
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    account_id: UUID = id_column(nullable=False)
    product_id: UUID | None = id_column()
    sku: str | None = text_column()
    month: date = day(nullable=False)  # its first day
    opening: Decimal = number(nullable=False)
    bought: Decimal = number(nullable=False)
    sold: Decimal = number(nullable=False)
    adjusted: Decimal = number(nullable=False)
    closing: Decimal = number(nullable=False)
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
