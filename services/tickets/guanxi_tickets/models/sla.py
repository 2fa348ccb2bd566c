"""What is promised: business calendars, and policies with their targets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)
from guanxi_tickets.db import Table

ON_REOPEN = ("continue", "anew")
ALERTS = ("warning", "breach")


class BusinessCalendar(Table, table=True):
    """When work is done, on the wall clock of a time zone."""

    __tablename__ = "business_calendars"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index(
            "uq_business_calendars_organisation_id_name", "organisation_id", text("lower(name)"),
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    time_zone: str = text_column(nullable=False)
    always: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    hours: dict[str, Any] = json_column("{}")  # weekday → [{from, to}]
    holidays: list[Any] = json_column("[]")  # {on, name}
    exceptional_days: list[Any] = json_column("[]")  # {on, name, hours}
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class SlaPolicy(Table, table=True):
    """Targets by priority; of the active ones, in their order, the first that fits a new ticket is its."""

    __tablename__ = "sla_policies"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "calendar_id"],
            ["business_calendars.organisation_id", "business_calendars.id"],
        ),
        one_of("on_reopen", ON_REOPEN),
        Index(
            "uq_sla_policies_organisation_id_name", "organisation_id", text("lower(name)"),
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    position: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    filter_groups: list[Any] = json_column("[]")  # a search document's, over tickets
    calendar_id: UUID = id_column(nullable=False)
    targets: dict[str, Any] = json_column("{}")  # priority → clock → {seconds, warnings}
    pauses: dict[str, Any] = json_column("{}")  # status → the clocks that stand still in it
    escalations: list[Any] = json_column("[]")  # {clock, on, percent, actions}
    promise_warnings: list[Any] = json_column("[]")  # percents
    on_reopen: str = Field(sa_column=Column(Text, nullable=False, server_default="continue"))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class SlaAlert(Table, table=True):
    """A warning or a breach of one run of a clock, told once; `number` counts the runs of a clock."""

    __tablename__ = "sla_alerts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("what", ALERTS),
        Index(
            "uq_sla_alerts_once", "organisation_id", "ticket_id", "clock", "number", "what",
            text("coalesce(percent, 0)"), unique=True,
        ),
        Index("ix_sla_alerts_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index(
            "ix_sla_alerts_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        *(
            Index(
                f"ix_sla_alerts_organisation_id_{name}", "organisation_id", name,
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("account_id", "requester_id")
        ),
        Index("ix_sla_alerts_notified", "organisation_id", "notified_ids", postgresql_using="gin"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    what: str = text_column(nullable=False)
    clock: str = text_column(nullable=False)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    percent: int | None = Field(default=None, sa_column=Column(BigInteger))
    happened_at: datetime = instant_column("happened_at")
    due_at: datetime | None = instant_column("due_at", nullable=True)
    policy_id: UUID | None = id_column()  # none of a promise without one
    policy_version: int | None = Field(default=None, sa_column=Column(BigInteger))
    notified_ids: list[UUID] = ids_column()  # gateway's users
    actions: list[Any] = json_column("[]")  # {action, done, sentence}
    account_id: UUID | None = id_column()  # of whose ticket it was then: timelines show it
    requester_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()  # the ticket's, and so is the team
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
