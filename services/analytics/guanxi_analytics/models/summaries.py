"""What is kept ready of each customer: the sufficient statistics of recency, frequency, value and of
buy-till-you-die models."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Date, Numeric, PrimaryKeyConstraint
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_shared.columns import id_column, instant_column, text_column


def _number(kind: Any = Numeric) -> Any:
    return Field(sa_column=Column(kind, nullable=False))


class CustomerSummary(Table, table=True):
    """One customer's purchases in one currency. A purchase day is a day with a bought line, however many
    orders it had; `day_squares` sums the squares of the days' bought amounts. `amount`, `cost` and
    `quantity` are net of what came back, `bought` is not. `cost` is that of `costed`; where both cover
    everything (`is_costed`), the margin is known.

    No index on what each purchase changes: Postgres then updates a row in its place."""

    __tablename__ = "customer_summaries"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "customer_id", "currency"),)

    organisation_id: UUID = id_column(nullable=False)
    customer_id: UUID = id_column(nullable=False)
    currency: str = text_column(nullable=False)
    is_account: bool = Field(sa_column=Column(Boolean, nullable=False))
    orders: int = _number(BigInteger)
    days: int = _number(BigInteger)
    quantity: Decimal = _number()
    bought: Decimal = _number()
    day_squares: Decimal = _number()
    first_day: Decimal = _number()  # bought on the first day
    amount: Decimal = _number()
    cost: Decimal = _number()
    costed: Decimal = _number()
    is_costed: bool = Field(sa_column=Column(Boolean, nullable=False))
    first_on: date | None = Field(default=None, sa_column=Column(Date))
    last_on: date | None = Field(default=None, sa_column=Column(Date))
    updated_at: datetime = instant_column("updated_at")
