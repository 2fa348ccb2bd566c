"""What a forecast is asked for: its parameters, each refused by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_pipeline.forecasts.period_rules import WANTED, Period, parse_period
from guanxi_shared.calls import Call
from guanxi_shared.documents import query_parameter
from guanxi_shared.errors import Invalid
from guanxi_shared.parameters import (
    choice_of,
    currency_of,
    day_of,
    id_of,
    parameters_of,
    whole_of,
)

GROUPS = ("person", "team", "pipeline", "product")
IDS = ("owner_id", "team_id", "pipeline_id", "product_id")
NAMES = ("period", "by", *IDS, "currency", "rate_on", "as_of", "coverage")
COVERAGE = (50, 95)
USUAL_COVERAGE = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """`currency` is None when nobody insists on one, `as_of` when it is about now; `coverage` is in
    percent."""

    period: Period
    by: str
    owner_id: UUID | None
    team_id: UUID | None
    pipeline_id: UUID | None
    product_id: UUID | None
    currency: str | None
    rate_on: date
    as_of: date | None
    coverage: int
    today: date

    @property
    def needs_products(self) -> bool:
        return self.by == "product" or self.product_id is not None

    @property
    def day(self) -> date:
        """The day of the figures."""
        return self.as_of or self.today


def asked_of(call: Call, names: Sequence[str] = NAMES) -> Asked:
    """Malformed (400) or Invalid (422) names the parameter that cannot be meant."""
    sent = parameters_of(call, names)
    today = call.clock.today
    as_of = day_of(call, sent, "as_of")
    if as_of is not None and as_of > today:
        raise Invalid("as_of is still to come.", errors={"as_of": "Send a day that has begun."})
    asked = Asked(
        period=parse_period(sent.get("period", "this_quarter"), as_of or today),
        by=choice_of(sent, "by", GROUPS, GROUPS[0]), **{name: id_of(call, sent, name) for name in IDS},
        currency=currency_of(sent, "currency"), rate_on=day_of(call, sent, "rate_on") or as_of or today,
        as_of=as_of, coverage=whole_of(sent, "coverage", *COVERAGE, USUAL_COVERAGE), today=today,
    )  # fmt: skip
    if as_of is not None and asked.needs_products:
        name = "by" if asked.by == "product" else "product_id"
        raise Invalid(
            "What was forecast on a day is not kept by product.",
            errors={name: "Ask without as_of, or not by product."},
        )
    return asked


def parameters(names: Sequence[str] = NAMES) -> list[dict[str, Any]]:
    """Those of `names`, for the API's description."""
    low, high = COVERAGE
    all_of_them = [
        query_parameter("period", "string", WANTED + " this_quarter if absent.", example="2026-Q4"),
        query_parameter("by", "string", "What to group by; person if absent.", enum=list(GROUPS)),
        query_parameter("owner_id", "string", "What counts for this person alone.", format="uuid"),
        query_parameter("team_id", "string", "What counts for this team and those under it.",
                        format="uuid"),
        query_parameter("pipeline_id", "string", "Of one pipeline.", format="uuid"),
        query_parameter("product_id", "string", "Lines of one product.", format="uuid"),
        query_parameter("currency", "string", "Convert into it; a missing rate is then an error."),
        query_parameter("rate_on", "string", "The day of the rates; as_of or today if absent.",
                        format="date"),
        query_parameter("as_of", "string", "What was forecast on this day.", format="date"),
        query_parameter("coverage", "integer", "Of the interval, in percent; 80 if absent.",
                        minimum=low, maximum=high),
    ]  # fmt: skip
    return [parameter for parameter in all_of_them if parameter["name"] in names]
