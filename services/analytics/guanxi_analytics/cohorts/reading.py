"""Cohorts of the orders that the caller sees, as of now or of a past moment."""

from datetime import UTC, date, datetime
from typing import Any, Final

from guanxi_analytics.cohorts import cohort_rules, statements
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes

SHAPES: Final = Shapes()
CONTRACTS: Final = "Customers without a contract do not say when they leave: somebody absent from a period may come back in the next."


async def read_cohorts(call: Call, period: str, until: date, as_of: str | None) -> dict[str, Any]:
    call.by.demand("orders:read")
    scope = await call.scope("orders")
    moment = None if as_of is None else history.moment_of(call, "as_of", as_of)
    key = (period, scope.shape, moment is None)
    statement = SHAPES.get(
        key, lambda: statements.cohorts(scope, period=period, is_past=moment is not None)
    )
    values = {"organisation": call.organisation, "until": until, "as_of": moment, **scope.params()}
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    found = cohort_rules.shown([dict(row) for row in rows], period, until)
    return {
        "period": period, "until": until, "as_of": moment or datetime.now(UTC),
        "sentence": f"{CONTRACTS} A share takes {cohort_rules.LEAST} customers.",
        "data": found, "overall": cohort_rules.overall(found),
    }  # fmt: skip
