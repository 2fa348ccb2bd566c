"""Exchange rates: what one unit of a currency was worth in another on a day."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import id_column, instant_column, text_column, version_column


class ExchangeRate(Table, table=True):
    """1 `currency` = `rate` `base`, from `valid_on` until the next one."""

    __tablename__ = "exchange_rates"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("rate > 0", name="rate"),
        CheckConstraint("currency <> base", name="currency"),
        Index(
            "uq_exchange_rates_day", "organisation_id", "currency", "base", "valid_on", unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    currency: str = text_column(nullable=False)
    base: str = text_column(nullable=False)
    valid_on: date = Field(sa_column=Column(Date, nullable=False))
    rate: Decimal = Field(sa_column=Column(Numeric, nullable=False))
    source: str | None = text_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
