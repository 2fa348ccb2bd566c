"""What is known of a file before all of its bytes are here."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from guanxi_shared.schema import instant


def add_uploads_table(metadata: MetaData) -> Table:
    """`id` is that of the file to come. `received` bytes are on the disk, under `blob_id`; the row stays for a
    while after it was `completed_at`, for a sender whose answer was lost. `links` say what the file is of."""
    return Table(
        "uploads",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("owner_id", Uuid, nullable=False),  # gateway's user: who sends it, and nobody else
        Column("blob_id", Uuid, nullable=False),
        Column("name", Text, nullable=False),
        Column("declared_type", Text),
        Column("sha256", Text),  # what the sender says of the whole
        Column("links", JSONB, server_default=text("'[]'"), nullable=False),
        Column("length", BigInteger, nullable=False),
        Column("received", BigInteger, server_default="0", nullable=False),
        instant("created_at", now=True),
        instant("expires_at", now=True),
        instant("completed_at", nullable=True),
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_uploads_organisation_id_owner_id", "organisation_id", "owner_id"),
        Index("ix_uploads_organisation_id_expires_at", "organisation_id", "expires_at"),
    )
