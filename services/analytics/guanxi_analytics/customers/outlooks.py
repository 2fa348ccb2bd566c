"""What the model in use expects of one customer, and why."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Select, Uuid, bindparam, exists, literal, not_, select

from guanxi_analytics.customers.outlook_rules import reasons
from guanxi_analytics.facts.kinds import SALES
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
SALE: Final = SALES.table
OUTLOOK: Final = """
SELECT o.currency, o.alive, o.purchases, o.value, o.value_low, o.value_high, m.id, m.name, m.verdict, m.until,
  m.found::text, m.settings::text, o.repeats, o.first_on, o.last_on, o.value_if_back, o.quadrant
FROM customer_outlooks o
JOIN fitted_models m ON m.organisation_id = o.organisation_id AND m.id = o.model_id
WHERE o.organisation_id = $2 AND o.customer_id = $3
ORDER BY o.currency
"""
Row = Mapping[str, Any]


async def read_outlooks(call: Call, customer_id: UUID) -> tuple[list[dict[str, Any]], bool]:
    """By the history that the fit saw, up to its own day; and whether the caller is told of money."""
    rows = await call.db.pool.fetch(
        bound(OUTLOOK), str(call.organisation), call.organisation, customer_id
    )
    found = [
        dict(row) | {name: orjson.loads(row[name]) for name in ("found", "settings")}
        for row in rows
    ]
    return found, bool(found) and await _sees_all_of(call, customer_id)


async def _sees_all_of(call: Call, customer_id: UUID) -> bool:
    """A value is made of all of a customer's orders: it is for those who see them all."""
    if not call.by.may("orders:read"):
        return False
    scope = await call.scope("orders")
    if scope.everything:
        return True
    statement = SHAPES.get(("hidden", scope.shape), lambda: _hidden(scope))
    values = {"organisation": call.organisation, "id": customer_id, **scope.params()}
    found = await call.db.pool.fetchval(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return not found


def _hidden(scope: Scope) -> Select[Any]:
    mine = predicate(SALE, scope)
    hidden = select(literal(1)).where(
        SALE.c.organisation_id == bindparam("organisation", type_=Uuid),
        SALE.c.customer_id == bindparam("id", type_=Uuid),
        SALE.c.ended_at.is_(None),
        not_(mine.is_(True)),  # nobody's record is not "not mine" but unknown
    )
    return select(exists(hidden))


def shown(row: Row, sees_sums: bool) -> dict[str, Any]:
    why = reasons(
        row["found"]["buying"]["parameters"],
        row["repeats"],
        row["first_on"],
        row["last_on"],
        row["until"],
    )
    return {
        "currency": row["currency"], "alive": round(row["alive"], 4),
        "purchases": round(row["purchases"], 4), "until": row["until"], "value": _value(row) if sees_sums else None,
        "at_risk": _money(at_risk(row), row) if sees_sums and row["value"] is not None else None,
        "reasons": why, "model_id": str(row["id"]), "verdict": row["verdict"],
        "model": f"/v1/analytics/models/{row['name']}",
    }  # fmt: skip


def _value(row: Row) -> dict[str, Any] | None:
    if row["value"] is None:
        return None
    terms = row["settings"]
    money = {
        name: _money(row[column], row)
        for name, column in (("expected", "value"), ("low", "value_low"), ("high", "value_high"))
    }
    return money | {
        "of": "revenue" if terms["margins"].get(row["currency"]) is None else "margin",
        "horizon_weeks": terms["horizon_weeks"], "discount": terms["discount"],
    }  # fmt: skip


def at_risk(row: Row) -> Decimal:
    """Of the value what does not come if it turns out that they have gone."""
    value: Decimal = row["value"]
    return round(value * (1 - Decimal(row["alive"])), 2)


def _money(value: Decimal, row: Row) -> dict[str, str]:
    return {"amount": f"{value:f}", "currency": row["currency"]}
