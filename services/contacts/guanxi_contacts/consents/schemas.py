"""Consents as the API takes and shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import Page
from guanxi_shared.values import Instant, Line, Prose

Channel = Literal["email", "phone", "sms", "wechat", "whatsapp", "post", "visit", "push"]
Purpose = Literal["marketing", "service", "research", "profiling", "sharing"]
Status = Literal["granted", "denied", "withdrawn"]
Reason = Literal[
    "granted", "denied", "withdrawn", "expired", "no_consent", "do_not_contact", "suppressed"
]

EXAMPLE: dict[str, Any] = {
    "channel": "email",
    "purpose": "marketing",
    "status": "granted",
    "source": "newsletter form of weilai.example",
    "proof": "Yes, send me news by e-mail; I can stop that at any time.",
    "given_at": "2026-11-20T09:30:00Z",
}
SHOWN: dict[str, Any] = EXAMPLE | {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f70",
    "contact_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51",
    "file_id": None,
    "expires_at": None,
    "recorded_by": None,
    "version": 1,
    "created_at": "2026-11-20T09:31:12Z",
}


class ConsentCreate(BaseModel):
    """What a person said. Nothing is ever changed: a withdrawal is an entry of its own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    channel: Channel
    purpose: Purpose
    status: Status
    source: Line = Field(description="The form, call or paper it came by.")
    proof: Prose | None = Field(default=None, description="The words that were agreed to.")
    file_id: UUID | None = Field(default=None, description="A file that proves it.")
    given_at: Instant | None = Field(default=None, description="Now, if absent.")
    expires_at: Instant | None = None


class ConsentRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: UUID
    contact_id: UUID
    channel: Channel
    purpose: Purpose
    status: Status
    source: str
    proof: str | None
    file_id: UUID | None
    given_at: datetime
    expires_at: datetime | None
    recorded_by: UUID | None
    version: int
    created_at: datetime


class ConsentPage(BaseModel):
    """`data` is the history, the newest entry first; `present` what counts now, one entry for each
    channel and purpose."""

    data: list[ConsentRead]
    present: list[ConsentRead]
    page: Page


class ConsentCheck(BaseModel):
    """Whether a person may be contacted so, and the evidence for the answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "allowed": True, "reason": "granted", "channel": "email", "purpose": "marketing",
                "evidence": SHOWN, "do_not_contact": None,
            }
        }
    )  # fmt: skip

    allowed: bool
    reason: Reason
    channel: Channel
    purpose: Purpose
    evidence: ConsentRead | None
    do_not_contact: dict[str, Any] | None
