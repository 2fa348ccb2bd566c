"""Risk as the API shows it."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_analytics.queries.schemas import Records
from guanxi_shared.documents import Page
from guanxi_shared.money import Money

Level = Literal["low", "medium", "high"]
BucketName = Literal["not_due", "1-30", "31-60", "61-90", "over_90"]
SEARCH: dict[str, Any] = {
    "path": "/v1/analytics/facts/invoices/search",
    "body": {"filter_groups": [{"filters": [{"field": "currency", "operator": "eq", "value": "CNY"}]}]},
}  # fmt: skip


def _cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


BUCKETS: list[dict[str, Any]] = [
    {"bucket": name, "outstanding": _cny(amount)}
    for name, amount in (("not_due", "400.00"), ("1-30", "0.00"), ("31-60", "800.00"), ("61-90", "0.00"), ("over_90", "0.00"))
]  # fmt: skip
OF_ONE: dict[str, Any] = {
    "level": "high",
    "reasons": ["CNY 1200.00 is outstanding, 120.00 % of the credit limit of CNY 1000.00: more than 100 % is high."],
    "owed": [
        {
            "currency": "CNY", "outstanding": _cny("1200.00"), "overdue": _cny("800.00"), "invoices": 3,
            "invoices_overdue": 2, "oldest_days_late": 45, "buckets": BUCKETS, "records": SEARCH,
        }
    ],
    "credit_limit": _cny("1000.00"), "utilisation": 1.2,
    "utilisation_sentence": "CNY 1200.00 is outstanding of CNY 1000.00.",
    "settled": {"since": "2025-06-30", "invoices": 4, "mean_days_late": 6.5, "records": SEARCH},
    "invoices_url": "/v1/invoices?account_id=01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50&status=open",
}  # fmt: skip
EXAMPLE: dict[str, Any] = {
    "as_of": "2026-06-30T02:00:00Z", "today": "2026-06-30", "settled_since": "2025-06-30",
    "sentence": "Of the invoices and accounts that you see. …",
    "thresholds": [
        {
            "rule": "over_limit", "level": "high", "measure": "limit_used", "above": 100, "unit": "percent",
            "sentence": "More is outstanding in the currency of the credit limit than the limit.",
        }
    ],
    "levels": [{"level": "high", "accounts": 1}, {"level": "medium", "accounts": 4}, {"level": "low", "accounts": 31}],
    "totals": [
        {
            "currency": "CNY", "is_suppressed": False, "accounts": 1, "invoices": 3, "outstanding": _cny("1200.00"),
            "overdue": _cny("800.00"), "overdue_share": 0.6667, "buckets": BUCKETS, "records": SEARCH,
        }
    ],
    "data": [{"account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "name": "华东机电"} | OF_ONE],
    "page": {"next_cursor": None, "has_more": False, "total": None},
}  # fmt: skip


class Threshold(BaseModel):
    """A rule: it holds where the measure is above this."""

    rule: str
    level: Level
    measure: Literal["oldest_days_late", "overdue_share", "limit_used", "mean_days_late"]
    above: int
    unit: Literal["days", "percent"]
    sentence: str


class LevelCount(BaseModel):
    """`accounts` is null where the installation hides counts of few."""

    level: Level
    accounts: int | None


class AgeBucket(BaseModel):
    """What is outstanding, by how many days it is late."""

    bucket: BucketName
    outstanding: Money | None


class Owed(BaseModel):
    """In one currency; the buckets add up to what is outstanding."""

    currency: str
    outstanding: Money
    overdue: Money
    invoices: int
    invoices_overdue: int
    oldest_days_late: int
    buckets: list[AgeBucket]
    records: Records


class Total(BaseModel):
    """Of all accounts in the list, whatever page is shown; what is hidden is null."""

    currency: str
    is_suppressed: bool
    accounts: int | None
    invoices: int | None
    outstanding: Money | None
    overdue: Money | None
    overdue_share: float | None
    buckets: list[AgeBucket]
    records: Records


class SettledLately(BaseModel):
    """Invoices settled after `since`, in any currency; a day before it was due counts as the day itself."""

    since: date
    invoices: int
    mean_days_late: float | None
    records: Records


class Risky(BaseModel):
    """`utilisation` is a share of the credit limit, told where all that is outstanding is in its currency."""

    level: Level | None
    reasons: list[str]
    owed: list[Owed]
    credit_limit: Money | None
    utilisation: float | None
    utilisation_sentence: str | None
    settled: SettledLately | None
    invoices_url: str | None


class RiskyAccount(Risky):
    account_id: UUID
    name: str


class CustomerRisk(Risky):
    """`level` is null of an account without such invoices, and for those who read none."""

    sentence: str


class Risks(BaseModel):
    """Accounts that owe something, or settled something in the last 12 months; the gravest level first, then the longest overdue."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    as_of: datetime
    today: date
    settled_since: date
    sentence: str
    thresholds: list[Threshold]
    levels: list[LevelCount]
    totals: list[Total]
    data: list[RiskyAccount]
    page: Page
    smallest_cell: int | None = Field(
        default=None, description="Where the installation hides figures of fewer accounts."
    )
