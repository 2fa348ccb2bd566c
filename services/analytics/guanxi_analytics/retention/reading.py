"""Retention from one year to the next, what it is worth, and what went with those who left."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from guanxi_analytics.retention import statements
from guanxi_analytics.retention.worth_rules import Terms, worth
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes

SHAPES: Final = Shapes()
YEAR: Final = timedelta(days=365)
CONTRACTS: Final = "That of customers who may come and go, from one year to the next; of contracts it is at /v1/analytics/contracts/retention."


async def read_retention(
    call: Call, until: date, as_of: str | None, currency: str | None, terms: Terms
) -> dict[str, Any]:
    call.by.demand("orders:read")
    scope = await call.scope("orders")
    moment = None if as_of is None else history.moment_of(call, "as_of", as_of)
    statement = SHAPES.get(
        (scope.shape, moment is None),
        lambda: statements.years(scope, is_past=moment is not None),
    )
    values = {
        "organisation": call.organisation, "until": until, "middle": until - YEAR, "first": until - 2 * YEAR,
        "as_of": moment, **scope.params(),
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return {
        "until": until, "as_of": moment or datetime.now(UTC), "discount": terms.discount,
        "points": terms.points, "contracts": CONTRACTS,
        "data": [worth(dict(row), terms) for row in rows if currency in (None, row["currency"])],
    }  # fmt: skip
