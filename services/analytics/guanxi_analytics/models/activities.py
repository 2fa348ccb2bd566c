"""Activities as they stood: what was done with customers, what is planned."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_analytics.models.fact_columns import indexes, moment, row_version
from guanxi_shared.columns import id_column, text_column


class ActivityFact(Table, table=True):
    """An activity with one of its accounts, or without any. `valid_at` is when it was done, else when it is meant for;
    `minutes` are this account's share of its time. What was said there stays where it was written."""

    __tablename__ = "activity_facts"
    __table_args__ = indexes("activity_facts", "valid_at", "account_id", "owner_id", "team_id")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # contacts' activity
    piece_id: UUID = id_column(nullable=False)
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    kind: str = text_column(nullable=False)
    status: str = text_column(nullable=False)
    priority: str = text_column(nullable=False)
    valid_at: datetime = moment("valid_at", nullable=False)
    until_at: datetime | None = moment("until_at")  # by when it ought to be done
    minutes: int | None = Field(default=None, sa_column=Column(BigInteger))
    is_checked_in: bool = Field(sa_column=Column(Boolean, nullable=False))
    is_far: bool | None = Field(default=None, sa_column=Column(Boolean))
    account_id: UUID | None = id_column()
    opportunity_id: UUID | None = id_column()
    ticket_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
