"""Territories, and the accounts in them, as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.price_books.schemas import Words
from guanxi_shared.values import Fields, Line, Name, Prose

Rank = Annotated[int, Field(ge=0, le=1_000_000)]
ANY = "Empty: any."
ID = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
EXAMPLE: dict[str, Any] = {
    "name": "华东",
    "regions": ["华东"],
    "rank": 10,
    "team_id": ID,
}


class TerritoryFields(Fields):
    """An account is in the first territory by rank that every list with an entry has it in. Text is compared without
    regard to case and to blanks around it."""

    description: Prose | None = None
    parent_id: UUID | None = Field(default=None, description="The territory that it is a part of.")
    rank: Rank = Field(default=100, description="The lower goes before the higher.")
    countries: Words = Field(default_factory=list, description=ANY)
    regions: Words = Field(default_factory=list, description=ANY)
    provinces: Words = Field(default_factory=list, description=ANY)
    cities: Words = Field(default_factory=list, description=ANY)
    industries: Words = Field(default_factory=list, description=ANY)
    grades: Words = Field(default_factory=list, description=ANY)
    external_id: Line | None = None
    owner_id: UUID | None = Field(default=None, description="Who answers for it.")
    team_id: UUID | None = None


class TerritoryCreate(TerritoryFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name


class TerritoryUpdate(TerritoryFields):
    """A merge patch (RFC 7396); a list is replaced whole."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"regions": ["华东", "华中"]}}
    )

    name: Name = Field(default="", validate_default=False)


class TerritoryRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    description: str | None
    parent_id: UUID | None
    rank: int
    countries: list[str]
    regions: list[str]
    provinces: list[str]
    cities: list[str]
    industries: list[str]
    grades: list[str]
    external_id: str | None
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class TerritoryAccountRead(BaseModel):
    """That an account is in a territory: as the feed tells it."""

    id: UUID
    account_id: UUID
    territory_id: UUID
    is_pinned: bool
    version: int
    created_at: datetime
    updated_at: datetime


class AccountInTerritory(BaseModel):
    """An account of a territory, as far as pipeline knows it."""

    id: UUID
    name: str
    external_id: str | None
    industry: str | None
    region: str | None
    grade: str | None
    country: str | None
    province: str | None
    city: str | None
    owner_id: UUID | None
    team_id: UUID | None
    is_pinned: bool


class TerritoryOfAccount(BaseModel):
    """Where an account is; null where it is in no territory that the caller sees."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"account_id": ID, "territory_id": ID, "is_pinned": False, "version": 1}
        }
    )

    account_id: UUID
    territory_id: UUID | None
    is_pinned: bool = Field(description="By hand; else by rule.")
    version: int
