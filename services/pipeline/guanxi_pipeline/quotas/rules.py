"""Pure decisions about quotas: what is kept of what is sent, and which quota a period has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.forecasts.period_rules import Period, demand_start
from guanxi_shared.errors import Invalid

SHORTER: Mapping[str, tuple[str, ...]] = {
    "year": ("quarter", "month"),
    "quarter": ("month",),
    "month": (),
}
Sums = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Quota:
    """As far as a forecast looks at it; `of` is the person or the team."""

    of: UUID
    period: Period
    pipeline_id: UUID | None
    product_id: UUID | None
    amount: Decimal
    currency: str
    is_teams: bool = False
    is_under: bool = True  # of the team that is asked for, or of one under it


def columns_from(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Stored columns from the API's fields."""
    columns = {name: value for name, value in sent.items() if name != "amount"}
    if "amount" in sent:
        columns["amount_amount"] = Decimal(sent["amount"]["amount"])
        columns["amount_currency"] = sent["amount"]["currency"]
    return columns


def demand_sound(columns: Mapping[str, Any]) -> None:
    """A quota as a whole: somebody's, from the first day of its period, above nothing."""
    if (columns.get("owner_id") is None) == (columns.get("team_id") is None):
        raise Invalid(
            "A quota is a person's or a team's.",
            errors={"owner_id": "Send owner_id or team_id, one of them."},
            code="whose_quota",
        )
    demand_start(columns["period"], columns["starts_on"])
    if columns["amount_amount"] <= 0:
        raise Invalid("A quota is more than nothing.", errors={"amount": "Send more than 0."})


def quota_of(
    quotas: Iterable[Quota], period: Period, *, pipeline_id: UUID | None, product_id: UUID | None
) -> Sums | None:
    """What one person or team is to win in the period, per currency; None where that is not said.

    For a pipeline or a product only its own quotas count. For all of them: the quota that names
    neither; else the sum of those by pipeline; else of those by product. Each of these for the period
    itself or else, whole, for its quarters or months.
    """
    found = list(quotas)
    exact = _in_period([q for q in found if _is_for(q, pipeline_id, product_id)], period)
    if exact is not None or pipeline_id is not None or product_id is not None:
        return exact
    by_pipeline = [q for q in found if q.pipeline_id is not None and q.product_id is None]
    by_product = [q for q in found if q.pipeline_id is None and q.product_id is not None]
    for several, name in ((by_pipeline, "pipeline_id"), (by_product, "product_id")):
        parts = [
            _in_period([q for q in several if getattr(q, name) == id], period)
            for id in {getattr(q, name) for q in several}
        ]
        if sums := [part for part in parts if part is not None]:
            return added(sums)
    return None


def _is_for(quota: Quota, pipeline_id: UUID | None, product_id: UUID | None) -> bool:
    return quota.pipeline_id == pipeline_id and quota.product_id == product_id


def _in_period(quotas: Sequence[Quota], period: Period) -> Sums | None:
    """That of the period; else the sum of its shorter ones, if none of them is missing."""
    if exact := [q for q in quotas if q.period == period]:
        return added([{q.currency: q.amount} for q in exact])
    for kind in SHORTER[period.kind]:
        by_part = {part: [q for q in quotas if q.period == part] for part in period.parts(kind)}
        if all(by_part.values()):
            return added([{q.currency: q.amount} for each in by_part.values() for q in each])
    return None


def added(sums: Iterable[Mapping[str, Decimal]]) -> Sums:
    """Currency by currency."""
    total: Sums = {}
    for each in sums:
        for currency, amount in each.items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return total
