"""Forecasts: three statements (deals, what stands beside them, rates) and pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.forecasts import figure_rules, interval_rules, period_rules
from guanxi_pipeline.forecasts.asked import Asked
from guanxi_pipeline.forecasts.days import demand_kept
from guanxi_pipeline.forecasts.figure_rules import Against, Sums, figures
from guanxi_pipeline.forecasts.held_against import quotas_by_key, total_quota
from guanxi_pipeline.forecasts.past import Past
from guanxi_pipeline.forecasts.period_rules import Period
from guanxi_pipeline.forecasts.queries import Row, beside, kept_sums, present_sums
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.pipelines.known import known_pipelines
from guanxi_pipeline.quotas.resources import QUOTAS
from guanxi_pipeline.quotas.rules import Quota
from guanxi_pipeline.rates.looking_up import rates_into
from guanxi_pipeline.rates.rules import Rates
from guanxi_shared.calls import Call
from guanxi_shared.visibility import Scope

NOBODY = Scope()
RIGHTS = (
    "Figures of a kept day, seen by today's rights: those of deals whose owner or team of that day you "
    "may see now. Quotas are today's."
)


async def read_forecast(call: Call, asked: Asked) -> dict[str, Any]:
    """The groups, all of them together, and the interval; of now or of a kept day."""
    scope = await call.scope_of(OPPORTUNITIES)
    if asked.as_of is not None:
        await demand_kept(call, asked.as_of, asked.period)
    of_kept = replace(scope, shared=(), shared_write=())
    sums = await (
        present_sums(call, asked, scope) if asked.as_of is None else kept_sums(call, asked, of_kept)
    )
    keys = {row["key"] for row in sums if row["key"] is not None}
    past = past_of(asked, of_kept)
    more = await beside(call, asked, sorted(keys), await _quota_scope(call), past)
    quotas = [_quota(row) for row in more["quotas"] or ()]
    rates = await rates_for(call, asked, more, sums, quotas)
    return await _shown(call, asked, sums, quotas, rates, more)


async def _quota_scope(call: Call) -> Scope:
    return await call.scope_of(QUOTAS) if call.by.may("quotas:read") else NOBODY


def past_of(asked: Asked, scope: Scope) -> Past:
    """Finished periods at the point that the asked one has reached; none for one that has not begun or
    is over, and none by product."""
    begun = asked.period.elapsed_days(asked.day)
    if asked.product_id is not None or asked.day >= asked.period.ends_on or begun == 0:
        return Past(scope, (), (), asked.day)
    share = Decimal(begun) / asked.period.days
    found = list(period_rules.finished_before(asked.period, asked.day, interval_rules.MOST))
    # On a kept day nothing was known of what was kept after it.
    before = date.fromordinal(asked.day.toordinal() + 1)
    return Past(scope, found, [period.day_at(share) for period in found], before)


def _quota(row: Mapping[str, Any]) -> Quota:
    return Quota(
        of=UUID(row["owner_id"] or row["team_id"]),
        period=Period(date.fromisoformat(row["starts_on"]), row["period"]),
        pipeline_id=row["pipeline_id"] and UUID(row["pipeline_id"]),
        product_id=row["product_id"] and UUID(row["product_id"]),
        amount=Decimal(row["amount"]), currency=row["currency"],
        is_teams=row["team_id"] is not None, is_under=bool(row["is_under"]),
    )  # fmt: skip


async def rates_for(
    call: Call, asked: Asked, more: Mapping[str, Any], sums: Sequence[Row], quotas: Sequence[Quota]
) -> Rates:
    """Not asked for when there is nothing to convert; a currency that somebody insists on must be
    reachable from all the others."""
    target = asked.currency or more["currency"]
    present = currencies_of(sums, quotas)
    if not (present | past_currencies(more["past"])) - {target}:
        return Rates(target, asked.rate_on, {})
    rates = await rates_into(call.db, call.organisation, target, asked.rate_on)
    if asked.currency is not None:
        rates.demand(present)
    return rates


def currencies_of(sums: Sequence[Row], quotas: Sequence[Quota]) -> set[str]:
    return {row["currency"] for row in sums if row["currency"]} | {q.currency for q in quotas}


def past_currencies(past: Sequence[Mapping[str, Any]] | None) -> set[str]:
    return {
        c for each in past or () for c in {**(each["forecast"] or {}), **(each["actual"] or {})}
    }


async def _shown(
    call: Call, asked: Asked, sums: Sequence[Row], quotas: Sequence[Quota], rates: Rates,
    more: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    own = {row["key"] for row in sums}
    names = await _names(call, asked, more["names"] or {}, own)
    known = quotas_by_key(asked, quotas, own)
    keys = own | set(known)
    rows = by_key(sums)
    groups = [
        {"id": key and str(key), "name": names.get(str(key)),
         **_figures(asked, rows.get(key, []), known.get(key), rates)}
        for key in keys
    ]  # fmt: skip
    groups.sort(key=lambda group: (group["name"] is None, group["name"] or "", group["id"] or ""))
    total = _figures(asked, sums, total_quota(asked, quotas, own), rates, counted="deals")
    return {
        **_head(asked, rates, sums, quotas), "groups": groups,
        "total": total | _interval(asked, sums, more["past"], rates),
    }  # fmt: skip


def by_key(sums: Sequence[Row]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in sums:
        found.setdefault(row["key"], []).append(row)
    return found


def _figures(
    asked: Asked, rows: Sequence[Row], quota: Sums | None, rates: Rates, *, counted: str = "count"
) -> dict[str, Any]:
    return figures(rows, Against(quota, asked.period, rates, asked.day), counted=counted)


def _head(
    asked: Asked, rates: Rates, sums: Sequence[Row], quotas: Sequence[Quota]
) -> dict[str, Any]:
    return {
        "period": period_rules.shown(asked.period), "by": asked.by, "as_of": asked.as_of,
        "rights": None if asked.as_of is None else RIGHTS,
        "elapsed": period_rules.elapsed(asked.period, asked.day), "currency": rates.target,
        "rate_on": asked.rate_on, "missing_rates": rates.missing(currencies_of(sums, quotas)),
    }  # fmt: skip


async def _names(
    call: Call, asked: Asked, names: dict[str, str], keys: set[UUID]
) -> dict[str, str]:
    if asked.by != "pipeline":
        return names
    known = await known_pipelines(call, *keys)
    return {str(pipeline.id): pipeline.name for pipeline in known.pipelines.values()}


def past_in_one(
    rows: Sequence[Mapping[str, Any]] | None, period: Period, rates: Rates
) -> list[interval_rules.Past]:
    """Past periods in the answer's currency by the same rates, the newest first; RateMissing names one
    that there is not. What was neither forecast nor won is no error."""
    found = []
    for row in rows or ():
        forecast, actual = (
            figure_rules.one_amount({c: Decimal(a) for c, a in (row[name] or {}).items()}, rates)
            for name in ("forecast", "actual")
        )
        if forecast or actual:
            first = Period(date.fromisoformat(row["first"]), period.kind)
            found.append(interval_rules.Past(first, row["day"], forecast, actual))
    return sorted(found, key=lambda past: past.period, reverse=True)


def _interval(
    asked: Asked, sums: Sequence[Row], past: Sequence[Mapping[str, Any]] | None, rates: Rates
) -> dict[str, Any]:
    if refused := _no_interval(asked) or _no_rate(
        rates, currencies_of(sums, ()) | past_currencies(past)
    ):
        return {"interval": None, "interval_refused": refused}
    expected = figure_rules.summed(sums, closed="amount", still_open="weighted")
    return interval_rules.interval(
        figure_rules.one_amount(expected, rates), past_in_one(past, asked.period, rates),
        coverage=asked.coverage, currency=rates.target, kind=asked.period.kind,
    )  # fmt: skip


def _no_interval(asked: Asked) -> str | None:
    if asked.product_id is not None:
        return "What was forecast is not kept by product."
    if asked.day >= asked.period.ends_on:
        return "The period is over."
    return "The period has not begun." if asked.period.elapsed_days(asked.day) == 0 else None


def _no_rate(rates: Rates, currencies: set[str]) -> str | None:
    """Present and past are added up; what is missing for that is named."""
    missing = [f"{currency} to {rates.target}" for currency in rates.missing(currencies)]
    return f"There is no rate from {', '.join(missing)} to add them up." if missing else None
