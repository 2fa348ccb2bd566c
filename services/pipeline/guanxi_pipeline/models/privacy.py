"""Who was erased: all that is kept of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint

from guanxi_pipeline.db import Table
from guanxi_shared.columns import id_column, instant_column, json_column, one_of, text_column

ERASED = ("lead", "contact", "account")
ERASURE_REASONS = ("subject_request", "retention_expired", "consent_withdrawn", "unlawful", "other")


class Erasure(Table, table=True):
    """That somebody was erased, by whom and why: a lead here, or a contact or an account as contacts
    told. The request role adds rows and reads them, no more. One who is found here once more later has
    another row."""

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
    request_reference: str | None = text_column()  # the number of a letter or case; no names
    erased_by: UUID | None = id_column()  # gateway's user
    erased_at: datetime = instant_column("erased_at")
    counts: dict[str, Any] = json_column("{}")  # rows of each place
