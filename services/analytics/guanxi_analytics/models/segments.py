"""Segments of accounts as they stood, and which accounts were in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index

from guanxi_analytics.db import Table
from guanxi_analytics.models.fact_columns import indexes, moment, row_version
from guanxi_shared.columns import id_column, text_column


class SegmentFact(Table, table=True):
    """Its name and who may see it: its owner, its team, or everybody where it is shared with `all`."""

    __tablename__ = "segment_facts"
    __table_args__ = indexes("segment_facts")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # contacts' segment
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    name: str = text_column(nullable=False)
    segment_kind: str = text_column(nullable=False)
    shared_with: str = text_column(nullable=False)
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class SegmentMemberFact(Table, table=True):
    """That an account is in a segment, or was. Of a segment that is gone nobody is."""

    __tablename__ = "segment_member_facts"
    __table_args__ = (
        *indexes("segment_member_facts"),
        # Asked for as of any moment by one statement: not of what is known now alone.
        Index("ix_segment_member_facts_account", "organisation_id", "account_id"),
        Index("ix_segment_member_facts_segment", "organisation_id", "segment_id", "account_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # contacts' member of a segment
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    segment_id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)
