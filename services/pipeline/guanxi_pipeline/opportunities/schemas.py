"""Opportunities as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from guanxi_pipeline.pipelines.schemas import ForecastCategory, Key, Percent
from guanxi_shared.documents import Page
from guanxi_shared.money import Money
from guanxi_shared.values import Custom, Day, Fields, Line, Name, Prose, Tags, Value

Status = Literal["open", "won", "lost"]
ContactRole = Literal[
    "decision_maker", "influencer", "champion", "user", "buyer", "gatekeeper", "blocker", "other"
]
FlagName = Literal["overdue", "idle", "slipping", "stuck"]


def exact(value: Any) -> Any:
    """A number or its decimal text, at most six digits behind the point, so that it is exact."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError("is too large") from error
    if round(number, 6) != number:
        raise ValueError("has more than six digits behind the point")
    return number


Quantity = Annotated[float, BeforeValidator(exact), Field(gt=0, le=1_000_000_000)]
Discount = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(gt=0, le=100)]

EXAMPLE: dict[str, Any] = {
    "name": "未来科技 · 年度软件许可",
    "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "contacts": [{"contact_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "role": "decision_maker"}],
    "amount": {"amount": "128000.00", "currency": "CNY"},
    "close_on": "2026-12-31",
    "source": "referral",
    "next_step": "Send the offer",
}


class ContactLink(Value):
    contact_id: UUID
    role: ContactRole | None = None
    is_primary: bool = False


class OpportunityLine(Value):
    """Something that would be sold. `amount` = quantity × unit price less discount, set by the server."""

    product_id: UUID | None = None
    name: Line | None = None
    quantity: Quantity = 1.0
    unit_price: Money | None = None
    discount: Discount = Field(default=0, description="Percent.")
    amount: Money | None = Field(default=None, description="Set by the server.")


class Split(Value):
    """Whose deal it is, by how much: the shares sum to 100."""

    user_id: UUID
    share: Share


Contacts = Annotated[list[ContactLink], Field(max_length=50)]
Lines = Annotated[list[OpportunityLine], Field(max_length=500)]
Splits = Annotated[list[Split], Field(max_length=20)]
Competitors = Annotated[list[Line], Field(max_length=30)]


class OpportunityFields(Fields):
    """What may be written on an opportunity; create and update differ in what must be sent."""

    account_id: UUID | None = None
    contacts: Contacts = Field(default_factory=list)
    amount: Money | None = Field(
        default=None, description="Null, with lines: the sum of the lines."
    )
    lines: Lines = Field(default_factory=list)
    probability: Percent | None = Field(
        default=None, description="Percent, by hand. Null: that of the stage."
    )
    opened_on: Day | None = Field(
        default=None, description="When selling began; today for what begins open."
    )
    close_on: Day | None = None
    forecast_category: ForecastCategory | None = Field(
        default=None, description="Null: that of the stage."
    )
    reason: Line | None = None
    reason_note: Prose | None = None
    competitors: Competitors = Field(default_factory=list)
    next_step: Line | None = None
    next_step_on: Day | None = None
    source: Line | None = None
    campaign_id: UUID | None = None
    splits: Splits = Field(default_factory=list)
    owner_id: UUID | None = None
    team_id: UUID | None = None
    description: Prose | None = None
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class OpportunityCreate(OpportunityFields):
    """Without a stage it begins in the first one of the pipeline; without a pipeline in the default one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    closed_on: Day | None = Field(
        default=None, description="When it was won or lost, of one that begins closed."
    )


class OpportunityUpdate(OpportunityFields):
    """A merge patch (RFC 7396). Another `stage_id` is a move, with all its rules."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"next_step": "Call back", "probability": 60}}
    )

    name: Name = Field(default="", validate_default=False)
    pipeline_id: UUID | None = Field(default=None, validate_default=False)
    stage_id: UUID | None = Field(default=None, validate_default=False)


class Move(Value):
    """Where a card is dropped. Without a place it comes to the top of its stage."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"stage_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52"}},
    )

    stage_id: UUID
    after_id: UUID | None = Field(default=None, description="The card above it.")
    before_id: UUID | None = Field(default=None, description="The card below it.")
    position: Literal["top", "bottom"] | None = None
    reason: Line | None = Field(default=None, description="Why it was won or lost.")
    reason_note: Prose | None = None
    confirmed: Annotated[list[Key], Field(max_length=20)] = Field(
        default_factory=list, description="Keys of exit criteria that are met."
    )


class OpportunityRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    account_id: UUID | None
    is_account_verified: bool
    contacts: list[ContactLink]
    pipeline_id: UUID
    stage_id: UUID
    status: Status
    amount: Money | None
    amount_source: Literal["given", "lines"]
    lines: list[OpportunityLine]
    probability: float
    probability_source: Literal["stage", "manual", "model"]
    opened_on: date | None
    close_on: date | None
    first_close_on: date | None
    close_on_moves: int
    closed_at: datetime | None
    forecast_category: ForecastCategory
    reason: str | None
    reason_note: str | None
    competitors: list[str]
    next_step: str | None
    next_step_on: date | None
    source: str | None
    campaign_id: UUID | None
    lead_id: UUID | None
    splits: list[Split]
    owner_id: UUID | None
    team_id: UUID | None
    stage_entered_at: datetime
    confirmed: list[str]
    description: str | None
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class RaisedFlag(BaseModel):
    """What is wrong with a deal, in a sentence."""

    flag: FlagName
    reason: str


class StageStay(BaseModel):
    pipeline_id: UUID
    stage_id: UUID
    stage_name: str | None
    entered_at: datetime
    left_at: datetime | None
    seconds: int
    moved_by: UUID | None


class StageHistory(BaseModel):
    """Every stay in a stage, the present one last; and the time in each stage altogether."""

    data: list[StageStay]
    seconds_by_stage: dict[str, int]
    flags: list[RaisedFlag]


class FlaggedOpportunity(OpportunityRead):
    flags: list[RaisedFlag]


class FlaggedPage(BaseModel):
    data: list[FlaggedOpportunity]
    page: Page
