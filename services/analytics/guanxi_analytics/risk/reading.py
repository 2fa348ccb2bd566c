"""Who owes what, how late and how much of it is at risk."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.churn.asked import page_of
from guanxi_analytics.queries.answering import smallest_cell
from guanxi_analytics.risk import asking
from guanxi_analytics.risk.asked import RiskAsked
from guanxi_analytics.risk.asking import moment_of, read_figures
from guanxi_analytics.risk.risk_rules import Aged, Moment, thresholds
from guanxi_analytics.risk.showing_rules import SHOWN, account_shown, levels_shown, totals_shown
from guanxi_shared.calls import Call

WHAT: Final = (
    "Of the invoices and accounts that you see. An invoice is overdue from the day after it was due, for what is left to pay of it."
    " The level of an account is the gravest of the rules that hold; they are rules, and no predictions."
)  # fmt: skip
HIDDEN: Final = "What they owe is told to those who read invoices."
NO_INVOICES: Final = (
    "They have no invoice that you see which is outstanding or was settled in the last 12 months."
)
Row = Mapping[str, Any]


async def read_risk(call: Call, asked: RiskAsked) -> dict[str, Any]:
    for resource in ("invoices", "accounts"):
        call.by.demand(f"{resource}:read")
    moment, least = moment_of(call, asked.as_of), smallest_cell(call)
    (data, page, counts), totals = await asyncio.gather(
        _listed(call, asked, moment), asking.totals(call, moment)
    )
    return {
        "as_of": moment.at or datetime.now(UTC), "today": moment.today, "settled_since": moment.since,
        "sentence": WHAT, "thresholds": thresholds(), "levels": levels_shown(counts, least),
        "totals": totals_shown(totals, least, moment), "data": data, "page": page,
    } | ({"smallest_cell": least} if least else {})  # fmt: skip


async def _listed(
    call: Call, asked: RiskAsked, moment: Moment
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, int]]:
    found, counts = await asking.ranked(call, asked, moment)
    rows, page = page_of(found, asked.limit)
    figures = await read_figures(call, rows, moment)
    data = [
        {"account_id": str(row["customer_id"]), "name": row["name"]}
        | account_shown(row["customer_id"], figures[row["customer_id"]], moment)
        for row in rows
    ]
    return data, page, counts


async def read_customer_risk(call: Call, account_id: UUID, account: Row) -> tuple[dict[str, Any], Mapping[str, Aged]]:  # fmt: skip
    """Of one account that the caller sees, and what it owes by currency."""
    if not call.by.may("invoices:read"):
        return {"sentence": HIDDEN} | dict.fromkeys(SHOWN) | {"reasons": [], "owed": []}, {}
    moment = moment_of(call, None)
    row = {"customer_id": account_id, **account}
    figures = (await read_figures(call, [row], moment))[account_id]
    found = account_shown(account_id, figures, moment)
    if not figures.owed and not figures.settled.invoices:
        return found | {"sentence": NO_INVOICES, "level": None, "reasons": []}, {}
    return found | {"sentence": WHAT}, figures.owed
