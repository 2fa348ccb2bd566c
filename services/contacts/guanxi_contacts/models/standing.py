"""How accounts came to stand where they stand."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import id_column, instant_column, one_of, text_column

STANDING_DIMENSIONS = ("grade", "lifecycle_stage", "relationship_level", "needs_tier")
STANDING_SOURCES = ("by_hand", "analytics", "import", "system")


class StandingChange(Table, table=True):
    """One of the four moved in one version of an account. Written by a trigger on the log
    (migration 0004), so by every way in which an account changes; nothing else writes here."""

    __tablename__ = "standing_changes"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "account_id", "version", "dimension"),
        ForeignKeyConstraint(
            ["organisation_id", "account_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        one_of("dimension", STANDING_DIMENSIONS),
        one_of("source", STANDING_SOURCES),
    )

    organisation_id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)
    version: int = Field(sa_column=Column(BigInteger, nullable=False))  # the account's, after it
    dimension: str = text_column(nullable=False)
    from_value: str | None = text_column()
    to_value: str | None = text_column()
    reason: str | None = text_column()
    source: str = text_column(nullable=False)
    is_correction: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    effective_on: date | None = Field(
        default=None, sa_column=Column(Date)
    )  # if not on the day of `at`
    actor_id: UUID | None = id_column()  # gateway's user
    actor_kind: str = text_column(nullable=False)
    at: datetime = instant_column("at")
