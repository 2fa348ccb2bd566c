"""How far off forecasts were: finished periods of one kind, each at the same point of it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from guanxi_pipeline.forecasts import interval_rules
from guanxi_pipeline.forecasts.asked import IDS, USUAL_COVERAGE, Asked, parameters
from guanxi_pipeline.forecasts.past import Past
from guanxi_pipeline.forecasts.period_rules import MONTHS, finished_before, period_of
from guanxi_pipeline.forecasts.queries import beside
from guanxi_pipeline.forecasts.service import NOBODY, past_currencies, past_in_one, rates_for
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_shared.calls import Call
from guanxi_shared.documents import query_parameter
from guanxi_shared.parameters import (
    choice_of,
    currency_of,
    day_of,
    id_of,
    parameters_of,
    whole_of,
)

KINDS = ("quarter", *(kind for kind in MONTHS if kind != "quarter"))
OWN = ("kind", "percent", "owner_id", "team_id", "pipeline_id", "currency", "rate_on")
PERCENT = (1, 100)
MIDDLE = 50


def asked_of_accuracy(call: Call) -> tuple[Asked, int]:
    """What is asked for, and how much of each period had begun, in percent."""
    sent = parameters_of(call, OWN)
    today = call.clock.today
    kind = choice_of(sent, "kind", KINDS, KINDS[0])
    ids = {name: id_of(call, sent, name) for name in IDS}
    rate_on = day_of(call, sent, "rate_on") or today
    asked = Asked(
        period=period_of(kind, today), by="person", currency=currency_of(sent, "currency"), rate_on=rate_on,
        as_of=None, coverage=USUAL_COVERAGE, today=today, **ids,
    )  # fmt: skip
    return asked, whole_of(sent, "percent", *PERCENT, MIDDLE)


async def read_accuracy(call: Call, asked: Asked, percent: int) -> dict[str, Any]:
    """The newest twelve finished periods of which the days were kept."""
    scope = replace(await call.scope_of(OPPORTUNITIES), shared=(), shared_write=())
    share = Decimal(percent) / 100
    periods = list(finished_before(asked.period, asked.today, interval_rules.MOST))
    points = [period.day_at(share) for period in periods]
    past = Past(scope, periods, points, asked.today + timedelta(days=1))
    more = await beside(call, asked, (), NOBODY, past)
    rates = await rates_for(call, asked, more, (), ())
    rates.demand(past_currencies(more["past"]))
    found = past_in_one(more["past"], asked.period, rates)
    return {
        "kind": asked.period.kind, "share": percent / 100, "currency": rates.target,
        "rate_on": asked.rate_on, **interval_rules.accuracy(found),
        "periods": [interval_rules.shown(each, rates.target) for each in found],
    }  # fmt: skip


def parameters_of_accuracy() -> list[dict[str, Any]]:
    return [
        query_parameter("kind", "string", "Which periods; quarter if absent.", enum=list(KINDS)),
        query_parameter(
            "percent", "integer", "How much of each period had begun; 50 if absent.",
            minimum=PERCENT[0], maximum=PERCENT[1],
        ),
        *parameters(OWN),
    ]  # fmt: skip
