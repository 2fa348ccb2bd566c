"""What a product usually costs, in the orders that the caller sees."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Numeric,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from guanxi_analytics.facts.kinds import SALES
from guanxi_analytics.queries.cubes import BOUGHT
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
SALE: Final = SALES.table
YEAR: Final = timedelta(days=365)
NEWEST: Final[ColumnElement[int]] = literal_column("200")


async def usual_price(call: Call, key: str, currency: str) -> Decimal | None:
    """The median of a unit in its newest 200 sales of the last year; None where there is none."""
    scope = await call.scope("orders")
    statement = SHAPES.get(scope.shape, lambda: _price(scope))
    values = {
        "organisation": call.organisation, "key": key, "currency": currency, "since": call.clock.today - YEAR,
        **scope.params(),
    }  # fmt: skip
    found: Decimal | None = await call.db.pool.fetchval(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return found


def _price(scope: Scope) -> Select[Any]:
    sale = SALE.c
    key = func.coalesce(sale.sku, cast(sale.product_id, Text), sale.product)
    newest = (
        select((sale.amount / sale.quantity).label("price"))
        .where(
            sale.organisation_id == bindparam("organisation", type_=Uuid), sale.ended_at.is_(None), BOUGHT,
            key == bindparam("key", type_=Text), sale.currency == bindparam("currency", type_=Text),
            sale.valid_on > bindparam("since", type_=Date), sale.quantity > literal_column("0"), predicate(SALE, scope),
        )
        .order_by(sale.valid_on.desc(), sale.subject_id, sale.piece_id)
        .limit(NEWEST)
        .subquery("newest")
    )  # fmt: skip
    middle = func.percentile_disc(literal_column("0.5")).within_group(newest.c.price)
    return select(cast(middle, Numeric).label("price"))
