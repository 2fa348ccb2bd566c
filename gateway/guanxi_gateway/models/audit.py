"""The audit log: entries in a chain, and its head."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    UniqueConstraint,
)  # fmt: skip
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.models.columns import (
    digest,
    document,
    instant,
    words,
)


class AuditEntry(Table, table=True):
    """Append-only (a trigger refuses anything else); `digest` chains it to the one before."""

    __tablename__ = "audit_log"
    __table_args__ = (
        UniqueConstraint("organisation_id", "position"),
        Index("ix_audit_log_organisation_id_action", "organisation_id", "action"),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    action: str = words()
    entry: dict[str, Any] = document()
    digest: bytes = digest()
    occurred_at: datetime = instant()


class AuditHead(Table, table=True):
    """The end of an organisation's chain, locked by whoever adds to it."""

    __tablename__ = "audit_heads"

    organisation_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: bytes = digest()
