"""Composites: what was asked in one go, how far it is, and who is at it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.models.columns import digest, instant, of_user, texts, words


class Composite(Table, table=True):
    """A composite's journal. `steps` holds each request and what became of it, as JSON text; once it has
    ended that is emptied and `answer` is what a repeat is given, for a day. `scopes` and `session_id` are the
    credential's that it was asked with."""

    __tablename__ = "composites"
    __table_args__ = (
        of_user(),
        CheckConstraint("state IN ('running', 'undoing', 'ended')", name="state"),
        Index(
            "uq_composites_organisation_id_user_id_key", "organisation_id", "user_id", "key",
            unique=True, postgresql_where=text("key IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    user_id: UUID
    session_id: UUID
    scopes: list[str] = texts()
    is_scoped: bool
    key: str | None = words(nullable=True)
    fingerprint: bytes = digest()
    all_or_nothing: bool
    state: str = words("running")
    steps: str = words()
    status: int | None = None
    answer: str | None = words(nullable=True)
    at: datetime = instant()
    finished_at: datetime | None = instant(nullable=True)


class CompositeTurn(Table, table=True):
    """Who is at an unfinished composite, and until when nobody else is; a dead gateway's is taken over."""

    __tablename__ = "composite_turns"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "id"], ["composites.organisation_id", "composites.id"],
            ondelete="CASCADE",
        ),
        Index("ix_composite_turns_leased_until", "leased_until"),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    lease: UUID
    leased_until: datetime = instant()
