"""Scores of customers among all of their organisation's, made anew by the worker."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, PrimaryKeyConstraint, SmallInteger, text
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_shared.columns import id_column, instant_column, text_column


def _score() -> Any:
    return Field(sa_column=Column(SmallInteger, nullable=False))


class CustomerScore(Table, table=True):
    """Recency, frequency and money, 5 the best fifth, among the customers of one currency."""

    __tablename__ = "customer_scores"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "customer_id", "currency"),)

    organisation_id: UUID = id_column(nullable=False)
    customer_id: UUID = id_column(nullable=False)
    currency: str = text_column(nullable=False)
    recency: int = _score()
    frequency: int = _score()
    monetary: int = _score()
    grade: str = text_column(nullable=False)  # A, B, C by cumulative amount
    last_on: date = Field(sa_column=Column(Date, nullable=False))
    scored_at: datetime = instant_column("scored_at")


class CustomerScoring(Table, table=True):
    """How often an organisation's sums changed, and how often they had when its customers were scored last."""

    __tablename__ = "customer_scorings"
    __table_args__ = (PrimaryKeyConstraint("organisation_id"),)

    organisation_id: UUID = id_column(nullable=False)
    changes: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("1")))
    scored: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
