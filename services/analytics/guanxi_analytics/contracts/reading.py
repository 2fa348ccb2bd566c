"""Contracts of the entitlements that the caller sees, as of now or of a past moment."""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from guanxi_analytics.contracts import retention_rules, statements
from guanxi_analytics.contracts.asked import MOST_TERMS, Days, RetentionAsked
from guanxi_analytics.press.beside import press_of
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Compiled, Shapes

SHAPES: Final = Shapes()
WHAT: Final = (
    "A contract is what an account has without a gap; it counts at the end of each term, {grace} days after which it is lost"
    " unless it was renewed. Terms that still run, and those that were put away before their end was due, are not counted yet."
)


async def read_retention(call: Call, asked: RetentionAsked) -> dict[str, Any]:
    call.by.demand("entitlements:read")
    scope = await call.scope("entitlements")
    is_past = asked.days.as_of is not None
    statement = SHAPES.get(
        ("retention", asked.by, scope.shape, is_past),
        lambda: statements.retention(scope, by=asked.by, is_past=is_past),
    )
    rows, moment = await rows_of(call, statement, asked.days, scope.params())
    rows = [row for row in rows if asked.term in (None, row["term"])]
    blocks = retention_rules.blocks_of(rows, MOST_TERMS)
    given = [{name: block[name] for name in ("at_risk", "lost", "years")} for block in blocks]
    made = await press_of(call.house).make(
        "contract_retention", {"blocks": given, "discount": asked.discount, "train": asked.train}
    )
    learnt = dict(zip((block["term"] for block in blocks), orjson.loads(made), strict=True))
    cohorts = retention_rules.cohorts_of(rows, learnt) if asked.by else {}
    margin = (asked.margin, asked.currency) if asked.margin is not None and asked.currency else None
    return {
        "until": asked.days.until, "as_of": moment, "grace": asked.days.grace, "by": asked.by,
        "discount": asked.discount,
        "margin": None if margin is None else {"amount": f"{margin[0]:g}", "currency": margin[1]},
        "sentence": WHAT.format(grace=asked.days.grace),
        "data": [
            retention_rules.shown(block, learnt[block["term"]], cohorts.get(block["term"]), margin)
            for block in blocks
        ],
    }  # fmt: skip


async def rows_of(
    call: Call, statement: Compiled, days: Days, more: dict[str, Any]
) -> tuple[list[dict[str, Any]], datetime]:
    """And the moment as of which they are."""
    moment = None if days.as_of is None else history.moment_of(call, "as_of", days.as_of)
    values = {
        "organisation": call.organisation, "until": days.until, "grace": days.grace, "as_of": moment, **more
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return [dict(row) for row in rows], moment or datetime.now(UTC)
