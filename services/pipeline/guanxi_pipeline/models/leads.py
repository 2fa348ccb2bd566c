"""Leads: somebody who may become a customer, before there is an account."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    PrimaryKeyConstraint,
    Text,
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
from guanxi_shared.schema import add_search_table

LEAD_STATUSES = ("new", "working", "qualified", "converted", "disqualified")
OPEN = "status IN ('new', 'working', 'qualified') AND deleted_at IS NULL"


class Lead(Table, table=True):
    """A lead until it is converted or disqualified; afterwards what it became, or why not."""

    __tablename__ = "leads"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("status", LEAD_STATUSES),
        CheckConstraint("(status = 'converted') = (converted_at IS NOT NULL)", name="converted_at"),
        CheckConstraint(
            "(status = 'disqualified') = (disqualified_at IS NOT NULL)", name="disqualified_at"
        ),
        Index("ix_leads_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_leads_organisation_id_created_at", "organisation_id", "created_at", "id"),
        Index("ix_leads_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id"),
        Index("ix_leads_owned", "organisation_id", "owner_id", "id"),
        # How much somebody has to do, counted whenever a lead goes to the least loaded.
        Index("ix_leads_load", "organisation_id", "owner_id", postgresql_where=text(OPEN)),
        Index(
            "ix_leads_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        # What waits in the pools, the best first.
        Index(
            "ix_leads_waiting", "organisation_id", text("score DESC NULLS LAST"), "created_at", "id",
            postgresql_where=text(f"owner_id IS NULL AND {OPEN}"),
        ),
        Index(
            "ix_leads_response_due", "organisation_id", "first_response_due_at", "id",
            postgresql_where=text(f"first_responded_at IS NULL AND {OPEN}"),
        ),
        Index(
            "ix_leads_organisation_id_account_id", "organisation_id", "account_id", "id",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "ix_leads_organisation_id_contact_id", "organisation_id", "contact_id", "id",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index(
            "ix_leads_organisation_id_external_id", "organisation_id", "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    company: str | None = text_column()
    title: str | None = text_column()
    emails: list[Any] = json_column("[]")
    phones: list[Any] = json_column("[]")
    website: str | None = text_column()
    domain: str | None = text_column()
    industry: str | None = text_column()
    region: str | None = text_column()
    source: str | None = text_column()
    campaign_id: UUID | None = id_column()  # contacts' campaign
    form_id: UUID | None = id_column()  # the web form that it came by
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="new"))
    score: int | None = Field(default=None, sa_column=Column(BigInteger))  # null: no scorecard
    answers: dict[str, Any] = json_column("{}")  # key of a question -> key of a choice
    owner_id: UUID | None = id_column()  # gateway's user; null: it lies in a pool
    team_id: UUID | None = id_column()  # gateway's team
    assigned_at: datetime | None = instant_column("assigned_at", nullable=True)
    assigned_by_rule_id: UUID | None = id_column()  # the rule that gave it to its owner
    assigned_by_rule_name: str | None = text_column()  # as it was called then
    first_response_due_at: datetime | None = instant_column("first_response_due_at", nullable=True)
    first_responded_at: datetime | None = instant_column("first_responded_at", nullable=True)
    first_responded_by: UUID | None = id_column()  # gateway's user
    next_step: str | None = text_column()
    next_step_on: date | None = Field(default=None, sa_column=Column(Date))
    reason: str | None = text_column()  # why it was disqualified
    reason_note: str | None = text_column()
    disqualified_at: datetime | None = instant_column("disqualified_at", nullable=True)
    recycled_count: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    recycled_at: datetime | None = instant_column("recycled_at", nullable=True)
    account_id: UUID | None = id_column()  # contacts' account that it became
    contact_id: UUID | None = id_column()  # contacts' contact that it became
    opportunity_id: UUID | None = id_column()
    converted_at: datetime | None = instant_column("converted_at", nullable=True)
    # {channel, purpose, text, given_at, address, form_id}: what somebody agreed to, in what words
    consents: list[Any] = json_column("[]")
    description: str | None = text_column()
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    score_reasons: list[Any] = json_column("[]")  # the evidence, whose points sum to the score
    scored_at: datetime | None = instant_column("scored_at", nullable=True)
    claimed_at: datetime | None = instant_column("claimed_at", nullable=True)  # from its pool
    conversion_id: UUID | None = id_column()  # one that is under way
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    erased_at: datetime | None = instant_column("erased_at", nullable=True)
    as_shown: str | None = text_column()  # the lead as the API shows it


LEAD_SEARCH = add_search_table(Table.metadata.tables["leads"])
