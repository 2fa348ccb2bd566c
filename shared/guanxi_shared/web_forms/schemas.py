"""Web forms as anybody fills them in, and what is counted of them."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Storable

Address = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s\x00]+$", max_length=2000), Storable
]
HourlyLimit = Annotated[int, Field(ge=1, le=100_000)]

SUBMISSION: dict[str, Any] = {
    "name": "李雷", "email": "lilei@weilai.example", "company": "北京未来科技有限公司", "consent": True
}  # fmt: skip


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
