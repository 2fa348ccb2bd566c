"""Quotas as they stood: what a person or a team was to win in a period."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from guanxi_analytics.db import Table
from guanxi_analytics.models.fact_columns import day, indexes, moment, number, row_version
from guanxi_shared.columns import id_column, one_of, text_column


class QuotaFact(Table, table=True):
    """Of a person (`owner_id`) or a team (`team_id`), for a month, quarter or year that begins on `starts_on`."""

    __tablename__ = "quota_facts"
    __table_args__ = (
        *indexes("quota_facts", "starts_on", "owner_id", "team_id"),
        one_of("period", ("month", "quarter", "year")),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's quota
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    period: str = text_column(nullable=False)
    starts_on: date = day(nullable=False)
    pipeline_id: UUID | None = id_column()  # null: of all
    product_id: UUID | None = id_column()  # null: of all
    currency: str = text_column(nullable=False)
    amount: Decimal = number(nullable=False)
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
