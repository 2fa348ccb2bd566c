"""Purchases read: of an account or of all visible orders, per period and currency, or converted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_pipeline.purchases import period_rules as rules
from guanxi_pipeline.purchases.asked import Asked
from guanxi_pipeline.purchases.period_rules import Figures
from guanxi_pipeline.purchases.queries import GROUPED, purchase_sums
from guanxi_pipeline.rates.looking_up import rates_on_days
from guanxi_pipeline.rates.rules import Rates
from guanxi_pipeline.references.service import find_references
from guanxi_shared.calls import Call
from guanxi_shared.errors import Invalid, NotFound, UnknownReference

MOST_ROWS = 10_000
Series = dict[tuple[date, str], Figures]


async def demand_account(call: Call, account_id: UUID) -> UUID:
    """The account that is meant (a merged one's survivor); NotFound unless the caller sees it."""
    try:
        found = await find_references(call, "accounts", [account_id], field="account_id")
    except UnknownReference as error:
        raise NotFound(f"There is no account with the id {str(account_id)!r}.") from error
    if not found[account_id].is_verified:
        raise NotFound(f"There is no account with the id {str(account_id)!r} known here.")
    return found[account_id].id


async def purchases_of_account(call: Call, account_id: UUID, asked: Asked) -> dict[str, Any]:
    meant = await demand_account(call, account_id)
    found = await purchases(call, replace(asked, account_id=meant))
    return {"account_id": str(meant), **found}


async def purchases(call: Call, asked: Asked) -> dict[str, Any]:
    """All periods from the first to the last, without holes, also where all of them are empty, in each
    currency that was ever bought in. Everything up to the end is summed, so that what is before the
    beginning can be compared with."""
    today = call.clock.today
    rows = await purchase_sums(call, replace(asked, first=None, last=_end(asked)))
    series: Series = {(row["period"], row["currency"]): _figures(row) for row in rows}
    first = min((start for start, _ in series), default=None)
    shown = sorted({asked.currency or currency for _, currency in series})
    periods = _periods(asked, series)
    compared = _with_compared(periods, asked.by)
    rates = await _rates(call, asked, {key for key in series if key[0] in compared})
    if asked.currency is not None:
        wanted = {key: value for key, value in series.items() if key[0] in compared}
        series = rules.in_one_currency(wanted, asked.currency, rates, asked.by, today)
    data = [
        row
        for currency in shown
        for row in rules.rows_of(
            series, currency, periods, by=asked.by, today=today, first=first or date.max
        )
    ]
    return {
        **_about(asked, periods), "data": data,
        "totals": rules.totals_of(series, periods, shown), "rates": _used(rates),
    }  # fmt: skip


async def grouped_purchases(call: Call, asked: Asked) -> dict[str, Any]:
    """A row for each period, currency and group in which something was bought or came back."""
    first = None if asked.first is None else rules.start_of(asked.first, asked.by)
    within = replace(asked, first=first, last=_end(asked))
    rows = await purchase_sums(call, within, most=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise Invalid(
            f"That is more than {MOST_ROWS} rows.",
            errors={"group": "Send from and to, longer periods, or one account or product."},
        )
    names = GROUPED[asked.group]
    groups: dict[tuple[Any, ...], Series] = {}
    for row in rows:
        own = groups.setdefault(tuple(row[name] for name in names), {})
        own[row["period"], row["currency"]] = _figures(row)
    rates = await _rates(call, asked, {key for own in groups.values() for key in own})
    return {
        **_about(asked, [row["period"] for row in rows]), "group": asked.group,
        "data": [
            row for group, own in groups.items()
            for row in _of_group(call, asked, dict(zip(names, group, strict=True)), own, rates)
        ],
        "rates": _used(rates),
    }  # fmt: skip


def _of_group(
    call: Call, asked: Asked, group: Mapping[str, Any], series: Series, rates: Mapping[date, Rates]
) -> list[dict[str, Any]]:
    if asked.currency is not None:
        today = call.clock.today
        series = rules.in_one_currency(series, asked.currency, rates, asked.by, today)
    named = {name: str(v) if isinstance(v, UUID) else v for name, v in group.items()}
    return [
        {
            "period": rules.label_of(start, asked.by), "starts_on": start,
            "ends_on": rules.end_of(start, asked.by), **named, **figures.shown(currency),
        }
        for (start, currency), figures in sorted(series.items())
    ]  # fmt: skip


def _figures(row: Mapping[str, Any]) -> Figures:
    names = ("quantity", "orders", "amount", "cost", "costed", "is_costed")
    return Figures(*(row[name] for name in names))


def _end(asked: Asked) -> date | None:
    if asked.last is None:
        return None
    return rules.end_of(rules.start_of(asked.last, asked.by), asked.by)


def _periods(asked: Asked, series: Series) -> list[date]:
    """From and to as said, else from the first purchase to the last."""
    starts = {start for start, _ in series}
    first = asked.first or min(starts, default=asked.last)
    if first is None:
        return []
    return rules.periods_between(first, asked.last or max({first, *starts}), asked.by)


def _with_compared(periods: Sequence[date], by: str) -> set[date]:
    found = set(periods)
    for start in periods:
        before = (rules.step(start, by, -1), rules.year_before(start, by))
        found |= {each for each in before if each is not None}
    return found


async def _rates(call: Call, asked: Asked, keys: set[tuple[date, str]]) -> dict[date, Rates]:
    """The rates that are needed, by the day: of periods with another currency than the wanted one."""
    target = asked.currency
    if target is None or not keys:
        return {}
    today = call.clock.today
    days = {start: rules.rate_day(start, asked.by, today) for start, _ in keys}
    if all(currency == target for _, currency in keys):
        return {day: Rates(target, day, {}) for day in days.values()}
    found = await rates_on_days(call.db, call.organisation, target, days.values())
    for start, currency in sorted(keys):
        found[days[start]].demand([currency])
    return {
        day: Rates(target, day, {c: r for c, r in rates.known.items() if (day, c) in
                                 {(days[start], currency) for start, currency in keys}})
        for day, rates in found.items()
    }  # fmt: skip


def _used(rates: Mapping[date, Rates]) -> list[dict[str, Any]]:
    return [
        {"on": day, **rate} for day, each in sorted(rates.items()) for rate in each.used(each.known)
    ]


def _about(asked: Asked, periods: Sequence[date]) -> dict[str, Any]:
    """From and to as they were widened to whole periods; null when there is nothing."""
    return {
        "by": asked.by, "currency": asked.currency, "from": min(periods, default=None),
        "to": rules.end_of(max(periods), asked.by) if periods else None,
    }  # fmt: skip
