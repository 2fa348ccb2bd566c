"""Web forms as managers define them, and as anybody fills them in."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_pipeline.lead_settings.schemas import Minutes
from guanxi_pipeline.leads.schemas import ConsentChannel, ConsentPurpose
from guanxi_pipeline.pipelines.schemas import Key
from guanxi_shared.values import Fields, Line, Name, Prose, Tags, Value
from guanxi_shared.web_forms.schemas import Address, HourlyLimit

FieldName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(name|company|title|email|phone|website|industry|region|description"
        r"|custom\.[a-z][a-z0-9_]{0,59})$"
    ),
]
EXAMPLE: dict[str, Any] = {
    "name": "Contact us",
    "fields": [
        {"name": "name", "label": "Your name", "is_required": True},
        {"name": "email", "label": "Email", "is_required": True},
        {"name": "company", "label": "Company"},
        {"name": "description", "label": "How can we help?"},
    ],
    "source": "website",
    "consent_text": "You may write to me about your products.",
    "consent_purpose": "marketing",
    "thanks_text": "Thank you, we will call you back.",
}


class FormField(Value):
    """A field of a lead that the form asks for; `custom.<key>` is one of the organisation's own."""

    name: FieldName
    label: Line
    is_required: bool = False


FormFields = Annotated[list[FormField], Field(min_length=1, max_length=40)]


class LeadFormFields(Fields):
    is_active: bool = True
    honeypot: Key = Field(
        default="fax", description="A field that the page hides; who fills it in is a machine."
    )
    source: Line | None = None
    campaign_id: UUID | None = None
    team_id: UUID | None = Field(
        default=None, description="In whose pool its leads lie if no assignment rule takes them."
    )
    tags: Tags = Field(default_factory=list)
    consent_text: Prose | None = None
    consent_channel: ConsentChannel = "email"
    consent_purpose: ConsentPurpose = "marketing"
    is_consent_required: bool = False
    thanks_text: Prose | None = None
    redirect_url: Address | None = Field(
        default=None, description="Where a browser that sent the form itself goes on."
    )
    first_response_minutes: Minutes | None = Field(
        default=None, description="Instead of the organisation's."
    )
    hourly_limit: HourlyLimit = Field(
        default=20, description="How often the form is taken from one address in an hour."
    )


class LeadFormCreate(LeadFormFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name
    fields: FormFields


class LeadFormUpdate(LeadFormFields):
    """A merge patch; the fields that are asked for are replaced whole. The key never changes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_active": False}})

    name: Name = Field(default="", validate_default=False)
    fields: FormFields = Field(default_factory=list, validate_default=False)


class LeadFormRead(BaseModel):
    """`key` is the end of its public address: `/v1/public/forms/{key}`."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    key: str
    is_active: bool
    fields: list[FormField]
    honeypot: str
    source: str | None
    campaign_id: UUID | None
    team_id: UUID | None
    tags: list[str]
    consent_text: str | None
    consent_channel: ConsentChannel
    consent_purpose: ConsentPurpose
    is_consent_required: bool
    thanks_text: str | None
    redirect_url: str | None
    first_response_minutes: int | None
    hourly_limit: int
    version: int
    created_at: datetime
    updated_at: datetime
