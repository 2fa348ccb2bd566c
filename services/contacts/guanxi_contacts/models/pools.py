"""Open pools: customers without an owner, the rules that bring them there, and what those rules ask."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)

POOLED_RESOURCES = ("accounts",)


def _days(default: str = "0") -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False, server_default=default))


class Pool(Table, table=True):
    """Where ownerless records wait for somebody who claims them."""

    __tablename__ = "pools"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("resource", POOLED_RESOURCES),
        CheckConstraint("max_held > 0", name="max_held"),
        CheckConstraint("max_claims_per_day > 0", name="max_claims_per_day"),
        Index(
            "uq_pools_organisation_id_name", "organisation_id", "name", unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_pools_organisation_id_priority", "organisation_id", "priority", "id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    resource: str = Field(sa_column=Column(Text, nullable=False, server_default="accounts"))
    priority: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="100"))
    team_ids: list[UUID] = ids_column()  # gateway's teams and users: the members
    user_ids: list[UUID] = ids_column()
    entry_filter: dict[str, Any] = json_column("{}")  # a search document's filter_groups
    release_rules: list[Any] = json_column("[]")
    warn_days: int = _days()
    protection_days: int = _days()
    max_held: int | None = Field(default=None, sa_column=Column(BigInteger))
    max_claims_per_day: int | None = Field(default=None, sa_column=Column(BigInteger))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class AccountDealing(Table, table=True):
    """What is going on with an account, as the rules of pools ask; a row once there is something to
    say. `owned_since`, and the end of all that belongs to one ownership, come from a trigger on
    `accounts.owner_id`, which no way of writing passes by. Facts only move forward."""

    __tablename__ = "account_dealings"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "account_id"),
        ForeignKeyConstraint(
            ["organisation_id", "account_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        ForeignKeyConstraint(["organisation_id", "pool_id"], ["pools.organisation_id", "pools.id"]),
        ForeignKeyConstraint(
            ["organisation_id", "from_pool_id"], ["pools.organisation_id", "pools.id"]
        ),
        Index("ix_account_dealings_idle", "organisation_id", "idle_since"),
        Index("ix_account_dealings_unwon", "organisation_id", "unwon_since"),
        Index(
            "ix_account_dealings_contract", "organisation_id", "contract_ends_on",
            postgresql_where=text("contract_ends_on IS NOT NULL"),
        ),
        Index(
            "ix_account_dealings_held", "organisation_id", "from_pool_id", "holder_id",
            postgresql_where=text("from_pool_id IS NOT NULL"),
        ),
        Index(
            "ix_account_dealings_pool", "organisation_id", "pool_id",
            postgresql_where=text("pool_id IS NOT NULL"),
        ),
        Index(
            "ix_account_dealings_warned", "organisation_id", "warned_at",
            postgresql_where=text("warned_at IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)
    last_activity_at: datetime | None = instant_column("last_activity_at", nullable=True)
    last_won_at: datetime | None = instant_column("last_won_at", nullable=True)
    contract_ends_on: date | None = Field(default=None, sa_column=Column(Date))
    owned_since: datetime | None = instant_column("owned_since", nullable=True)
    idle_since: datetime | None = Field(
        default=None,
        sa_column=Column(
            DateTime(timezone=True), Computed("greatest(last_activity_at, owned_since)", persisted=True)
        ),
    )  # fmt: skip
    unwon_since: datetime | None = Field(
        default=None,
        sa_column=Column(
            DateTime(timezone=True), Computed("greatest(last_won_at, owned_since)", persisted=True)
        ),
    )
    pool_id: UUID | None = id_column()  # put there by name or rule
    from_pool_id: UUID | None = id_column()  # its owner's source
    holder_id: UUID | None = id_column()  # who has it from there
    protected_until: datetime | None = instant_column("protected_until", nullable=True)
    warned_at: datetime | None = instant_column("warned_at", nullable=True)


class PoolClaimCount(Table, table=True):
    """How many records somebody claimed from a pool on a day of the organisation."""

    __tablename__ = "pool_claim_counts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "pool_id", "day", "user_id"),
        ForeignKeyConstraint(["organisation_id", "pool_id"], ["pools.organisation_id", "pools.id"]),
    )

    organisation_id: UUID = id_column(nullable=False)
    pool_id: UUID = id_column(nullable=False)
    day: date = Field(sa_column=Column(Date, nullable=False))
    user_id: UUID = id_column(nullable=False)
    claims: int = Field(sa_column=Column(BigInteger, nullable=False))


class PoolSweep(Table, table=True):
    """Organisations whose pools are swept, and since when changed accounts have been looked at. Ids
    and times only: the worker, bound to no organisation, reads here whom it has work for."""

    __tablename__ = "pool_sweeps"
    __table_args__ = (PrimaryKeyConstraint("organisation_id"),)

    organisation_id: UUID = id_column(nullable=False)
    enrolled_until: datetime | None = instant_column("enrolled_until", nullable=True)
    enrolled_whole_at: datetime | None = instant_column("enrolled_whole_at", nullable=True)
    swept_at: datetime | None = instant_column("swept_at", nullable=True)
