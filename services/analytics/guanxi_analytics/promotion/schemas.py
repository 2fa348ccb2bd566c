"""A campaign's effect as it is asked for and shown."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.money import Money
from guanxi_shared.values import Day, Value

MOST = 100_000
ASKED: dict[str, Any] = {
    "addressed": ["01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"], "held_out": ["01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51"],
    "is_by_lot": True, "from": "2026-09-01", "until": "2026-10-01", "cost": {"amount": "5000.00", "currency": "CNY"},
}  # fmt: skip
Ids = Annotated[list[UUID], Field(max_length=MOST)]


class CampaignAsked(Value):
    """Accounts (or contacts who order themselves) whom a campaign addressed and whom it held out, and the days on which
    their orders count."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, json_schema_extra={"example": ASKED}
    )

    addressed: Annotated[Ids, Field(min_length=1)]
    held_out: Ids = Field(default_factory=list)
    is_by_lot: bool = Field(
        default=False,
        description="Who was held out was drawn by lot, before anybody was addressed.",
    )
    first: Day = Field(alias="from")
    until: Day = Field(description="The first day that no longer counts.")
    cost: Money | None = None


class ResponseShare(BaseModel):
    share: float
    low: float
    high: float


class GroupRead(BaseModel):
    n: int
    responded: int
    orders: int
    response: ResponseShare
    revenue: list[Money]


class Uplift(BaseModel):
    difference: float
    low: float
    high: float
    is_beyond_chance: bool


class MoneyUplift(BaseModel):
    """Per person, those who bought nothing too."""

    each: Money
    each_held_out: Money
    difference: Money
    low: Money
    high: Money
    is_beyond_chance: bool


class CampaignCosts(BaseModel):
    """`by_response_more`: of each response more than without the campaign; null where that is not beyond chance."""

    cost: Money
    by_response: Money | None
    by_order: Money | None
    by_response_more: Money | None


class CampaignPeriod(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from")
    until: date


class CampaignEffect(BaseModel):
    """`kind` is effect where a hold-out was drawn by lot, else association."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "association", "sentence": "Nobody was held out: …", "period": {"from": "2026-09-01", "until": "2026-10-01"},
                "as_of": "2026-10-02T08:00:00Z", "watermark": {"pipeline": 4211}, "held_out": None, "uplift": None, "money": [],
                "costs": None, "addressed": {
                    "n": 100, "responded": 20, "orders": 21, "response": {"share": 0.2, "low": 0.133, "high": 0.289}, "revenue": [],
                },
            }
        }
    )  # fmt: skip

    kind: Literal["effect", "association"]
    sentence: str
    period: CampaignPeriod
    as_of: datetime
    watermark: dict[str, int]
    addressed: GroupRead
    held_out: GroupRead | None
    uplift: Uplift | None
    money: list[MoneyUplift]
    costs: CampaignCosts | None
