"""Campaigns: what is done to be noticed, what it costs, whom it is meant for and what they answered."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_contacts.models.privacy import CHANNELS
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table

CAMPAIGN_KINDS = ("email", "call", "event", "advert", "mail", "other")
CAMPAIGN_STATUSES = ("planned", "running", "ended", "cancelled")
CONSENT_RULES = ("granted", "not_refused")
MEMBER_TYPES = ("account", "contact")
MEMBER_GROUPS = ("treated", "held_out")
MEMBER_STATUSES = ("targeted", "sent", "responded")


def _day() -> Any:
    return Field(default=None, sa_column=Column(Date))


def _amount() -> Any:
    return Field(default=None, sa_column=Column(Numeric))


class Campaign(Table, table=True):
    """Who is held out is drawn by `hold_out_share` and `hold_out_seed`, which stay once it has members."""

    __tablename__ = "campaigns"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("kind", CAMPAIGN_KINDS),
        one_of("status", CAMPAIGN_STATUSES),
        one_of("channel", CHANNELS),
        one_of("consent", CONSENT_RULES),
        CheckConstraint("(budget_amount IS NULL) = (budget_currency IS NULL)", name="budget"),
        CheckConstraint("(cost_amount IS NULL) = (cost_currency IS NULL)", name="cost"),
        CheckConstraint("ends_on >= starts_on", name="ends_on"),
        CheckConstraint("hold_out_share >= 0 AND hold_out_share < 1", name="hold_out_share"),
        Index("ix_campaigns_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_campaigns_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index(
            "ix_campaigns_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    kind: str = text_column(nullable=False)
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="planned"))
    channel: str | None = text_column()  # as in consents; none where nobody is contacted one by one
    consent: str = Field(sa_column=Column(Text, nullable=False, server_default="granted"))
    goal: str | None = text_column()
    starts_on: date | None = _day()
    ends_on: date | None = _day()
    budget_amount: Decimal | None = _amount()
    budget_currency: str | None = text_column()
    costs: list[Any] = json_column("[]")  # {id, on, amount, note}, all in one currency
    cost_amount: Decimal | None = _amount()  # their sum
    cost_currency: str | None = text_column()
    hold_out_share: float = Field(sa_column=Column(Float, nullable=False, server_default="0"))
    hold_out_seed: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    as_shown: str | None = text_column()  # the campaign as the API shows it


CAMPAIGN_SEARCH = add_search_table(Table.metadata.tables["campaigns"])


class CampaignMember(Table, table=True):
    """An account or a contact whom a campaign is meant for. Its id is made of the campaign's and of the id that was
    added, so that nobody is added twice. Owner and team are the campaign's."""

    __tablename__ = "campaign_members"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "campaign_id"], ["campaigns.organisation_id", "campaigns.id"]
        ),
        one_of("member_type", MEMBER_TYPES),
        one_of("member_group", MEMBER_GROUPS),
        one_of("status", MEMBER_STATUSES),
        CheckConstraint("member_group = 'treated' OR status <> 'sent'", name="held_out"),
        Index("ix_campaign_members_campaign", "organisation_id", "campaign_id", "id"),
        Index("ix_campaign_members_member", "organisation_id", "member_id", "campaign_id"),
        Index("ix_campaign_members_account", "organisation_id", "account_id"),
        Index("ix_campaign_members_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index(
            "ix_campaign_members_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    campaign_id: UUID = id_column(nullable=False)
    member_type: str = text_column(nullable=False)
    member_id: UUID = id_column(nullable=False)  # an account or a contact
    account_id: UUID | None = (
        id_column()
    )  # itself, or the primary account of the contact when added
    member_group: str = text_column(nullable=False)
    is_by_lot: bool = Field(sa_column=Column(Boolean, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="targeted"))
    sent_at: datetime | None = instant_column("sent_at", nullable=True)
    responded_at: datetime | None = instant_column("responded_at", nullable=True)
    answers: dict[str, Any] = json_column("{}")
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
