"""The check for duplicates of a lead as the API answers it."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.leads.schemas import LeadRead


class DuplicateReason(BaseModel):
    field: str
    kind: str
    detail: str


class DuplicateLead(BaseModel):
    """Another lead that may be the same. Of one that you may not see: how likely it is, and by what of
    this one it was found."""

    id: UUID | None = Field(description="Null when you may not see it.")
    name: str | None
    status: str | None
    score: float = Field(description="How likely it is the same, 0 to 1.")
    level: Literal["certain", "likely", "possible"]
    reasons: list[DuplicateReason]
    is_visible: bool
    owner_name: str | None


EXAMPLE: dict[str, Any] = {
    "leads": [
        {"id": None, "name": None, "status": None, "score": 0.9, "level": "certain",
         "reasons": [{"field": "emails", "kind": "email", "detail": "The same: a@b.example."}],
         "is_visible": False, "owner_name": "李雷"}
    ],
    "accounts": [],
    "contacts": None,
}  # fmt: skip


class LeadDuplicates(BaseModel):
    """`accounts` and `contacts` are the candidates that the contacts service names to you (see its
    check-duplicate); null when it could not be asked in time, or not by you."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    leads: list[DuplicateLead]
    accounts: list[dict[str, Any]] | None
    contacts: list[dict[str, Any]] | None


class LeadMade(LeadRead):
    """A new lead with what may be the same already; null when nobody looked."""

    duplicates: LeadDuplicates | None
