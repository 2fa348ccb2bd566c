"""Consents, and what is left of people who were erased."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)

CHANNELS = ("email", "phone", "sms", "wechat", "whatsapp", "post", "visit", "push")
PURPOSES = ("marketing", "service", "research", "profiling", "sharing")
CONSENT_STATUSES = ("granted", "denied", "withdrawn")
ERASURE_REASONS = (
    "subject_request", "retention_expired", "consent_withdrawn", "unlawful", "other",
)  # fmt: skip
PERSONS = ("contact", "account")


class Consent(Table, table=True):
    """What a person said, once, about one channel and one purpose. Never changed: a later entry
    takes its place, and the one with the newest `given_at` counts."""

    __tablename__ = "consents"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "contact_id"], ["contacts.organisation_id", "contacts.id"]
        ),
        ForeignKeyConstraint(["organisation_id", "file_id"], ["files.organisation_id", "files.id"]),
        one_of("channel", CHANNELS),
        one_of("purpose", PURPOSES),
        one_of("status", CONSENT_STATUSES),
        CheckConstraint("expires_at > given_at", name="expires_at"),
        Index(
            "ix_consents_organisation_id_contact_id",
            "organisation_id", "contact_id", "channel", "purpose", "given_at",
        ),
        Index(
            "ix_consents_organisation_id_channel",
            "organisation_id", "channel", "purpose", "status", "contact_id",
        ),
        Index(
            "ix_consents_organisation_id_file_id", "organisation_id", "file_id",
            postgresql_where=text("file_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    contact_id: UUID = id_column(nullable=False)
    channel: str = text_column(nullable=False)
    purpose: str = text_column(nullable=False)
    status: str = text_column(nullable=False)
    source: str = text_column(nullable=False)  # the form, call or paper it came by
    proof: str | None = text_column()  # the words that were agreed to, where they were said
    file_id: UUID | None = id_column()
    given_at: datetime = instant_column("given_at")
    expires_at: datetime | None = instant_column("expires_at", nullable=True)
    recorded_by: UUID | None = id_column()  # gateway's user
    version: int = version_column()
    created_at: datetime = instant_column("created_at")


class LegalHold(Table, table=True):
    """While one stands, its person cannot be erased and their files are not purged."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("subject_type", PERSONS),
        Index(
            "uq_legal_holds_organisation_id_subject_id",
            "organisation_id", "subject_id", "subject_type",
            unique=True, postgresql_where=text("released_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    subject_type: str = text_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)
    reason: str = text_column(nullable=False)
    placed_by: UUID | None = id_column()  # gateway's user
    placed_at: datetime = instant_column("placed_at")
    released_by: UUID | None = id_column()  # gateway's user
    released_at: datetime | None = instant_column("released_at", nullable=True)


class Erasure(Table, table=True):
    """That somebody was erased, by whom and why: all that is kept. The request role adds rows and
    reads them, no more."""

    __tablename__ = "erasures"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("subject_type", PERSONS),
        one_of("reason", ERASURE_REASONS),
        Index(
            "uq_erasures_organisation_id_subject_id",
            "organisation_id", "subject_id", "subject_type", unique=True,
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    subject_type: str = text_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)
    reason: str = text_column(nullable=False)
    request_reference: str | None = text_column()  # the number of a letter or case; no names
    erased_by: UUID | None = id_column()  # gateway's user
    erased_at: datetime = instant_column("erased_at")
    counts: dict[str, Any] = json_column("{}")  # rows of each place


class Suppression(Table, table=True):
    """A keyed hash of an address of somebody who was erased, so that a file which brings them back
    does not bring back the mailings. Whoever has only the database cannot tell whose it is."""

    __tablename__ = "suppressions"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "key_hash"),)

    organisation_id: UUID = id_column(nullable=False)
    key_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = instant_column("created_at")
