"""Sales territories, and which account is in which."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    text_column,
    texts_column,
    version_column,
)


class Territory(Table, table=True):
    """A part of the market, and who answers for it. An account is in the first whose lists all have it."""

    __tablename__ = "territories"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "parent_id"], ["territories.organisation_id", "territories.id"]
        ),
        Index(
            "uq_territories_organisation_id_name", "organisation_id", "name", unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_territories_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_territories_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_territories_organisation_id_team_id", "organisation_id", "team_id", "id"),
        Index("ix_territories_organisation_id_parent_id", "organisation_id", "parent_id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    parent_id: UUID | None = id_column()
    rank: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="100"))
    countries: list[str] = texts_column()
    regions: list[str] = texts_column()
    provinces: list[str] = texts_column()
    cities: list[str] = texts_column()
    industries: list[str] = texts_column()
    grades: list[str] = texts_column()
    external_id: str | None = text_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class TerritoryAccount(Table, table=True):
    """That an account is in a territory, or was, as it was told. Owner and team are the territory's."""

    __tablename__ = "territory_accounts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "territory_id"], ["territories.organisation_id", "territories.id"]
        ),
        Index(
            "uq_territory_accounts_organisation_id_account_id", "organisation_id", "account_id", unique=True,
        ),
        Index(
            "ix_territory_accounts_organisation_id_territory_id",
            "organisation_id", "territory_id", "account_id",
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)  # made of the account's
    account_id: UUID = id_column(nullable=False)  # contacts' account
    territory_id: UUID = id_column(nullable=False)
    is_pinned: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    # Where somebody put it, whether or not that is there at present.
    pinned_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
