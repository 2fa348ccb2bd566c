"""Who was erased, as contacts told or by what they had typed: all that is kept of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint

from guanxi_shared.columns import id_column, instant_column, json_column, one_of, text_column
from guanxi_tickets.db import Table

ERASED = ("contact", "account", "requester")
ERASURE_REASONS = ("subject_request", "retention_expired", "consent_withdrawn", "unlawful", "other")


class Erasure(Table, table=True):
    """The request role adds rows and reads them, no more."""

    __tablename__ = "erasures"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("subject_type", ERASED),
        one_of("reason", ERASURE_REASONS),
        Index(
            "uq_erasures_organisation_id_subject_id",
            "organisation_id", "subject_id", "subject_type", "erased_at", unique=True,
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    subject_type: str = text_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)
    reason: str = text_column(nullable=False)
    request_reference: str | None = text_column()
    erased_by: UUID | None = id_column()  # gateway's user
    erased_at: datetime = instant_column("erased_at")
    counts: dict[str, Any] = json_column("{}")  # rows of each place
