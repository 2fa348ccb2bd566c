"""What campaigns brought, as it is shown."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.promotion.schemas import CampaignCosts, CampaignPeriod, MoneyUplift, Uplift
from guanxi_shared.documents import Page
from guanxi_shared.money import Money

ID = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f90"


def _search(cube: str, *equal: tuple[str, str]) -> dict[str, Any]:
    filters = [{"field": field, "operator": "eq", "value": value} for field, value in equal]
    return {"path": f"/v1/analytics/facts/{cube}/search", "body": {"filter_groups": [{"filters": filters}]}}  # fmt: skip


def _arm(group: str, n: int, **figures: Any) -> dict[str, Any]:
    own = (("campaign_id", ID), ("member_group", group))
    return {
        "n": n, "records": {
            "members": _search("campaign_members", *own),
            "responses": _search("campaign_members", *own, ("status", "responded")),
            "orders": _search("sales", (f"{group}_in_campaign_id", ID), ("kind", "bought")),
        },
    } | figures  # fmt: skip


def _part(count: int, share: float, low: float, high: float) -> dict[str, Any]:
    return {"count": count, "share": share, "low": low, "high": high}


CNY: dict[str, Any] = {"amount": "8000.00", "currency": "CNY"}
EXAMPLE: dict[str, Any] = {
    "campaign_id": ID, "name": "Autumn news by e-mail", "campaign_kind": "email", "channel": "email", "status": "ended",
    "kind": "effect", "sentence": "Who was held out was drawn by lot: …", "period": {"from": "2026-09-01", "until": "2026-10-01"},
    "is_over": True,
    "treated": _arm(
        "treated", 400, sent=398, response=_part(80, 0.2, 0.164, 0.242), purchase=_part(40, 0.1, 0.074, 0.133),
        orders=44, revenue=[CNY | {"amount": "88000.00"}],
    ),
    "held_out": _arm(
        "held_out", 100, sent=0, response=_part(8, 0.08, 0.041, 0.15), purchase=_part(4, 0.04, 0.016, 0.098),
        orders=4, revenue=[CNY],
    ),
    "costs": [{
        "cost": {"amount": "4000.00", "currency": "CNY"}, "by_response": {"amount": "50.00", "currency": "CNY"},
        "by_order": {"amount": "90.91", "currency": "CNY"}, "by_response_more": {"amount": "83.33", "currency": "CNY"},
    }],
    "cost_records": _search("campaign_costs", ("campaign_id", ID)),
}  # fmt: skip
AS_OF: dict[str, Any] = {
    "as_of": "2026-10-02T08:00:00Z",
    "watermark": {"contacts": 911, "pipeline": 4211},
}
UPLIFT: dict[str, Any] = {"difference": 0.12, "low": 0.042, "high": 0.175, "is_beyond_chance": True}  # fmt: skip


class Part(BaseModel):
    """How many of a group, the share of it, and Wilson's interval."""

    count: int
    share: float
    low: float
    high: float


class SearchDocumentOf(BaseModel):
    """The request that lists the records behind a figure."""

    path: str
    body: dict[str, Any]


class ArmRecords(BaseModel):
    members: SearchDocumentOf
    responses: SearchDocumentOf
    orders: SearchDocumentOf


class Arm(BaseModel):
    """`n` counts everybody of the group, sent to or not. Of fewer than ten people only that is told."""

    n: int
    sent: int
    response: Part | None
    purchase: Part | None
    orders: int | None
    revenue: list[Money] | None
    records: ArmRecords


class CampaignResult(BaseModel):
    """`kind` is effect where a hold-out was drawn by lot, else association. Orders count from the campaign's first day on,
    for both groups alike; `is_over` once all those days are. Costs are of each currency by itself."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    campaign_id: UUID
    name: str
    campaign_kind: str
    channel: str | None
    status: str
    kind: Literal["effect", "association"]
    sentence: str
    period: CampaignPeriod
    is_over: bool
    treated: Arm
    held_out: Arm | None
    costs: list[CampaignCosts]
    cost_records: SearchDocumentOf


class CampaignResults(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [EXAMPLE], "page": {"next_cursor": None, "has_more": False, "total": None}, **AS_OF,
            }
        }
    )  # fmt: skip

    data: list[CampaignResult]
    page: Page
    as_of: datetime
    watermark: dict[str, int]


class EffectOfCampaign(CampaignResult):
    """Treated less held out, with 95 % intervals: null where there is no hold-out or too small a one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE | AS_OF | {
                "response_uplift": UPLIFT, "purchase_uplift": UPLIFT, "money": [],
            }
        }
    )  # fmt: skip

    response_uplift: Uplift | None
    purchase_uplift: Uplift | None
    money: list[MoneyUplift]
    as_of: datetime
    watermark: dict[str, int]
