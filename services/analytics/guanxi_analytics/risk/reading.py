"""Who owes what, how late and how much of it is at risk: of the invoices and accounts that the caller sees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select

from guanxi_analytics.churn.asked import page_of
from guanxi_analytics.facts.invoice_rules import BUCKETS
from guanxi_analytics.queries.answering import smallest_cell
from guanxi_analytics.queries.asked import day_of
from guanxi_analytics.queries.figure_rules import money_of
from guanxi_analytics.queries.period_rules import moved
from guanxi_analytics.queries.suppression_rules import hidden_rows, hidden_totals
from guanxi_analytics.risk import statements
from guanxi_analytics.risk.asked import RiskAsked
from guanxi_analytics.risk.risk_rules import (
    LEVELS,
    MONTHS,
    Aged,
    Figures,
    Limit,
    Open,
    Settled,
    aged,
    level_of,
    reasons_of,
    thresholds,
    utilisation_of,
)
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope

SHAPES: Final = Shapes()
SEARCH: Final = "/v1/analytics/facts/invoices/search"
WHAT: Final = (
    "Of the invoices and accounts that you see. An invoice is overdue from the day after it was due, for what is left to pay of it."
    " The level of an account is the gravest of the rules that hold; they are rules, and no predictions."
)  # fmt: skip
HIDDEN: Final = "What they owe is told to those who read invoices."
NO_INVOICES: Final = (
    "They have no invoice that you see which is outstanding or was settled in the last 12 months."
)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is null of the present; `today` is the organisation's day of it."""

    at: datetime | None
    today: date

    @property
    def since(self) -> date:
        """The day behind which settled invoices are looked at."""
        return moved(self.today, -MONTHS)


def moment_of(call: Call, as_of: str | None) -> Moment:
    at = None if as_of is None else history.moment_of(call, "as_of", as_of)
    return Moment(at, day_of(at or datetime.now(UTC), call.clock.zone))


async def read_risk(call: Call, asked: RiskAsked) -> dict[str, Any]:
    for resource in ("invoices", "accounts"):
        call.by.demand(f"{resource}:read")
    moment = moment_of(call, asked.as_of)
    rows, page = page_of(await _ranked(call, asked, moment), asked.limit)
    figures = await read_figures(call, rows, moment)
    least = smallest_cell(call)
    return {
        "as_of": moment.at or datetime.now(UTC), "today": moment.today, "settled_since": moment.since,
        "sentence": WHAT, "thresholds": thresholds(), "levels": await _levels(call, moment, least),
        "totals": await _totals(call, moment, least),
        "data": [
            {"account_id": str(row["customer_id"]), "name": row["name"]}
            | shown(row["customer_id"], figures[row["customer_id"]], moment)
            for row in rows
        ],
        "page": page,
    } | ({"smallest_cell": least} if least else {})  # fmt: skip


async def read_customer_risk(call: Call, account_id: UUID, account: Row) -> tuple[dict[str, Any], Mapping[str, Aged]]:  # fmt: skip
    """Of one account that the caller sees, and what it owes by currency."""
    if not call.by.may("invoices:read"):
        return {"sentence": HIDDEN} | dict.fromkeys(SHOWN) | {"reasons": [], "owed": []}, {}
    moment = moment_of(call, None)
    row = {"customer_id": account_id, **account}
    figures = (await read_figures(call, [row], moment))[account_id]
    found = shown(account_id, figures, moment)
    if not figures.owed and not figures.settled.invoices:
        return found | {"sentence": NO_INVOICES, "level": None, "reasons": []}, {}
    return found | {"sentence": WHAT}, figures.owed


async def read_figures(call: Call, rows: Sequence[Row], moment: Moment) -> dict[UUID, Figures]:
    """`rows` are accounts with their limits."""
    ids = [row["customer_id"] for row in rows]
    owed: dict[UUID, list[Open]] = {id: [] for id in ids}
    for row in await _of_these(call, "owed", statements.owed, ids, moment):
        each = Open(row["currency"], row["due_on"], row["outstanding"], row["invoices"])
        owed[row["account_id"]].append(each)
    settled = {
        row["account_id"]: Settled(row["invoices"], row["days_late"])
        for row in await _of_these(call, "settled", statements.settled, ids, moment)
    }
    return {
        row["customer_id"]: Figures(
            aged(owed[row["customer_id"]], moment.today), settled.get(row["customer_id"], Settled()), _limit(row)
        )
        for row in rows
    }  # fmt: skip


def _limit(row: Row) -> Limit | None:
    amount = row["credit_limit"]
    return None if amount is None else Limit(amount, row["credit_limit_currency"])


def shown(id: UUID, figures: Figures, moment: Moment) -> dict[str, Any]:
    used, told = utilisation_of(figures)
    limit, settled = figures.limit, figures.settled
    return {
        "level": level_of(figures), "reasons": reasons_of(figures),
        "owed": [_owed(id, currency, each, moment) for currency, each in figures.owed.items()],
        "credit_limit": None if limit is None else _money(limit.amount, limit.currency),
        "utilisation": used, "utilisation_sentence": told,
        "settled": {
            "since": moment.since, "invoices": settled.invoices,
            "mean_days_late": None if settled.mean is None else round(float(settled.mean), 2),
            "records": _records(
                moment, _is("account_id", str(id)), _is("status", "paid"), _is("paid_on", str(moment.since), "gt"),
                _is("paid_on", str(moment.today), "lte"),
            ),
        },
        "invoices_url": f"/v1/invoices?account_id={id}&status=open",
    }  # fmt: skip


SHOWN: Final = (
    "level", "reasons", "owed", "credit_limit", "utilisation", "utilisation_sentence", "settled", "invoices_url",
)  # fmt: skip


def _owed(id: UUID, currency: str, each: Aged, moment: Moment) -> dict[str, Any]:
    return {
        "currency": currency, "outstanding": _money(each.outstanding, currency), "overdue": _money(each.overdue, currency),
        "invoices": each.invoices, "invoices_overdue": each.invoices_overdue, "oldest_days_late": each.oldest_days_late,
        "buckets": [{"bucket": name, "outstanding": _money(sum_, currency)} for name, sum_ in each.buckets.items()],
        "records": _records(moment, _is("account_id", str(id)), _is("currency", currency), OUTSTANDING),
    }  # fmt: skip


def _money(amount: Decimal, currency: str) -> dict[str, Any]:
    return money_of(amount, currency, is_exact=True)


def _is(field: str, value: str, operator: str = "eq") -> dict[str, str]:
    return {"field": field, "operator": operator, "value": value}


OUTSTANDING: Final = _is("outstanding", "0", "gt")


def _records(moment: Moment, *conditions: Row) -> dict[str, Any]:
    body: dict[str, Any] = {"filter_groups": [{"filters": list(conditions)}]}
    at = {} if moment.at is None else {"as_of": moment.at.isoformat()}
    return {"path": SEARCH, "body": body | at}


async def _ranked(call: Call, asked: RiskAsked, moment: Moment) -> list[dict[str, Any]]:
    of_level, is_first = asked.level is not None, asked.after is None
    more = {
        "level": LEVELS.index(asked.level) if asked.level else None, "most": asked.limit + 1,
        "after": asked.after and asked.after[0], "after_id": asked.after and asked.after[1],
    }  # fmt: skip
    key = ("ranked", of_level, is_first)
    return await _of_all(
        call, key, lambda invoices, accounts, is_past: statements.ranked(
            invoices, accounts, is_past=is_past, of_level=of_level, is_first=is_first
        ), moment, more,
    )  # fmt: skip


async def _levels(call: Call, moment: Moment, least: int) -> list[dict[str, Any]]:
    rows = await _of_all(
        call, ("levels",), lambda invoices, accounts, is_past: statements.levels(invoices, accounts, is_past=is_past), moment
    )  # fmt: skip
    counts = {LEVELS[row["level"]]: row["accounts"] for row in rows}
    hidden = hidden_rows({(name, None): n for name, n in counts.items()}, least) if least else set()
    return [
        {"level": name, "accounts": None if (name, None) in hidden else counts.get(name, 0)}
        for name in reversed(LEVELS)
    ]


async def _totals(call: Call, moment: Moment, least: int) -> list[dict[str, Any]]:
    """By currency. Where a bucket is not told, what is overdue is none either, nor a total of too few accounts."""
    rows = await _of_all(
        call, ("totals",), lambda invoices, accounts, is_past: statements.totals(invoices, accounts, is_past=is_past), moment
    )  # fmt: skip
    behind = {(row["bucket"], row["currency"]): row["accounts"] for row in rows if not row["is_total"]}  # fmt: skip
    whole = {(row["currency"],): row["accounts"] for row in rows if row["is_total"]}
    hidden = hidden_rows(behind, least) if least else set()
    hidden_wholes = hidden_totals(whole, least) if least else set()
    sums = {(row["bucket"], row["currency"]): row for row in rows if not row["is_total"]}
    return [
        _total(row, sums, hidden, (row["currency"],) in hidden_wholes, moment)
        for row in sorted(rows, key=lambda row: str(row["currency"])) if row["is_total"]
    ]  # fmt: skip


def _total(
    row: Row, sums: Mapping[Any, Row], hidden: set[Any], is_hidden: bool, moment: Moment
) -> dict[str, Any]:
    currency = row["currency"]
    buckets = {name: sums.get((name, currency)) for name in BUCKETS}
    is_partly = is_hidden or any((name, currency) in hidden for name in BUCKETS)

    def amount(name: str) -> Decimal:
        own = buckets[name]
        return Decimal(0) if own is None else own["outstanding"]

    overdue = sum((amount(name) for name in BUCKETS if name != "not_due"), Decimal(0))
    return {
        "currency": currency, "is_suppressed": is_partly,
        "accounts": None if is_hidden else row["accounts"], "invoices": None if is_hidden else row["invoices"],
        "outstanding": None if is_hidden else _money(row["outstanding"], currency),
        "overdue": None if is_partly else _money(overdue, currency),
        "overdue_share": None if is_partly else round(float(overdue / row["outstanding"]), 4),
        "buckets": [
            {
                "bucket": name,
                "outstanding": None if is_hidden or (name, currency) in hidden else _money(amount(name), currency),
            }
            for name in BUCKETS
        ],
        "records": _records(moment, _is("currency", currency), OUTSTANDING),
    }  # fmt: skip


async def _of_these(
    call: Call, name: str, build: Callable[..., Select[Any]], ids: Sequence[UUID], moment: Moment
) -> list[dict[str, Any]]:
    if not ids:
        return []
    scope, is_past = await call.scope("invoices"), moment.at is not None
    statement = SHAPES.get((name, scope.shape, is_past), lambda: build(scope, is_past=is_past))
    values = _values(call, moment) | {"ids": list(ids), **scope.params()}
    return await _rows(call, statement, values)


async def _of_all(
    call: Call, key: tuple[Any, ...], build: Callable[[Scope, Scope, bool], Select[Any]], moment: Moment,
    more: Row | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    invoices, accounts = await call.scope("invoices"), await call.scope("accounts")
    is_past = moment.at is not None
    statement = SHAPES.get(
        (*key, invoices.shape, accounts.shape, is_past), lambda: build(invoices, accounts, is_past)
    )
    of_accounts = {f"{statements.OF_ACCOUNTS}_{name}": value for name, value in accounts.params().items()}  # fmt: skip
    values = _values(call, moment) | invoices.params() | of_accounts | dict(more or {})
    return await _rows(call, statement, values)


def _values(call: Call, moment: Moment) -> dict[str, Any]:
    return {
        "organisation": call.organisation, "as_of": moment.at, "today": moment.today, "since": moment.since,
    }  # fmt: skip


async def _rows(call: Call, statement: Any, values: Row) -> list[dict[str, Any]]:
    found = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return [dict(row) for row in found]
