"""Imports: files of customers, and the rows of them that did not go through."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Uuid,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    instant_column,
    json_column,
    one_of,
    text_column,
)  # fmt: skip


class Import(Table, table=True):
    """A file that was sent to be imported: what it is, how it is taken, the job that does it."""

    __tablename__ = "imports"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_imports_organisation_id_created_by", "organisation_id", "created_by", "id"),
    )

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    resource: str = text_column(nullable=False)
    file_name: str = text_column(nullable=False)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = text_column(nullable=False)
    source: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))  # how it is read
    suggestion: dict[str, Any] = Field(
        sa_column=Column(JSONB, nullable=False)
    )  # column → field, score
    preview: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    options: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    job_id: UUID | None = Field(default=None, sa_column=Column(Uuid))  # the newest, dry or not
    created_by: UUID | None = Field(default=None, sa_column=Column(Uuid))  # gateway's user
    created_at: datetime = instant_column("created_at")


class ImportRow(Table, table=True):
    """A row of an import that did not go through wholly; see guanxi_shared/imports/kept_rows.py."""

    __tablename__ = "import_rows"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "job_id", "number"),
        ForeignKeyConstraint(
            ["organisation_id", "job_id"], ["jobs.organisation_id", "jobs.id"], ondelete="CASCADE"
        ),
        one_of("status", ("refused", "postponed", "incomplete")),
    )

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    job_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    line: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: str = text_column(nullable=False)
    cells: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reasons: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    record_id: UUID | None = Field(default=None, sa_column=Column(Uuid))
    reference: dict[str, Any] = json_column(
        "{}"
    )  # names of other records, to be looked up at the end
