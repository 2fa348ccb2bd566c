"""Pipelines and their stages: the process that opportunities go through."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)

STAGE_KINDS = ("open", "won", "lost")
FORECAST_CATEGORIES = ("omitted", "pipeline", "best_case", "commit", "closed")
REOPENERS = ("anybody", "manager", "nobody")


class Pipeline(Table, table=True):
    """A sales process. Its stages are rows of their own and shown inside it."""

    __tablename__ = "pipelines"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("reopened_by", REOPENERS),
        CheckConstraint("reopen_within_days >= 0", name="reopen_within_days"),
        CheckConstraint("idle_days > 0", name="idle_days"),
        # One default each, and one by each name.
        Index(
            "uq_pipelines_default", "organisation_id", unique=True,
            postgresql_where=text("is_default AND deleted_at IS NULL"),
        ),
        Index(
            "uq_pipelines_organisation_id_name", "organisation_id", text("lower(name)"), unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    is_default: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    idle_days: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="14"))
    reopened_by: str = Field(sa_column=Column(Text, nullable=False, server_default="anybody"))
    reopen_within_days: int | None = Field(default=None, sa_column=Column(BigInteger))
    uses_model: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    win_reasons: list[str] = texts_column()
    loss_reasons: list[str] = texts_column()
    external_id: str | None = text_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class Stage(Table, table=True):
    """A step of a pipeline. Its kind never changes: what stands in it would be won or lost by it."""

    __tablename__ = "stages"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        # What an opportunity refers to: a stage of its own pipeline, or the database refuses.
        UniqueConstraint("organisation_id", "pipeline_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"], ["pipelines.organisation_id", "pipelines.id"]
        ),
        one_of("kind", STAGE_KINDS),
        one_of("forecast_category", FORECAST_CATEGORIES),
        CheckConstraint("probability >= 0 AND probability <= 100", name="probability"),
        CheckConstraint("max_days > 0", name="max_days"),
        Index("ix_stages_organisation_id_pipeline_id", "organisation_id", "pipeline_id", "position"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    pipeline_id: UUID = id_column(nullable=False)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    name: str = text_column(nullable=False)
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default="open"))
    probability: Decimal = Field(sa_column=Column(Numeric(5, 2), nullable=False))  # percent
    forecast_category: str = Field(sa_column=Column(Text, nullable=False))
    max_days: int | None = Field(default=None, sa_column=Column(BigInteger))
    required_fields: list[str] = texts_column()
    exit_criteria: list[Any] = json_column("[]")  # {key, text, filter}
    guidance: str | None = text_column()
    removed_at: datetime | None = instant_column("removed_at", nullable=True)
