"""What the other services' feeds told, as it was and as it was known.

A fact is a piece of a record of another service (`subject_id`): a line of an order, what came back of one, a
deal, a ticket, a term of a contract, an activity, an account. Its row says when it held (`valid_on` and the like, the business's own days) and
from when to when it was known: `recorded_at`, the moment of the change that told it, until `ended_at`, that
of the change that told something else. Rows are never rewritten, so that any past answer can be given again.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, Text
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_analytics.facts.contract_rules import TERMS
from guanxi_analytics.models.fact_columns import day, indexes, moment, number, row_version
from guanxi_shared.columns import id_column, one_of, text_column


class SaleFact(Table, table=True):
    """A line of an order that counts, or (`returned`, negative) what came back of one on its own day.
    Net of discount, without tax and shipping, in the order's currency. `customer_id` is the order's account,
    else its contact."""

    __tablename__ = "sale_facts"
    __table_args__ = (
        *indexes("sale_facts", "valid_on", "customer_id", "account_id", "owner_id", "team_id"),
        one_of("kind", ("bought", "returned")),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's order
    piece_id: UUID = id_column(nullable=False)
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    kind: str = text_column(nullable=False)
    valid_on: date = day(nullable=False)
    customer_id: UUID | None = id_column()
    account_id: UUID | None = id_column()
    contact_id: UUID | None = id_column()
    opportunity_id: UUID | None = id_column()
    product_id: UUID | None = id_column()
    sku: str | None = text_column()
    product: str | None = text_column()  # its name, as it was then
    category: str | None = text_column()
    source: str | None = text_column()
    currency: str = text_column(nullable=False)
    quantity: Decimal = number(nullable=False)
    amount: Decimal = number(nullable=False)
    cost: Decimal | None = number()
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class SaleReturn(Table, table=True):
    """What came back of a line, as it was told: the order's own document does not say on which day."""

    __tablename__ = "sale_returns"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "order_id", "return_id", "line_id"),)

    organisation_id: UUID = id_column(nullable=False)
    order_id: UUID = id_column(nullable=False)
    return_id: UUID = id_column(nullable=False)
    line_id: UUID = id_column(nullable=False)
    returned_on: date = day(nullable=False)
    quantity: Decimal = number(nullable=False)
    amount: Decimal = number(nullable=False)
    cost: Decimal | None = number()


class DealFact(Table, table=True):
    """An opportunity as it stood. `opened_on` is when selling began, `closed_at` when it was won or lost."""

    __tablename__ = "deal_facts"
    __table_args__ = indexes("deal_facts", "closed_at", "account_id", "owner_id", "team_id")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's opportunity
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    account_id: UUID | None = id_column()
    campaign_id: UUID | None = id_column()
    pipeline_id: UUID | None = id_column()
    stage_id: UUID | None = id_column()
    status: str = text_column(nullable=False)
    opened_on: date = day(nullable=False)
    closed_at: datetime | None = moment("closed_at")
    currency: str | None = text_column()
    amount: Decimal | None = number()
    probability: Decimal | None = number()
    source: str | None = text_column()
    reason: str | None = text_column()
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class TicketFact(Table, table=True):
    """A ticket as it stood. `is_met`: every promise of its clocks that is over was kept; null without any."""

    __tablename__ = "ticket_facts"
    __table_args__ = indexes("ticket_facts", "opened_at", "account_id", "owner_id", "team_id")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # tickets' ticket
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    account_id: UUID | None = id_column()
    requester_id: UUID | None = id_column()
    product_id: UUID | None = id_column()
    queue_id: UUID | None = id_column()
    kind: str = text_column(nullable=False)
    priority: str = text_column(nullable=False)
    status_kind: str = text_column(nullable=False)
    channel: str = text_column(nullable=False)
    opened_at: datetime = moment("opened_at", nullable=False)
    first_responded_at: datetime | None = moment("first_responded_at")
    solved_at: datetime | None = moment("solved_at")
    reopened_count: int = Field(sa_column=Column(BigInteger, nullable=False))
    is_met: bool | None = Field(default=None, sa_column=Column(Boolean))
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class AnswerFact(Table, table=True):
    """What somebody answered to a survey, in figures alone: scores, ratings, and Kano's words. What they wrote in their own
    stays where it was written."""

    __tablename__ = "answer_facts"
    __table_args__ = indexes("answer_facts", "answered_at", "account_id", "owner_id", "team_id")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # tickets' answer
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    survey_id: UUID = id_column(nullable=False)
    kind: str = text_column(nullable=False)
    ticket_id: UUID | None = id_column()
    account_id: UUID | None = id_column()
    score: int | None = Field(default=None, sa_column=Column(BigInteger))
    figures: str = text_column(nullable=False)  # JSON: question's key → number or Kano's word
    answered_at: datetime = moment("answered_at", nullable=False)
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class ContractFact(Table, table=True):
    """A term of a service contract: an entitlement as it stood. `term` is the length it has, `renewed_from_id` the term
    before; one that is not active was put away."""

    __tablename__ = "contract_facts"
    __table_args__ = (
        *indexes("contract_facts", "valid_from", "account_id", "owner_id", "team_id"),
        one_of("term", TERMS),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # tickets' entitlement
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    account_id: UUID = id_column(nullable=False)
    product_id: UUID | None = id_column()
    renewed_from_id: UUID | None = id_column()
    unit: str = text_column(nullable=False)
    term: str = text_column(nullable=False)
    valid_from: date = day(nullable=False)
    valid_until: date = day(nullable=False)
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False))
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class AccountFact(Table, table=True):
    """An account as it stood: what is counted, and what sales, deals and tickets are told apart by."""

    __tablename__ = "account_facts"
    __table_args__ = (*indexes("account_facts", "owner_id", "team_id"),)

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # contacts' account
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    name: str = Field(sa_column=Column(Text, nullable=False))
    kind: str | None = text_column()
    industry: str | None = text_column()
    region: str | None = text_column()
    source: str | None = text_column()
    grade: str | None = text_column()
    lifecycle_stage: str | None = text_column()
    relationship_level: str | None = text_column()
    needs_tier: str | None = text_column()
    country: str | None = text_column()  # of its office, else of its first address, as written
    province: str | None = text_column()
    city: str | None = text_column()
    credit_limit: Decimal | None = number()
    credit_limit_currency: str | None = text_column()
    parent_id: UUID | None = id_column()
    referred_by_id: UUID | None = id_column()
    created_at: datetime | None = moment("created_at")
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class CampaignFact(Table, table=True):
    """A campaign as it stood (`line` is campaign, its day the one it begins on, its amount the budget), or what was paid
    for it on a day (`line` is cost)."""

    __tablename__ = "campaign_facts"
    __table_args__ = (
        *indexes("campaign_facts", "valid_on", "owner_id", "team_id"),
        one_of("line", ("campaign", "cost")),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # contacts' campaign
    piece_id: UUID = id_column(nullable=False)
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    line: str = text_column(nullable=False)
    valid_on: date = day(nullable=False)
    name: str = text_column(nullable=False)
    campaign_kind: str = text_column(nullable=False)
    channel: str | None = text_column()
    status: str = text_column(nullable=False)
    starts_on: date | None = day()
    ends_on: date | None = day()
    currency: str | None = text_column()
    amount: Decimal | None = number()
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()


class CampaignMemberFact(Table, table=True):
    """Whom a campaign is meant for, and what became of them. Whoever sees the campaign sees its members."""

    __tablename__ = "campaign_member_facts"
    __table_args__ = indexes(
        "campaign_member_facts", "campaign_id", "member_id", "account_id", "addressed_at"
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # contacts' member of a campaign
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    campaign_id: UUID = id_column(nullable=False)
    member_type: str = text_column(nullable=False)
    member_id: UUID = id_column(nullable=False)
    account_id: UUID | None = id_column()
    member_group: str = text_column(nullable=False)
    is_by_lot: bool = Field(sa_column=Column(Boolean, nullable=False))
    status: str = text_column(nullable=False)
    addressed_at: datetime = moment("addressed_at", nullable=False)  # when sent to, else added
    sent_at: datetime | None = moment("sent_at")
    responded_at: datetime | None = moment("responded_at")
