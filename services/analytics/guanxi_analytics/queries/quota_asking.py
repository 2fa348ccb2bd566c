"""Which quotas a query means, as filters over their rows. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from guanxi_analytics.queries.period_rules import MONTHS_IN
from guanxi_shared.errors import Invalid

GRAINS: Final = ("year", "quarter", "month")  # the longest first
Filter = Mapping[str, Any]


def quota_filters(
    dimensions: Collection[str], filtered: Collection[str], bucket: str | None, first: date | None, until: date | None
) -> list[Filter]:  # fmt: skip
    """People's quotas, or teams' where teams are told apart or filtered by; those by pipeline where pipelines are; of the
    stretch of time that is told apart, else of the longest that the period is whole ones of."""
    told = {"team_id" if name == "team" else name for name in dimensions} | set(filtered)
    is_teams = "team_id" in told
    if is_teams and told & {"owner", "owner_id"}:
        raise Invalid(
            "A quota is a person's or a team's.",
            errors={"dimensions": "Ask for quotas by owner or by team, not by both."},
        )
    is_by_pipeline = not told.isdisjoint({"pipeline", "pipeline_id"})
    return [
        _is("grain", _grain(bucket, first, until)), _is("whose", "team" if is_teams else "person"),
        _is("covers", "pipeline") if is_by_pipeline else _is("is_whole", True),
    ]  # fmt: skip


def _is(field: str, value: Any) -> Filter:
    return {"field": field, "operator": "eq", "value": value}


def _grain(bucket: str | None, first: date | None, until: date | None) -> str:
    if bucket is not None:
        if first is not None and not begins(first, bucket):
            raise Invalid(
                f"The period begins within a {bucket}, of which there is one quota.",
                errors={"period.from": f"Send the first day of a {bucket}."},
            )
        return bucket
    if first is not None and until is not None:
        for grain in GRAINS:
            if begins(first, grain) and begins(until, grain):
                return grain
    raise Invalid(
        "Quotas are of months, quarters and years.",
        errors={"period": "Send whole ones, or month, quarter or year among the dimensions."},
    )


def begins(day: date, grain: str) -> bool:
    return day.day == 1 and (day.month - 1) % MONTHS_IN[grain] == 0


def narrowed(documents: Sequence[Any], more: Sequence[Filter]) -> list[Any]:
    """Filter groups with conditions that each of them has besides."""
    return [{"filters": [*group["filters"], *more]} for group in documents or [{"filters": []}]]
