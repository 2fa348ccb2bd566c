"""Accounts: the customers."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table

ACCOUNT_KINDS = ("company", "person")
GRADES = ("A", "B", "C", "D")
LIFECYCLE_STAGES = ("prospect", "new", "active", "loyal", "at_risk", "lost", "won_back")
RELATIONSHIP_LEVELS = ("basic", "reactive", "accountable", "proactive", "partnership")
NEEDS_TIERS = ("survival", "security", "social", "esteem", "self_actualisation")


class Account(Table, table=True):
    """A customer: a company, or a person who buys alone."""

    __tablename__ = "accounts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "parent_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "referred_by_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        one_of("kind", ACCOUNT_KINDS),
        one_of("grade", GRADES),
        one_of("lifecycle_stage", LIFECYCLE_STAGES),
        one_of("relationship_level", RELATIONSHIP_LEVELS),
        one_of("needs_tier", NEEDS_TIERS),
        CheckConstraint("(revenue_amount IS NULL) = (revenue_currency IS NULL)", name="revenue"),
        CheckConstraint(
            "(credit_limit_amount IS NULL) = (credit_limit_currency IS NULL) AND credit_limit_amount >= 0",
            name="credit_limit",
        ),
        Index("ix_accounts_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_accounts_organisation_id_name", "organisation_id", "name", "id"),
        # One's own records filtered by the usual fields: answered from the index alone.
        Index(
            "ix_accounts_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id",
            postgresql_include=["deleted_at", "industry", "region", "source", "grade", "lifecycle_stage"],
        ),
        Index("ix_accounts_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_accounts_ownerless", "organisation_id", "id",
            postgresql_where=text("owner_id IS NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_accounts_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        ForeignKeyConstraint(
            ["organisation_id", "merged_into_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        Index(
            "ix_accounts_organisation_id_merged_into_id", "organisation_id", "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        Index(
            "ix_accounts_organisation_id_parent_id", "organisation_id", "parent_id",
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        Index(
            "ix_accounts_organisation_id_referred_by_id", "organisation_id", "referred_by_id",
            postgresql_where=text("referred_by_id IS NOT NULL"),
        ),
        Index(
            "ix_accounts_placed", "organisation_id", "latitude", "longitude",
            postgresql_where=text("latitude IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    legal_name: str | None = text_column()
    short_name: str | None = text_column()
    local_name: str | None = text_column()  # the name in the local script, where `name` is not it
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default="company"))
    industry: str | None = text_column()
    region: str | None = text_column()
    source: str | None = text_column()
    domain: str | None = text_column()
    website: str | None = text_column()
    founded_year: int | None = Field(default=None, sa_column=Column(BigInteger))
    staff_count: int | None = Field(default=None, sa_column=Column(BigInteger))
    revenue_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    revenue_currency: str | None = text_column()
    credit_limit_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    credit_limit_currency: str | None = text_column()
    phones: list[Any] = json_column("[]")
    emails: list[Any] = json_column("[]")
    addresses: list[Any] = json_column("[]")
    latitude: float | None = Field(default=None, sa_column=Column(Float))
    longitude: float | None = Field(default=None, sa_column=Column(Float))
    parent_id: UUID | None = id_column()
    referred_by_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    grade: str | None = text_column()
    lifecycle_stage: str = Field(sa_column=Column(Text, nullable=False, server_default="prospect"))
    relationship_level: str | None = text_column()
    needs_tier: str | None = text_column()
    description: str | None = text_column()
    key_account: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    external_id: str | None = text_column()  # the id in the system it was imported from
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    erased_at: datetime | None = instant_column("erased_at", nullable=True)
    merged_into_id: UUID | None = id_column()  # deleted as a double
    as_shown: str | None = text_column()  # the account as the API shows it


ACCOUNT_SEARCH = add_search_table(Table.metadata.tables["accounts"])
