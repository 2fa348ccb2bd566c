"""The figures of risk, asked of Postgres: of the invoices and accounts that the caller sees."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select

from guanxi_analytics.queries.asked import day_of
from guanxi_analytics.risk import statements
from guanxi_analytics.risk.asked import RiskAsked
from guanxi_analytics.risk.risk_rules import LEVELS, Figures, Limit, Moment, Open, Settled, aged
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope

SHAPES: Final = Shapes()
Row = Mapping[str, Any]


def moment_of(call: Call, as_of: str | None) -> Moment:
    at = None if as_of is None else history.moment_of(call, "as_of", as_of)
    return Moment(at, day_of(at or datetime.now(UTC), call.clock.zone))


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


async def ranked(call: Call, asked: RiskAsked, moment: Moment) -> tuple[list[Row], dict[str, int]]:
    """A row more than a page has, and how many accounts stand at each level, on whatever page."""
    of_level, is_first = asked.level is not None, asked.after is None
    more = {
        "level": LEVELS.index(asked.level) if asked.level else None, "most": asked.limit + 1,
        "after": asked.after and asked.after[0], "after_id": asked.after and asked.after[1],
    }  # fmt: skip
    rows = await _of_all(
        call, ("ranked", of_level, is_first), lambda invoices, accounts, is_past: statements.ranked(
            invoices, accounts, is_past=is_past, of_level=of_level, is_first=is_first
        ), moment, more,
    )  # fmt: skip
    counts = {name: rows[0][name] for name in LEVELS}
    return [row for row in rows if row["customer_id"] is not None], counts


async def totals(call: Call, moment: Moment) -> list[Row]:
    """By currency and bucket, and by currency."""
    return await _of_all(
        call, ("totals",), lambda invoices, accounts, is_past: statements.totals(invoices, accounts, is_past=is_past), moment
    )  # fmt: skip


async def _of_these(
    call: Call, name: str, build: Callable[..., Select[Any]], ids: Sequence[UUID], moment: Moment
) -> list[Row]:
    if not ids:
        return []
    scope, is_past = await call.scope("invoices"), moment.at is not None
    statement = SHAPES.get((name, scope.shape, is_past), lambda: build(scope, is_past=is_past))
    values = _values(call, moment) | {"ids": list(ids), **scope.params()}
    return await _rows(call, statement, values)


async def _of_all(
    call: Call, key: tuple[Any, ...], build: Callable[[Scope, Scope, bool], Select[Any]], moment: Moment,
    more: Row | None = None,
) -> list[Row]:  # fmt: skip
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


async def _rows(call: Call, statement: Any, values: Row) -> list[Row]:
    found = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return [dict(row) for row in found]
