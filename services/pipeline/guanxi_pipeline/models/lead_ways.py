"""How an organisation works its leads: settings, scorecard, assignment rules."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    text_column,
    texts_column,
    version_column,
)


class LeadSettings(Table, table=True):
    """One row for an organisation, whose id it bears."""

    __tablename__ = "lead_settings"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("id = organisation_id", name="only_one"),
        CheckConstraint("first_response_minutes > 0", name="first_response_minutes"),
        CheckConstraint("max_claimed > 0", name="max_claimed"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    first_response_minutes: int | None = Field(default=None, sa_column=Column(BigInteger))
    disqualify_reasons: list[str] = texts_column()
    is_reason_free: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    max_claimed: int | None = Field(default=None, sa_column=Column(BigInteger))
    is_common_pool_open: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="false")
    )
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class LeadScorecard(Table, table=True):
    """What makes a good lead: one row for an organisation, whose id it bears."""

    __tablename__ = "lead_scorecards"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("id = organisation_id", name="only_one"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    criteria: list[Any] = json_column("[]")  # {key, label, points, filter_groups}
    questions: list[Any] = json_column("[]")  # {key, text, choices: [{key, label, points}]}
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class AssignmentRule(Table, table=True):
    """Who gets the leads that fit a filter; the first rule by position that can, does."""

    __tablename__ = "lead_assignment_rules"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index(
            "ix_lead_assignment_rules_position", "organisation_id", "position", "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    filter_groups: list[Any] = json_column("[]")
    action: dict[str, Any] = json_column("{}")  # {kind, user_id, user_ids, team_id}
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class AssignmentTurn(Table, table=True):
    """Whose turn it was last by a rule that goes round."""

    __tablename__ = "lead_assignment_turns"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "rule_id"),)

    organisation_id: UUID = id_column(nullable=False)
    rule_id: UUID = id_column(nullable=False)
    last_user_id: UUID | None = id_column()  # gateway's user
