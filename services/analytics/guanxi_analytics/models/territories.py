"""Sales territories as they stood, and which accounts were in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index

from guanxi_analytics.db import Table
from guanxi_analytics.models.fact_columns import indexes, moment, row_version
from guanxi_shared.columns import id_column, text_column


class TerritoryFact(Table, table=True):
    """Its name and who may see it: who answers for it, and their team."""

    __tablename__ = "territory_facts"
    __table_args__ = indexes("territory_facts")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's territory
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    name: str = text_column(nullable=False)
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class TerritoryAccountFact(Table, table=True):
    """In which territory an account is, or was: at any moment in one at most."""

    __tablename__ = "territory_account_facts"
    __table_args__ = (
        *indexes("territory_account_facts"),
        # Asked for as of any moment by one statement: not of what is known now alone.
        Index("ix_territory_account_facts_account", "organisation_id", "account_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's assignment, one an account
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    territory_id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)
