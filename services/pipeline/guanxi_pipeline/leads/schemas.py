"""Leads as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_pipeline.pipelines.schemas import Key
from guanxi_shared.values import (
    Custom,
    Day,
    Emails,
    Fields,
    Instant,
    Line,
    Name,
    Phones,
    Prose,
    Storable,
    Tags,
    Value,
)

Status = Literal["new", "working", "qualified", "converted", "disqualified"]
OpenStatus = Literal["new", "working", "qualified"]
Domain = Annotated[str, StringConstraints(max_length=253), Storable]
Website = Annotated[str, StringConstraints(max_length=2000), Storable]
Answers = Annotated[dict[Key, Key | None], Field(max_length=50)]

EXAMPLE: dict[str, Any] = {
    "name": "张三",
    "company": "北京未来科技有限公司",
    "title": "采购经理",
    "emails": [{"address": "zhang.san@weilai.example", "kind": "work", "is_primary": True}],
    "phones": [{"number": "138 0013 8000", "kind": "mobile", "is_primary": True}],
    "website": "https://weilai.example",
    "industry": "software",
    "region": "华北",
    "source": "trade fair",
    "next_step": "Call back",
}
CONSENT_EXAMPLE: dict[str, Any] = {
    "channel": "email", "purpose": "marketing", "text": "You may write to me.",
    "given_at": "2026-11-22T08:00:00Z",
}  # fmt: skip


ConsentChannel = Literal["email", "phone", "sms", "wechat", "whatsapp", "post", "visit", "push"]
ConsentPurpose = Literal["marketing", "service", "research", "profiling", "sharing"]


class Consent(Value):
    """What somebody agreed to, in which words and when; `address` is where their request came from."""

    channel: ConsentChannel
    purpose: ConsentPurpose
    text: Prose
    given_at: Instant
    address: Line | None = None
    form_id: UUID | None = None


Consents = Annotated[list[Consent], Field(max_length=50)]


class LeadFields(Fields):
    """What may be written on a lead; create and update differ in what must be sent."""

    company: Name | None = None
    title: Line | None = None
    emails: Emails = Field(default_factory=list)
    phones: Phones = Field(default_factory=list)
    website: Website | None = None
    domain: Domain | None = Field(default=None, description="Taken from the website unless sent.")
    industry: Line | None = None
    region: Line | None = None
    source: Line | None = None
    campaign_id: UUID | None = None
    status: OpenStatus = Field(
        default="new", description="Converted, disqualified, recycled: by requests of their own."
    )
    answers: Answers = Field(
        default_factory=dict, description="The scorecard's questions: key → key of a choice."
    )
    owner_id: UUID | None = None
    team_id: UUID | None = None
    next_step: Line | None = None
    next_step_on: Day | None = None
    consents: Consents = Field(default_factory=list)
    description: Prose | None = None
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class LeadCreate(LeadFields):
    """Without `owner_id` the assignment rules decide, and where none fits, it is the caller's.
    `"owner_id": null` leaves it in the pool. Without a name the company's or an address stands in."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name | None = None


class LeadUpdate(LeadFields):
    """A merge patch (RFC 7396), inside `answers` and `custom` too."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"status": "working", "next_step": "Demo"}}
    )

    name: Name = Field(default="", validate_default=False)


class Disqualify(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "no budget"}}
    )

    reason: Line = Field(description="Of the organisation's list, unless that allows any.")
    reason_note: Prose | None = None


class Recycle(Value):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"keeps_owner": False}})

    keeps_owner: bool = Field(default=False, description="Else it goes back to its pool.")


class Assign(Value):
    """By hand (an owner, a team or both), or by the assignment rules."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"by_rules": True}})

    by_rules: bool = False
    owner_id: UUID | None = None
    team_id: UUID | None = None


class LeadRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    company: str | None
    title: str | None
    emails: Emails
    phones: Phones
    website: str | None
    domain: str | None
    industry: str | None
    region: str | None
    source: str | None
    campaign_id: UUID | None
    form_id: UUID | None
    status: Status
    score: int | None = Field(description="Null where there is no scorecard.")
    answers: dict[str, Any]
    owner_id: UUID | None
    team_id: UUID | None
    assigned_at: datetime | None
    assigned_by_rule_id: UUID | None
    assigned_by_rule_name: str | None
    first_response_due_at: datetime | None
    first_responded_at: datetime | None
    first_responded_by: UUID | None
    next_step: str | None
    next_step_on: date | None
    reason: str | None
    reason_note: str | None
    disqualified_at: datetime | None
    recycled_count: int
    recycled_at: datetime | None
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None
    converted_at: datetime | None
    consents: list[Consent]
    description: str | None
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
