"""What was learnt of winning: the newest comparison of each pipeline, and the model that came of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import id_column, instant_column, json_column, one_of, text_column

VERDICTS = ("better", "no_better_than_win_rate", "no_better_than_stage_default")


class WinModel(Table, table=True):
    """One for each pipeline: training anew replaces it. Without `model` there was nothing to use."""

    __tablename__ = "win_models"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "pipeline_id"),
        ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"], ["pipelines.organisation_id", "pipelines.id"]
        ),
        one_of("verdict", VERDICTS),
        CheckConstraint("(verdict = 'better') = (model IS NOT NULL)", name="model"),
        CheckConstraint("NOT is_in_use OR model IS NOT NULL", name="is_in_use"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    pipeline_id: UUID = id_column(nullable=False)
    verdict: str = text_column(nullable=False)
    comparison: dict[str, Any] = json_column("{}")  # on the held-back months
    model: Any = Field(default=None, sa_column=Column(JSONB))  # coefficients and calibration
    parameters: dict[str, Any] = json_column("{}")  # seed, versions
    watermark: dict[str, Any] = json_column("{}")  # how much of the log it has seen
    is_in_use: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    trained_at: datetime = instant_column("trained_at")
    trained_by: UUID | None = id_column()  # gateway's user
    ended_at: datetime | None = instant_column("ended_at", nullable=True)  # taken out of use
    applied_at: datetime | None = instant_column("applied_at", nullable=True)  # to open deals
