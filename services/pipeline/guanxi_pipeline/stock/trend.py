"""An account's stock month by month, as far as the caller sees the reports: one statement."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, Text, Uuid, bindparam, select

from guanxi_pipeline.purchases.period_rules import step
from guanxi_pipeline.purchases.service import demand_account
from guanxi_pipeline.stock.resources import STOCK_REPORT, STOCK_REPORTS
from guanxi_pipeline.stock.stock_rules import QUANTITIES, summed, trend_of
from guanxi_shared import selects
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()


async def read_trend(
    call: Call, account_id: UUID, *, product: str | None, first: date | None, last: date | None
) -> dict[str, Any]:
    """A row for each product. What is before the beginning is read too: averages rest on it."""
    meant = await demand_account(call, account_id)
    scope = await call.scope_of(STOCK_REPORTS)
    values = {
        "organisation": call.organisation, "account": meant, "product": product, "last": last,
        **scope.params(),
    }  # fmt: skip
    given = frozenset(name for name, value in values.items() if value is not None)
    compiled = SHAPES.get((given, scope.shape), lambda: _months(scope, given))
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    products: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        products.setdefault(row["product_key"], []).append(dict(row))
    data = [_of_product(own, first) for own in products.values()]
    return {"account_id": str(meant), "data": [each for each in data if each["months"]]}


def _of_product(rows: list[Mapping[str, Any]], first: date | None) -> dict[str, Any]:
    months = trend_of(summed(rows))
    newest = rows[-1]
    return {
        "product_id": None if newest["product_id"] is None else str(newest["product_id"]),
        "sku": newest["sku"],
        "months": [m for m in months if first is None or step(m["month"], "month") > first],
    }


def _months(scope: Scope, given: frozenset[str]) -> Select[Any]:
    report = STOCK_REPORT.c
    product = bindparam("product", type_=Text)
    wanted = [
        selects.of_organisation(STOCK_REPORT), report.deleted_at.is_(None),
        report.account_id == bindparam("account", type_=Uuid), predicate(STOCK_REPORT, scope),
    ]  # fmt: skip
    if "product" in given:
        wanted.append((report.product_key == product) | (report.sku == product))
    if "last" in given:
        wanted.append(report.month <= bindparam("last", type_=Date))
    shown = [report[name] for name in ("product_key", "product_id", "sku", "month", *QUANTITIES)]
    return select(*shown).where(*wanted).order_by(report.product_key, report.month, report.id)
