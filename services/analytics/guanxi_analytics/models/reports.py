"""Reports that people saved, answers that are kept, and what tells whether they still hold."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
)
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)
from guanxi_shared.sharing import SHARED_WITH

CHARTS = ("auto", "bars", "columns", "line", "none")


class Report(Table, table=True):
    """A query by a name. `team_id` is whose it is by the one rule of visibility, as of saved views (sharing.py)."""

    __tablename__ = "reports"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("chart", CHARTS),
        one_of("shared_with", SHARED_WITH),
        CheckConstraint("(shared_with = 'team') = (shared_team_id IS NOT NULL)", name="sharing"),
        Index("ix_reports_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_reports_organisation_id_team_id", "organisation_id", "team_id", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    name_zh: str | None = text_column()
    document: dict[str, Any] = json_column("{}")  # as it is sent to /v1/analytics/query
    chart: str = Field(sa_column=Column(Text, nullable=False, server_default="auto"))
    is_graded: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    shared_with: str = Field(sa_column=Column(Text, nullable=False, server_default="nobody"))
    shared_team_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class ReportResult(Table, table=True):
    """An answer, kept under everything that it was made from: the query with its days and values, whose records were
    summed, the code (all of them in `key`), and the watermark of the facts."""

    __tablename__ = "report_results"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "key"),
        Index("ix_report_results_computed_at", "organisation_id", "computed_at"),
    )

    organisation_id: UUID = id_column(nullable=False)
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # SHA-256
    watermark: str = text_column(nullable=False)
    code_version: int = Field(sa_column=Column(BigInteger, nullable=False))
    parameters: dict[str, Any] = json_column("{}")
    answer: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # JSON
    computed_at: datetime = instant_column("computed_at")


class FactMark(Table, table=True):
    """How often the facts of a source changed for an organisation: counted up in the transaction that changes them."""

    __tablename__ = "fact_marks"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "source"),)

    organisation_id: UUID = id_column(nullable=False)
    source: str = text_column(nullable=False)
    version: int = version_column()
    changed_at: datetime = instant_column("changed_at")
