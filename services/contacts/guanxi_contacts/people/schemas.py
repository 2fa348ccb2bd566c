"""Contacts (people) as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

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
    TimeZone,
    Value,
)

BuyingRole = Literal[
    "decision_maker", "influencer", "user", "gatekeeper", "buyer", "champion", "other"
]
Stance = Literal["supporter", "neutral", "opponent", "unknown"]

EXAMPLE: dict[str, Any] = {
    "family_name": "张",
    "given_name": "三",
    "name": "张三",
    "title": "采购经理",
    "department": "采购部",
    "birthday": "--03-15",
    "phones": [{"number": "+86 138 0013 8000", "kind": "mobile", "is_primary": True}],
    "emails": [{"address": "zhang.san@weilai.example", "kind": "work", "is_primary": True}],
    "hobbies": ["围棋"],
}


def _birthday(text: str) -> str:
    """A day, or month and day alone as vCard writes them: --03-15."""
    date.fromisoformat(text.replace("--", "2000-", 1) if text.startswith("--") else text)
    return text


Birthday = Annotated[
    str, StringConstraints(pattern=r"^(\d{4}-|--)\d{2}-\d{2}$"), AfterValidator(_birthday)
]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class AccountLink(Value):
    """A place in an account: the role in its buying centre and the stance towards us."""

    account_id: UUID
    role: BuyingRole | None = None
    stance: Stance | None = None
    is_primary: bool = False


Links = Annotated[list[AccountLink], Field(max_length=50)]


class ContactFields(Fields):
    model_config = ConfigDict(extra="forbid")

    given_name: Line | None = None
    family_name: Line | None = None
    title: Line | None = None
    department: Line | None = None
    reports_to_id: UUID | None = None
    birthday: Birthday | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None
    source: Line | None = None
    phones: Phones = Field(default_factory=list)
    emails: Emails = Field(default_factory=list)
    addresses: Addresses = Field(default_factory=list)
    accounts: Links = Field(default_factory=list)
    hobbies: Tags = Field(default_factory=list)
    achievements: Prose | None = None
    family_notes: Prose | None = None
    description: Prose | None = None
    do_not_contact: bool = Field(
        default=False, description="By nobody and through no channel, whatever the consents say."
    )
    do_not_contact_reason: Line | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class ContactCreate(ContactFields):
    """`name` may be left out when given and family name are sent; it is then put together."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name | None = None


class ContactUpdate(ContactFields):
    """A merge patch (RFC 7396): fields that are not sent stay as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"title": "采购总监", "birthday": "1985-03-15"}},
    )

    name: Name = Field(default="", validate_default=False)


class ContactRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE | {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "version": 1}
        }
    )

    id: UUID
    given_name: str | None
    family_name: str | None
    name: str
    title: str | None
    department: str | None
    reports_to_id: UUID | None
    birthday: str | None
    language: str | None
    time_zone: str | None
    source: str | None
    phones: Phones
    emails: Emails
    addresses: Addresses
    accounts: Links
    hobbies: list[str]
    achievements: str | None
    family_notes: str | None
    description: str | None
    do_not_contact: bool
    do_not_contact_reason: str | None
    do_not_contact_since: datetime | None
    owner_id: UUID | None
    team_id: UUID | None
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
