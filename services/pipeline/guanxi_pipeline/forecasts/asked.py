"""What a forecast is asked for: its parameters, each refused by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_pipeline.forecasts.period_rules import WANTED, Period, parse_period
from guanxi_shared import filters, pages
from guanxi_shared.calls import Call
from guanxi_shared.documents import query_parameter
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.money import CURRENCIES
from guanxi_shared.resources import DAY

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
        by=one_of(sent, "by", GROUPS), **{name: id_of(sent, name) for name in IDS},
        currency=currency_of(sent), rate_on=day_of(call, sent, "rate_on") or as_of or today,
        as_of=as_of, coverage=_coverage(sent), today=today,
    )  # fmt: skip
    if as_of is not None and asked.needs_products:
        name = "by" if asked.by == "product" else "product_id"
        raise Invalid(
            "What was forecast on a day is not kept by product.",
            errors={name: "Ask without as_of, or not by product."},
        )
    return asked


def parameters_of(call: Call, names: Sequence[str]) -> dict[str, str]:
    sent = {}
    for name, value in pages.query_pairs(call.request.scope["query_string"]):
        if name not in names or name in sent:
            known = "Named twice." if name in names else "Unknown parameter."
            raise Malformed(
                f"A forecast does not take {name[:40]!r}." if name not in names else f"{name} twice.",
                errors={name: known}, code="unknown_parameter",
            )  # fmt: skip
        sent[name] = value
    return sent


def one_of(sent: dict[str, str], name: str, words: Sequence[str]) -> str:
    value = sent.get(name, words[0])
    if value not in words:
        raise Malformed(
            f"{name} cannot be {value[:40]!r}.", errors={name: f"Send {', '.join(words)}."}
        )
    return value


def id_of(sent: dict[str, str], name: str) -> UUID | None:
    try:
        return UUID(sent[name]) if name in sent else None
    except ValueError as error:
        raise Malformed(f"{name} must be a UUID.", errors={name: "Send a UUID."}) from error


def currency_of(sent: dict[str, str]) -> str | None:
    currency = sent.get("currency")
    if currency is not None and currency not in CURRENCIES:
        raise Malformed(
            f"{currency[:20]!r} is no ISO 4217 currency.", errors={"currency": "For example CNY."}
        )
    return currency


def day_of(call: Call, sent: dict[str, str], name: str) -> date | None:
    if name not in sent:
        return None
    try:
        found: date = filters.PARSERS[DAY](sent[name], call.clock)
    except (ValueError, OverflowError) as error:
        raise Malformed(
            f"{name} must be a day.", errors={name: f"Send {filters.WANTED[DAY]}."}
        ) from error
    return found


def _coverage(sent: dict[str, str]) -> int:
    text = sent.get("coverage", str(USUAL_COVERAGE))
    low, high = COVERAGE
    if not (text.isascii() and text.isdigit() and len(text) < 4 and low <= int(text) <= high):
        sentence = f"coverage must be a whole number of percent from {low} to {high}."
        raise Malformed(sentence, errors={"coverage": sentence})
    return int(text)


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
