"""Web forms as anybody fills them in, and what is counted of them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Fields, Prose, Storable, Tags

Address = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s\x00]+$", max_length=2000), Storable
]
HourlyLimit = Annotated[int, Field(ge=1, le=100_000)]

SUBMISSION: dict[str, Any] = {
    "name": "李雷", "email": "lilei@weilai.example", "company": "北京未来科技有限公司", "consent": True
}  # fmt: skip


class DefinedForm(Fields):
    """What every form says, whatever becomes of it when somebody fills it in."""

    is_active: bool = True
    honeypot: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")] = Field(
        default="fax", description="A field that the page hides; who fills it in is a machine."
    )
    tags: Tags = Field(default_factory=list)
    consent_text: Prose | None = None
    is_consent_required: bool = False
    thanks_text: Prose | None = None
    redirect_url: Address | None = Field(
        default=None, description="Where a browser that sent the form itself goes on."
    )
    hourly_limit: HourlyLimit = Field(
        default=20, description="How often the form is taken from one address in an hour."
    )


class DefinedFormRead(BaseModel):
    """`key` is the end of its public address."""

    id: UUID
    name: str
    key: str
    is_active: bool
    honeypot: str
    tags: list[str]
    consent_text: str | None
    is_consent_required: bool
    thanks_text: str | None
    redirect_url: str | None
    hourly_limit: int
    version: int
    created_at: datetime
    updated_at: datetime


class FormDay(BaseModel):
    day: date
    taken: int
    trapped: int = Field(description="Filled in by machines: the hidden field had a value.")
    limited: int = Field(description="Refused because too many came from one address.")


class FormCounts(BaseModel):
    """The last 90 days (UTC) on which something came in, the newest first."""

    data: list[FormDay]


class AskedField(BaseModel):
    name: str
    label: str
    is_required: bool


class AskedConsent(BaseModel):
    text: str
    is_required: bool


class PublicForm(BaseModel):
    """What a page needs to show the form."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "Write to us", "honeypot": "fax", "consent": None, "fields": [
                {"name": "email", "label": "Email", "is_required": True}]}
        }
    )  # fmt: skip

    name: str
    fields: list[AskedField]
    honeypot: str = Field(description="Show it to nobody, send it empty or not at all.")
    consent: AskedConsent | None


class PublicSubmission(BaseModel):
    """The fields that the form asks for, each as text, flat. `consent` says yes to its text."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": SUBMISSION})


class PublicThanks(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"example": {"thanks_text": "Thank you.", "redirect_url": None}}
    )

    thanks_text: str | None
    redirect_url: str | None
