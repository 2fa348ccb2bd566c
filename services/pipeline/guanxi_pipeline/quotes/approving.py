"""The approval chain: who must say yes before a customer may see an offer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.approval_rules.service import active_rules
from guanxi_pipeline.quotes import chain_rules, rules, state_rules
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.schemas import ApprovalComment
from guanxi_pipeline.quotes.service import load_quote
from guanxi_pipeline.rates.looking_up import rates_into
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version


async def needed_steps(call: Call, row: Mapping[str, Any]) -> list[chain_rules.Step]:
    """The steps that the organisation's rules ask for, as the quote is now."""
    found = await active_rules(call)
    currencies = {rule["total_from_currency"] for rule in found} - {None}
    totals = {each: await _total_in(call, row, each) for each in currencies}
    return chain_rules.steps_for(
        found, discount=row["discount_percent"], totals=totals,
        is_over_limit=rules.is_over_limit(row),
    )  # fmt: skip


async def _total_in(call: Call, row: Mapping[str, Any], currency: str) -> Decimal | None:
    total: Decimal = row["total_amount"]
    if row["total_currency"] == currency:
        return total
    rates = await rates_into(call.db, call.organisation, currency, call.clock.today)
    if rates.missing([row["total_currency"]]):
        return None
    return rates.convert(total, row["total_currency"])


async def submit_quote(
    call: Call, connection: Connection, quote_id: UUID, version: int | None
) -> State:
    """Asks for the approvals that are needed; without any it is approved at once."""
    loaded = await load_quote(call, connection, quote_id, version)
    state_rules.demand("submitted", loaded.row["status"])
    if not loaded.row["lines"]:
        raise Invalid("There is nothing to approve.", errors={"lines": "Add a line."})
    steps = await needed_steps(call, loaded.row)
    changes = {
        "status": "pending_approval" if steps else "approved", "approvals": steps,
        "submitted_by_id": call.by.user_id, "submitted_at": datetime.now(UTC),
    }  # fmt: skip
    return await records.update_record(
        connection, QUOTES, loaded, changes, actor=call.actor, verb="submitted"
    )


async def approve_quote(
    call: Call, connection: Connection, quote_id: UUID, data: ApprovalComment, version: int | None
) -> State:
    """The step whose turn it is; with the last one the quote may be sent."""
    loaded = await _to_decide(call, connection, quote_id, version, "approved")
    steps = _decided(call, loaded, "approved", data.comment)
    if chain_rules.waiting(steps) is not None:
        return await records.update_record(
            connection, QUOTES, loaded, {"approvals": steps}, actor=call.actor, verb="step_approved"
        )
    changes = {"approvals": steps, "status": "approved"}
    return await records.update_record(
        connection, QUOTES, loaded, changes, actor=call.actor, verb="approved"
    )


async def refuse_quote(
    call: Call, connection: Connection, quote_id: UUID, data: ApprovalComment, version: int | None
) -> State:
    """Back to whoever wrote it, with the reason."""
    loaded = await _to_decide(call, connection, quote_id, version, "refused")
    steps = _decided(call, loaded, "refused", data.comment)
    return await records.update_record(
        connection, QUOTES, loaded, {"approvals": steps, "status": "draft"}, actor=call.actor,
        verb="refused",
    )  # fmt: skip


def _decided(
    call: Call, loaded: Loaded, status: str, comment: str | None
) -> list[chain_rules.Step]:
    return chain_rules.with_decision(
        loaded.row["approvals"], status=status, user_id=call.by.user_id, at=datetime.now(UTC),
        comment=comment,
    )  # fmt: skip


async def _to_decide(
    call: Call, connection: Connection, quote_id: UUID, version: int | None, verb: str
) -> Loaded:
    """The quote, for whom its present step waits. Who is named in a step need not see the quote
    otherwise; for all others it is not there."""
    scope = await call.scope(QUOTES.name)
    loaded = await records.load_record(connection, QUOTES, quote_id, scope=EVERYTHING)
    row = loaded.row
    is_seen = scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
    if not is_seen and not is_asked(row, call.by.user_id):
        raise NotFound(f"There is no quote with the id {str(quote_id)!r}.")
    await check_version(connection, QUOTES, loaded, version)
    state_rules.demand(verb, row["status"])
    step = row["approvals"][chain_rules.waiting(row["approvals"]) or 0]
    chain_rules.demand_approver(
        step, row, user_id=call.by.user_id, role=call.by.role,
        may_approve=call.by.may("quotes:approve"),
        covers_owner=scope.everything or row["owner_id"] in scope.owners,
    )  # fmt: skip
    return loaded


def is_asked(row: Mapping[str, Any], user_id: UUID | None) -> bool:
    """Whether a step names this person while the quote waits."""
    return row["status"] == "pending_approval" and any(
        step["approver_id"] == str(user_id) for step in row["approvals"]
    )
