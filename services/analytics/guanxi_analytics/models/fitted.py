"""What was fitted, what its past error was, and what it says of each customer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Numeric,
    PrimaryKeyConstraint,
)
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_shared.columns import id_column, instant_column, json_column, one_of, text_column

QUADRANTS = ("protect", "grow", "harvest", "maintain", "uncertain")
VERDICTS = ("use", "weak", "no_better", "refused")


class FittedModel(Table, table=True):
    """One fit of a model, with everything that says what it is worth. Never changed: the next fit is another
    row. `is_used`: scores are made of it."""

    __tablename__ = "fitted_models"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_fitted_models_name", "organisation_id", "name", "fitted_at"),
        one_of("verdict", VERDICTS),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    verdict: str = text_column(nullable=False)
    sentence: str = text_column(nullable=False)
    is_used: bool = Field(sa_column=Column(Boolean, nullable=False))
    first_on: date | None = Field(default=None, sa_column=Column(Date))
    until: date = Field(sa_column=Column(Date, nullable=False))
    customers: int = Field(sa_column=Column(BigInteger, nullable=False))
    buying_again: int = Field(sa_column=Column(BigInteger, nullable=False))
    found: dict[str, Any] = json_column("{}")  # parameters, errors, back-test, calibration
    settings: dict[str, Any] = json_column("{}")  # code version, seed, terms
    watermark: dict[str, Any] = json_column("{}")  # how far each source had been heard
    fitted_at: datetime = instant_column("fitted_at")


class CustomerOutlook(Table, table=True):
    """What the model in use expects of a customer, by the history that it saw. `currency` is the one they bought in,
    of several the last; then no value is said. `value` is within the horizon, discounted, with the interval of
    its expectation; null where spending could not be fitted."""

    __tablename__ = "customer_outlooks"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "customer_id", "currency"),
        one_of("quadrant", QUADRANTS),
    )

    organisation_id: UUID = id_column(nullable=False)
    customer_id: UUID = id_column(nullable=False)
    currency: str = text_column(nullable=False)
    model_id: UUID = id_column(nullable=False)
    repeats: int = Field(
        sa_column=Column(BigInteger, nullable=False)
    )  # purchase days but the first
    first_on: date = Field(sa_column=Column(Date, nullable=False))
    last_on: date = Field(sa_column=Column(Date, nullable=False))
    alive: float = Field(sa_column=Column(Float, nullable=False))
    purchases: float = Field(sa_column=Column(Float, nullable=False))
    present: Decimal | None = Field(
        default=None, sa_column=Column(Numeric)
    )  # net, of the last year
    quadrant: str | None = text_column()
    value: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    value_low: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    value_high: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    value_if_back: Decimal | None = Field(default=None, sa_column=Column(Numeric))  # bought today


class QuadrantMove(Table, table=True):
    """When a customer came to stand elsewhere in the value matrix than at the fit before."""

    __tablename__ = "quadrant_moves"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "customer_id", "currency", "moved_at"),
    )

    organisation_id: UUID = id_column(nullable=False)
    customer_id: UUID = id_column(nullable=False)
    currency: str = text_column(nullable=False)
    moved_at: datetime = instant_column("moved_at")
    model_id: UUID = id_column(nullable=False)
    before: str | None = text_column()
    quadrant: str = text_column(nullable=False)
