"""What pipeline keeps of other services' records: small copies, fed by their feeds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import id_column, instant_column, text_column, texts_column


class KnownAccount(Table, table=True):
    """An account of contacts, as far as it is shown, filtered by and guarded here."""

    __tablename__ = "known_accounts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_known_accounts_organisation_id_name", "organisation_id", "name", "id"),
        Index("ix_known_accounts_organisation_id_name_key", "organisation_id", "name_key", "id"),
        Index(
            "ix_known_accounts_organisation_id_external_id", "organisation_id", "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "ix_known_accounts_organisation_id_merged_into_id", "organisation_id", "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    name_key: str | None = text_column()  # as imports look it up: see references/named.py
    external_id: str | None = text_column()
    industry: str | None = text_column()
    region: str | None = text_column()
    grade: str | None = text_column()
    country: str | None = text_column()  # of its office, else of its first address, as written
    province: str | None = text_column()
    city: str | None = text_column()
    known_by: list[str] = texts_column()  # of a person: see privacy/person_rules.py
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    merged_into_id: UUID | None = id_column()
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class KnownContact(Table, table=True):
    """A person of contacts."""

    __tablename__ = "known_contacts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index(
            "ix_known_contacts_organisation_id_merged_into_id", "organisation_id", "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    title: str | None = text_column()
    known_by: list[str] = texts_column()  # see privacy/person_rules.py
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    merged_into_id: UUID | None = id_column()
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class MergeFollow(Table, table=True):
    """A record here that was pointed from a merged account or person to the survivor: what an undone
    merge gives back."""

    __tablename__ = "merge_follows"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "merge_id", "resource", "field", "record_id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    merge_id: UUID = id_column(nullable=False)  # contacts' merge, or the source
    resource: str = text_column(nullable=False)
    field: str = text_column(nullable=False)  # the column that names it
    record_id: UUID = id_column(nullable=False)
    before: Any = Field(sa_column=Column(JSONB, nullable=False))  # the column as it was
    after: Any = Field(sa_column=Column(JSONB, nullable=False))  # and as the merge left it
