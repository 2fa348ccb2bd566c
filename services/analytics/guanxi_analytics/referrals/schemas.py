"""Referrals as the API shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.cohorts.schemas import Proportion
from guanxi_analytics.lifecycle.schemas import Span
from guanxi_analytics.queries.schemas import Records
from guanxi_shared.money import Money

EXAMPLE: dict[str, Any] = {
    "period": {"from": "2026-01-01", "until": "2027-01-01"}, "as_of": "2026-11-29T08:00:00Z", "new_accounts": 120,
    "referred_accounts": 30, "share": {"count": 30, "n": 120, "share": 0.25, "low": 0.1811, "high": 0.3343},
    "revenue": [], "referrer_count": 11, "longest_chain": 3, "referrers": [], "sentence": "New accounts are those …",
}  # fmt: skip


class ReferredRevenue(BaseModel):
    """`share` is null where there is nothing to divide by, or more came back than was bought."""

    currency: str
    of_new: Money
    of_referred: Money
    share: float | None


class Referrer(BaseModel):
    """New accounts that came by it: `direct` named it, `through` came by those who came; `depth` is the longest chain of
    them, `revenue` what all of them bought in the period. `records` are the direct ones."""

    account_id: UUID
    name: str | None
    direct: int
    through: int
    depth: int
    revenue: list[Money]
    records: Records


class Referrals(BaseModel):
    """`share` is null of fewer than ten new accounts; `referrers` are the first of `referrer_count`."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    period: Span
    as_of: datetime
    new_accounts: int
    referred_accounts: int
    share: Proportion | None
    records: Records
    revenue: list[ReferredRevenue]
    referrer_count: int
    longest_chain: int
    referrers: list[Referrer]
    sentence: str
