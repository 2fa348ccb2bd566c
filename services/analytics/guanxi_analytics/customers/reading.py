"""An account, what it bought, as far as the caller sees the orders, and where it stands among all."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, select

from guanxi_analytics.facts.kinds import SALES, TABLES
from guanxi_analytics.queries.beside import ACCOUNT
from guanxi_analytics.queries.cubes import BOUGHT
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import NotFound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
SALE: Final = SALES.table
SCORE: Final = TABLES["customer_scores"]
MEANT: Final = {
    "recency": "Fifth among all customers by the last purchase day; 5 bought most recently.",
    "frequency": "Fifth by the number of purchase days; 5 bought most often.",
    "monetary": "Fifth by the net amount; 5 spent most.",
    "grade": "A: among those who bring the first 80 % of all sales; B: up to 95 %; C: the rest.",
}


async def read_purchases(call: Call, account_id: UUID) -> list[dict[str, Any]]:
    """By currency; none for those who may not read orders."""
    if not call.by.may("orders:read"):
        return []
    scope = await call.scope("orders")
    rows = await _fetch(
        call, ("purchases", scope.shape), lambda: _purchases(scope), account_id, scope
    )
    return [_shown(row, call) for row in rows]


async def read_scores(call: Call, account_id: UUID) -> list[dict[str, Any]]:
    return [
        dict(row) | {"means": MEANT} for row in await _fetch(call, ("scores",), _scores, account_id)
    ]


async def demand_account(call: Call, account_id: UUID) -> Mapping[str, Any]:
    """NotFound for an account that the caller does not see."""
    scope = await call.scope("accounts")
    rows = await _fetch(call, ("account", scope.shape), lambda: _named(scope), account_id, scope)
    if not rows:
        raise NotFound(f"There is no account with the id {str(account_id)!r}.")
    return rows[0]


async def _fetch(
    call: Call, shape: tuple[Any, ...], build: Any, id: UUID, scope: Scope | None = None
) -> list[Mapping[str, Any]]:
    statement = SHAPES.get(shape, build)
    values = {
        "organisation": call.organisation, "id": id, **(scope.params() if scope is not None else {})
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return [dict(row) for row in rows]


def _of(table: Any, column: str) -> list[Any]:
    return [
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        table.c[column] == bindparam("id", type_=Uuid),
    ]


def _named(scope: Scope) -> Select[Any]:
    shown = [
        ACCOUNT.c[name]
        for name in ("name", "grade", "lifecycle_stage", "credit_limit", "credit_limit_currency")
    ]
    wanted = [*_of(ACCOUNT, "subject_id"), ACCOUNT.c.ended_at.is_(None), predicate(ACCOUNT, scope)]
    return select(*shown).where(*wanted)


def _purchases(scope: Scope) -> Select[Any]:
    sale = SALE.c
    day = sale.valid_on
    return (
        select(
            sale.currency,
            func.count(sale.subject_id.distinct()).filter(BOUGHT).label("orders"),
            func.count(day.distinct()).filter(BOUGHT).label("days"),
            func.coalesce(func.sum(sale.amount), 0).label("amount"),
            func.coalesce(func.sum(sale.amount).filter(BOUGHT), 0).label("bought"),
            func.coalesce(func.sum(sale.cost), 0).label("cost"),
            func.bool_and(sale.cost.is_not(None)).label("is_costed"),
            func.min(day).filter(BOUGHT).label("first_on"),
            func.max(day).filter(BOUGHT).label("last_on"),
        )
        .where(*_of(SALE, "customer_id"), sale.ended_at.is_(None), predicate(SALE, scope))
        .group_by(sale.currency)
        .order_by(sale.currency)
    )


def _scores() -> Select[Any]:
    names = ("currency", "recency", "frequency", "monetary", "grade", "scored_at")
    return select(*(SCORE.c[name] for name in names)).where(*_of(SCORE, "customer_id"))


def _shown(row: Mapping[str, Any], call: Call) -> dict[str, Any]:
    currency, last = row["currency"], row["last_on"]

    def money(value: Any) -> dict[str, str]:
        return {"amount": f"{value:f}", "currency": currency}

    margin = money(row["amount"] - row["cost"]) if row["is_costed"] else None
    return {
        "currency": currency, "orders": row["orders"], "days": row["days"],
        "amount": money(row["amount"]), "bought": money(row["bought"]), "margin": margin,
        "first_on": row["first_on"], "last_on": last,
        "days_since_last": None if last is None else (call.clock.today - last).days,
    }  # fmt: skip
