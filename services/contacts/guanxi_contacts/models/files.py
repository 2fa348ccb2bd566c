"""Files: what was uploaded, and the records that it belongs to. The bytes lie elsewhere."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import id_column, instant_column, one_of, text_column, version_column

STORAGES = ("local", "s3")
LINKABLE = ("account", "contact", "activity")


class File(Table, table=True):
    """A file as people know it. `blob_id` names its bytes: made here for each upload, so that two
    uploads under one client-given id never write into each other."""

    __tablename__ = "files"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("storage", STORAGES),
        Index("uq_files_organisation_id_blob_id", "organisation_id", "blob_id", unique=True),
        Index("ix_files_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_files_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_files_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index(
            "ix_files_organisation_id_deleted_at", "organisation_id", "deleted_at",
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)  # as the sender calls it; never a path of ours
    content_type: str = text_column(nullable=False)  # what the bytes say
    declared_type: str | None = text_column()  # what the sender said
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = text_column(nullable=False)
    blob_id: UUID = id_column(nullable=False)
    storage: str = text_column(nullable=False)
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    erased_at: datetime | None = instant_column("erased_at", nullable=True)


class FileLink(Table, table=True):
    """A file belongs to a record: whoever sees the record sees the file."""

    __tablename__ = "file_links"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "file_id", "subject_type", "subject_id"),
        ForeignKeyConstraint(
            ["organisation_id", "file_id"], ["files.organisation_id", "files.id"],
            ondelete="CASCADE",
        ),
        one_of("subject_type", LINKABLE),
        Index(
            "ix_file_links_organisation_id_subject_id",
            "organisation_id", "subject_id", "subject_type", "file_id",
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    file_id: UUID = id_column(nullable=False)
    subject_type: str = text_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)
