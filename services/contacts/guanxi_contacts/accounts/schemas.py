"""Accounts as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from guanxi_contacts.values import Grade, LifecycleStage, NeedsTier, RelationshipLevel
from guanxi_shared.money import Money
from guanxi_shared.values import (
    Addresses,
    Custom,
    Emails,
    Fields,
    Line,
    Name,
    Phones,
    Prose,
    Tags,
    Value,
)


def _no_less_than_nothing(limit: Money) -> Money:
    if limit.decimal < 0:
        raise ValueError("must not be negative")
    return limit


Kind = Literal["company", "person"]
Count = Annotated[int, Field(ge=0, le=100_000_000)]
Year = Annotated[int, Field(ge=1000, le=2200)]
Limit = Annotated[Money, AfterValidator(_no_less_than_nothing)]

EXAMPLE: dict[str, Any] = {
    "name": "北京未来科技有限公司",
    "legal_name": "北京未来科技有限公司",
    "short_name": "未来科技",
    "industry": "software",
    "region": "华北",
    "domain": "weilai.example",
    "staff_count": 240,
    "revenue": {"amount": "86000000.00", "currency": "CNY"},
    "credit_limit": {"amount": "500000.00", "currency": "CNY"},
    "phones": [{"number": "010-6554 4321", "kind": "work", "is_primary": True}],
    "emails": [{"address": "info@weilai.example", "kind": "work", "is_primary": True}],
    "addresses": [
        {"kind": "office", "street": "中关村大街1号", "city": "北京", "country": "CN",
         "latitude": 39.9836, "longitude": 116.3164}
    ],
    "tags": ["key account"],
}  # fmt: skip


class KeyAccount(Value):
    """The key-account file: how they got here, how they work, what they are proud of, our plan."""

    operating_history: Prose | None = None
    business_model: Prose | None = None
    honours: Prose | None = None
    plan: Prose | None = None


class AccountFields(Fields):
    """What may be written on an account; create and update differ in what must be sent."""

    model_config = ConfigDict(extra="forbid")

    legal_name: Name | None = None
    short_name: Name | None = None
    local_name: Name | None = Field(default=None, description="The name in the local script.")
    kind: Kind = "company"
    industry: Line | None = None
    region: Line | None = None
    source: Line | None = None
    domain: Annotated[str, Field(max_length=253)] | None = None
    website: Annotated[str, Field(max_length=2000)] | None = None
    founded_year: Year | None = None
    staff_count: Count | None = None
    revenue: Money | None = None
    credit_limit: Limit | None = Field(
        default=None, description="How much they may owe; 0: nothing without payment first."
    )
    phones: Phones = Field(default_factory=list)
    emails: Emails = Field(default_factory=list)
    addresses: Addresses = Field(default_factory=list)
    parent_id: UUID | None = None
    referred_by_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    grade: Grade | None = None
    lifecycle_stage: LifecycleStage = "prospect"
    relationship_level: RelationshipLevel | None = None
    needs_tier: NeedsTier | None = None
    description: Prose | None = None
    key_account: KeyAccount | None = None
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class AccountCreate(AccountFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name


class AccountUpdate(AccountFields):
    """A merge patch (RFC 7396): fields that are not sent stay as they are."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"industry": "education", "grade": "A"}}
    )

    name: Name = Field(default="", validate_default=False)


class AccountRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE
            | {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "version": 1, "kind": "company"}
        }
    )

    id: UUID
    name: str
    legal_name: str | None
    short_name: str | None
    local_name: str | None
    kind: Kind
    industry: str | None
    region: str | None
    source: str | None
    domain: str | None
    website: str | None
    founded_year: int | None
    staff_count: int | None
    revenue: Money | None
    credit_limit: Money | None
    phones: Phones
    emails: Emails
    addresses: Addresses
    latitude: float | None
    longitude: float | None
    parent_id: UUID | None
    referred_by_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    grade: Grade | None
    lifecycle_stage: LifecycleStage
    relationship_level: RelationshipLevel | None
    needs_tier: NeedsTier | None
    description: str | None
    key_account: KeyAccount | None
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class Person(BaseModel):
    id: UUID
    name: str
    title: str | None
    department: str | None
    role: str | None
    stance: str | None
    is_primary: bool
    reports: list["Person"]


class OrgChart(BaseModel):
    """The people of an account by whom they report to. At the top stand those above whom nobody does
    (whom one sees), and everybody a hundred levels below one of those."""

    account_id: UUID
    people: list[Person]
