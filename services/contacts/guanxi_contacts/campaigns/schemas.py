"""Campaigns as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_contacts.consents.schemas import Channel
from guanxi_shared.money import Money
from guanxi_shared.values import Custom, Day, Fields, Line, Name, Prose, Tags, Value

Kind = Literal["email", "call", "event", "advert", "mail", "other"]
Status = Literal["planned", "running", "ended", "cancelled"]
ConsentRule = Literal["granted", "not_refused"]
Share = Annotated[float, Field(ge=0, le=0.9)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]

LINE: dict[str, Any] = {
    "on": "2026-09-03", "amount": {"amount": "3200.00", "currency": "CNY"}, "note": "Sending"
}  # fmt: skip
EXAMPLE: dict[str, Any] = {
    "name": "秋季新品邮件 · Autumn news by e-mail", "kind": "email", "channel": "email", "goal": "60 orders of the new range",
    "starts_on": "2026-09-01", "ends_on": "2026-09-30", "budget": {"amount": "5000.00", "currency": "CNY"}, "costs": [LINE],
    "hold_out_share": 0.2, "hold_out_seed": 7,
}  # fmt: skip
SHOWN: dict[str, Any] = EXAMPLE | {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f90", "status": "planned", "consent": "granted",
    "cost": LINE["amount"], "costs": [LINE | {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f91"}],
    "external_id": None, "tags": [], "custom": {}, "owner_id": None, "team_id": None, "version": 1,
    "created_at": "2026-08-20T08:00:00Z", "updated_at": "2026-08-20T08:00:00Z",
}  # fmt: skip


class CostLine(Value):
    """What was paid, and on which day. Lines keep the id that they are given."""

    id: UUID | None = Field(default=None, description="Set by the server where it is absent.")
    on: Day
    amount: Money
    note: Line | None = None

    @model_validator(mode="after")
    def check_amount(self) -> "CostLine":
        if self.amount.decimal < 0:
            raise ValueError("a cost is 0 or more")
        return self


Costs = Annotated[list[CostLine], Field(max_length=200)]


class CampaignFields(Fields):
    model_config = ConfigDict(extra="forbid")

    status: Status = "planned"
    channel: Channel | None = Field(
        default=None,
        description="By which its members are contacted; marketing by it needs their consent.",
    )
    consent: ConsentRule = Field(
        default="granted",
        description="Whom it may be meant for: who granted marketing, or whoever did not refuse it.",
    )
    goal: Prose | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    budget: Money | None = None
    costs: Costs = Field(default_factory=list, description="Replaced as a whole; of one currency.")
    hold_out_share: Share = Field(
        default=0, description="The share of members who are held out by lot; stays once it has members."
    )  # fmt: skip
    hold_out_seed: Seed = 0
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)
    owner_id: UUID | None = None
    team_id: UUID | None = None


class CampaignCreate(CampaignFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name
    kind: Kind


class CampaignUpdate(CampaignFields):
    """A merge patch (RFC 7396): fields that are not sent stay as they are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"status": "running"}})

    name: Name = Field(default="", validate_default=False)
    kind: Kind = "other"


class CostLineRead(BaseModel):
    id: UUID
    on: date
    amount: Money
    note: str | None


class CampaignRead(BaseModel):
    """`cost` is the sum of its `costs`."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: UUID
    name: str
    kind: Kind
    status: Status
    channel: Channel | None
    consent: ConsentRule
    goal: str | None
    starts_on: date | None
    ends_on: date | None
    budget: Money | None
    costs: list[CostLineRead]
    cost: Money | None
    hold_out_share: float
    hold_out_seed: int
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
