"""A customer's running contracts, as far as the caller sees them, with the hazards that the worker learnt."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_analytics.contracts import renewal_rules, statements
from guanxi_analytics.contracts.asked import Days
from guanxi_analytics.contracts.reading import rows_of, said_of
from guanxi_analytics.customers.change_rules import of_contract
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes

SHAPES: Final = Shapes()
MOST: Final = 50
A_CENTURY: Final = 36_525
HIDDEN: Final = "Contracts are told to those who read entitlements."
UNFITTED: Final = (
    "How likely they are not renewed was not fitted yet: POST /v1/analytics/models/fit."
)
NOTHING: Final[Mapping[str, Any]] = {"by": "overall", "overall": None, "terms": {}, "places": []}
MODEL: Final = """
SELECT verdict, sentence, until, found::text FROM fitted_models
WHERE organisation_id = $2 AND name = 'renewal-hazard' ORDER BY fitted_at DESC, id DESC LIMIT 1
"""
TOLD: Final = {
    "place": "By the term's length and place in its contract.", "length": "By the term's length alone: its place told no more.",
    "overall": "All terms are given the share of all: nothing finer was worth it on the past.",
}  # fmt: skip
Row = Mapping[str, Any]


async def read_contracts(call: Call, account_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = {
        "model": "/v1/analytics/models/renewal-hazard", "verdict": None, "by": None, "until": None, "data": [],
        "what_would_change": [],
    }  # fmt: skip
    if not call.by.may("entitlements:read"):
        return found | {"sentence": HIDDEN}
    row = await call.db.pool.fetchrow(bound(MODEL), str(call.organisation), call.organisation)
    model = None if row is None else dict(row)
    learnt = NOTHING if model is None else orjson.loads(model["found"])
    rows = await _running(call, account_id, learnt)
    data = [renewal_rules.shown(row, learnt, {}) for row in rows]
    for each in data:
        del each["account_id"], each["name"]
    if model is not None:
        found |= {"verdict": model["verdict"], "by": learnt["by"], "until": model["until"]}
    changes = [c for each in data for c in of_contract(each, learnt, statements.LAST_PLACE)]
    return found | {
        "sentence": _told(model, learnt, data),
        "data": data,
        "what_would_change": changes,
    }


def _told(model: Row | None, learnt: Row, data: list[Any]) -> str:
    if not data:
        return "No contract of theirs that you see is running."
    if model is None:
        return UNFITTED
    if learnt["overall"] is None:
        return "No term was due yet: nothing is known of how many are not renewed."
    return TOLD[learnt["by"]]


async def _running(call: Call, account_id: UUID, learnt: Row) -> list[dict[str, Any]]:
    scope = await call.scope("entitlements")
    statement = SHAPES.get(
        scope.shape,
        lambda: statements.running(scope, is_past=False, is_first=True, of_one=True),
    )
    more = said_of(learnt) | {
        "within": A_CENTURY,
        "most": MOST,
        "id": account_id,
        **scope.params(),
    }
    days = Days(call.clock.today, None, renewal_rules.GRACE)
    rows, _ = await rows_of(call, statement, days, more)
    return rows
