"""Web forms as managers define them, and as anybody fills them in."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from guanxi_pipeline.lead_settings.schemas import Minutes
from guanxi_pipeline.leads.schemas import ConsentChannel, ConsentPurpose
from guanxi_shared.values import Line, Name, Value
from guanxi_shared.web_forms.schemas import DefinedForm, DefinedFormRead

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


class LeadFormFields(DefinedForm):
    source: Line | None = None
    campaign_id: UUID | None = None
    team_id: UUID | None = Field(
        default=None, description="In whose pool its leads lie if no assignment rule takes them."
    )
    consent_channel: ConsentChannel = "email"
    consent_purpose: ConsentPurpose = "marketing"
    first_response_minutes: Minutes | None = Field(
        default=None, description="Instead of the organisation's."
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


class LeadFormRead(DefinedFormRead):
    """`key` is the end of its public address: `/v1/public/forms/{key}`."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    fields: list[FormField]
    source: str | None
    campaign_id: UUID | None
    team_id: UUID | None
    consent_channel: ConsentChannel
    consent_purpose: ConsentPurpose
    first_response_minutes: int | None
