"""What customers are asked about how they were served, whom that was sent to, and what they answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)
from guanxi_tickets.db import Table

KINDS = ("csat", "nps", "ces", "satisfaction", "kano", "custom")
OCCASIONS = ("solved", "closed", "schedule", "hand")
STATUSES = ("planned", "sent", "started", "answered", "dropped")
REASONS = ("reopened", "asked_lately", "nobody", "ticket_gone", "survey_off", "erased")


def _whole(default: str | None = None, *, nullable: bool = False) -> Any:
    column = Column(BigInteger, nullable=nullable, server_default=default)
    return Field(default=None, sa_column=column)


def _flag(default: str) -> Any:
    return Field(sa_column=Column(Boolean, nullable=False, server_default=default))


class Survey(Table, table=True):
    """Questions, and when they are sent; what is asked stands in its editions, which never change."""

    __tablename__ = "surveys"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("kind", KINDS),
        one_of("send_on", OCCASIONS),
        CheckConstraint("sample_percent BETWEEN 1 AND 100", name="sample_percent"),
        Index(
            "uq_surveys_organisation_id_name", "organisation_id", text("lower(name)"),
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_surveys_next_run_at", "organisation_id", "next_run_at",
            postgresql_where=text("next_run_at IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    kind: str = text_column(nullable=False)
    is_active: bool = _flag("true")
    default_language: str = Field(sa_column=Column(Text, nullable=False, server_default="en"))
    texts: dict[str, Any] = json_column("{}")  # language → title, intro, thanks, score
    scale_min: int = _whole("1")
    scale_max: int = _whole("5")
    is_low_good: bool = _flag("false")  # of an effort score
    items: list[Any] = json_column("[]")  # {key, texts}
    questions: list[Any] = json_column("[]")  # the organisation's own
    edition: int = _whole("1")
    send_on: str = Field(sa_column=Column(Text, nullable=False, server_default="hand"))
    delay_minutes: int = _whole("0")
    every_days: int = _whole("30")
    next_run_at: datetime | None = instant_column("next_run_at", nullable=True)
    ran_until: datetime | None = instant_column("ran_until", nullable=True)
    filter_groups: list[Any] = json_column("[]")  # a search document's, over tickets
    sample_percent: int = _whole("100")
    quiet_days: int = _whole("30")
    valid_days: int = _whole("30")
    least_n: int = _whole("30")
    follow_up: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class SurveyEdition(Table, table=True):
    """What is asked, as it is sent: made by a survey's creation or change, and never written again."""

    __tablename__ = "survey_editions"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "survey_id", "number"),
        ForeignKeyConstraint(
            ["organisation_id", "survey_id"], ["surveys.organisation_id", "surveys.id"]
        ),
    )

    organisation_id: UUID = id_column(nullable=False)
    survey_id: UUID = id_column(nullable=False)
    number: int = _whole()
    kind: str = text_column(nullable=False)
    default_language: str = text_column(nullable=False)
    texts: dict[str, Any] = json_column("{}")
    questions: list[Any] = json_column("[]")  # all of them, those made from the kind too
    created_at: datetime = instant_column("created_at")


class SurveyInvitation(Table, table=True):
    """Somebody is asked: planned, sent with a link, begun, answered, or dropped for a reason."""

    __tablename__ = "survey_invitations"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "survey_id"], ["surveys.organisation_id", "surveys.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("occasion", OCCASIONS),
        one_of("status", STATUSES),
        one_of("reason", REASONS),
        CheckConstraint("(status = 'dropped') = (reason IS NOT NULL)", name="dropped"),
        # However often a worker dies: once for each time that the ticket was solved.
        Index(
            "uq_survey_invitations_once", "organisation_id", "survey_id", "ticket_id", "round",
            unique=True, postgresql_where=text("occasion <> 'hand'"),
        ),
        Index("ix_survey_invitations_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_survey_invitations_ticket_id", "organisation_id", "ticket_id", "id",
            postgresql_where=text("ticket_id IS NOT NULL"),
        ),
        Index(
            "ix_survey_invitations_contact_id", "organisation_id", "contact_id", "sent_at",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index("ix_survey_invitations_sent", "organisation_id", "survey_id", "sent_at", "id"),
        # What is to be sent next, of all organisations.
        Index(
            "ix_survey_invitations_due", "send_at",
            postgresql_where=text("status = 'planned'"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    survey_id: UUID = id_column(nullable=False)
    edition: int = _whole()
    occasion: str = text_column(nullable=False)
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="planned"))
    reason: str | None = text_column()
    ticket_id: UUID | None = id_column()
    contact_id: UUID | None = id_column()  # contacts' contact
    round: int = _whole("0")  # how often the ticket had been reopened
    send_at: datetime = instant_column("send_at")
    sent_at: datetime | None = instant_column("sent_at", nullable=True)
    expires_at: datetime | None = instant_column("expires_at", nullable=True)
    started_at: datetime | None = instant_column("started_at", nullable=True)
    answered_at: datetime | None = instant_column("answered_at", nullable=True)
    language: str | None = text_column()
    partial: dict[str, Any] = json_column("{}")  # what is not handed in yet
    created_by: UUID | None = id_column()  # gateway's user, of one by hand
    owner_id: UUID | None = id_column()  # the ticket's, and so is the team
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class SurveyAnswer(Table, table=True):
    """What somebody handed in, once; `score` is that of CSAT, NPS and CES."""

    __tablename__ = "survey_answers"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "survey_id", "edition"],
            ["survey_editions.organisation_id", "survey_editions.survey_id", "survey_editions.number"],
        ),
        ForeignKeyConstraint(
            ["organisation_id", "invitation_id"],
            ["survey_invitations.organisation_id", "survey_invitations.id"],
        ),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "follow_up_ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("kind", KINDS),
        Index(
            "uq_survey_answers_invitation", "organisation_id", "invitation_id", unique=True
        ),
        Index("ix_survey_answers_owned", "organisation_id", "owner_id", "id"),
        Index("ix_survey_answers_survey", "organisation_id", "survey_id", "answered_at", "id"),
        # Whose low score opens a ticket next, of all organisations.
        Index(
            "ix_survey_answers_follow_up_at", "follow_up_at",
            postgresql_where=text("follow_up_at IS NOT NULL"),
        ),
        Index("ix_survey_answers_answered_at", "organisation_id", "answered_at", "id"),
        *(
            Index(
                f"ix_survey_answers_{name}", "organisation_id", name, "id",
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("team_id", "ticket_id", "contact_id", "account_id", "follow_up_ticket_id")
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    survey_id: UUID = id_column(nullable=False)
    edition: int = _whole()
    invitation_id: UUID = id_column(nullable=False)
    kind: str = text_column(nullable=False)
    ticket_id: UUID | None = id_column()
    contact_id: UUID | None = id_column()  # contacts' contact
    account_id: UUID | None = id_column()  # contacts' account
    score: int | None = _whole(nullable=True)
    is_low: bool = _flag("false")
    answers: dict[str, Any] = json_column("{}")  # question's key → what was answered
    language: str = text_column(nullable=False)
    invited_at: datetime = instant_column("invited_at")
    answered_at: datetime = instant_column("answered_at")
    follow_up_at: datetime | None = instant_column("follow_up_at", nullable=True)
    follow_up_ticket_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()  # the ticket's, and so is the team
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
