"""Uploads that may break off and go on: what is known of a file before all of its bytes are here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import id_column, instant_column, json_column, text_column


class Upload(Table, table=True):
    """`id` is that of the file to come. `received` bytes are on the disk, under `blob_id`; the row stays for a
    while after it was `completed_at`, for a sender whose answer was lost."""

    __tablename__ = "uploads"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_uploads_organisation_id_owner_id", "organisation_id", "owner_id"),
        Index("ix_uploads_organisation_id_expires_at", "organisation_id", "expires_at"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    owner_id: UUID = id_column(nullable=False)  # gateway's user: who sends it, and nobody else
    blob_id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    declared_type: str | None = text_column()
    sha256: str | None = text_column()  # what the sender says of the whole
    links: list[dict[str, Any]] = json_column("[]")
    length: int = Field(sa_column=Column(BigInteger, nullable=False))
    received: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    created_at: datetime = instant_column("created_at")
    expires_at: datetime = instant_column("expires_at")
    completed_at: datetime | None = instant_column("completed_at", nullable=True)
