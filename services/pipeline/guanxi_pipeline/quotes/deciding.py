"""Yes or no to an offer: once, whoever answers at the same moment."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.quotes import state_rules
from guanxi_pipeline.quotes.accepting import follow_acceptance
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING


def decision_of(
    name: str, comment: str | None, *, by_id: UUID | None = None, address: str | None = None,
    user_agent: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "name": name, "comment": comment, "via": "link" if by_id is None else "user",
        "by_id": None if by_id is None else str(by_id), "address": address, "user_agent": user_agent,
    }  # fmt: skip


async def accept(
    connection: Connection,
    loaded: Loaded,
    decision: Mapping[str, Any],
    *,
    actor: Actor,
    today: date,
) -> State:
    """Under the quote's lock. The same answer once more by the same person changes nothing."""
    row = loaded.row
    if state_rules.is_repeat(row, "accepted", decision["name"]):
        return QUOTES.state(row, {})
    state_rules.demand_open_offer(row, today)
    changes = _decided("accepted", decision)
    organisation: UUID = row["organisation_id"]
    order_id = await follow_acceptance(connection, organisation, {**row, **changes}, actor=actor)
    if row["update_opportunity"] and row["opportunity_id"] is not None:
        await _set_amount(connection, row, actor)
    return await records.update_record(
        connection, QUOTES, loaded, changes | {"order_id": order_id}, actor=actor, verb="accepted"
    )


async def reject(
    connection: Connection,
    loaded: Loaded,
    decision: Mapping[str, Any],
    *,
    actor: Actor,
    today: date,
) -> State:
    if state_rules.is_repeat(loaded.row, "rejected", decision["name"]):
        return QUOTES.state(loaded.row, {})
    state_rules.demand_open_offer(loaded.row, today)
    changes = _decided("rejected", decision)
    return await records.update_record(
        connection, QUOTES, loaded, changes, actor=actor, verb="rejected"
    )


def _decided(status: str, decision: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": status, "decided_at": datetime.now(UTC), "decision": dict(decision)}


async def _set_amount(connection: Connection, row: Mapping[str, Any], actor: Actor) -> None:
    """The deal's amount is what was agreed, without tax. Its stage stays: people move deals."""
    try:
        deal = await records.load_record(
            connection, OPPORTUNITIES, row["opportunity_id"], scope=EVERYTHING
        )
    except NotFound:  # deleted since
        return
    amount = {
        "amount_amount": row["net_amount"], "amount_currency": row["net_currency"],
        "amount_source": "given",
    }  # fmt: skip
    await records.update_record(connection, OPPORTUNITIES, deal, amount, actor=actor)
