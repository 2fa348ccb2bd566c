"""Use cases of approval rules."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.approval_rules.resources import APPROVAL_RULES
from guanxi_pipeline.approval_rules.schemas import ApprovalRuleCreate, ApprovalRuleUpdate
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import KNOWN_USERS

ACTIVE = """
SELECT id, name, step, discount_from, total_from_amount, total_from_currency, approver, approver_id
FROM approval_rules WHERE organisation_id = $2 AND is_active AND deleted_at IS NULL ORDER BY step, id
"""


async def create_approval_rule(
    call: Call, connection: Connection, data: ApprovalRuleCreate
) -> State:
    columns = _columns(data.model_dump(exclude={"id"}))
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id()}
    _demand_whole(columns)
    await _demand_known(connection, call.organisation, columns["approver_id"])
    return await records.insert_record(connection, APPROVAL_RULES, columns, actor=call.actor)


async def update_approval_rule(
    call: Call, connection: Connection, rule_id: UUID, data: ApprovalRuleUpdate, version: int | None
) -> State:
    loaded = await records.load_record(connection, APPROVAL_RULES, rule_id, scope=EVERYTHING)
    await check_version(connection, APPROVAL_RULES, loaded, version)
    changes = _columns(data.model_dump(exclude_unset=True))
    _demand_whole({**loaded.row, **changes})
    approver = changes.get("approver_id")
    if approver != loaded.row["approver_id"]:  # one who has left may stay named, not be named anew
        await _demand_known(connection, call.organisation, approver)
    return await records.update_record(
        connection, APPROVAL_RULES, loaded, changes, actor=call.actor
    )


async def delete_approval_rule(
    call: Call, connection: Connection, rule_id: UUID, version: int | None
) -> State:
    loaded = await records.load_record(connection, APPROVAL_RULES, rule_id, scope=EVERYTHING)
    await check_version(connection, APPROVAL_RULES, loaded, version)
    return await records.delete_record(connection, APPROVAL_RULES, loaded, actor=call.actor)


async def active_rules(call: Call) -> list[dict[str, Any]]:
    rows = await call.db.lookup(call.organisation, ACTIVE, call.organisation)
    return [dict(row) for row in rows]


def _columns(sent: dict[str, Any]) -> dict[str, Any]:
    if "total_from" in sent:
        total = sent.pop("total_from") or {}
        amount = total.get("amount")
        sent["total_from_amount"] = None if amount is None else Decimal(amount)
        sent["total_from_currency"] = total.get("currency")
    if sent.get("discount_from") is not None:
        sent["discount_from"] = Decimal(str(sent["discount_from"]))
    return sent


def _demand_whole(row: Mapping[str, Any]) -> None:
    if row["discount_from"] is None and row["total_from_amount"] is None:
        raise Invalid(
            "A rule says from when on it applies.",
            errors={"discount_from": "Send discount_from, total_from or both."},
        )
    if (row["approver"] == "user") != (row["approver_id"] is not None):
        raise Invalid(
            "A user is named for the approver `user`, and for no other.",
            errors={"approver_id": "Send it with approver=user alone."},
        )


async def _demand_known(connection: Connection, organisation: UUID, user: UUID | None) -> None:
    if user is not None and await connection.fetchval(KNOWN_USERS, organisation, user) is None:
        raise UnknownReference(
            "approver_id names nobody known here.", errors={"approver_id": "There is no such user."}
        )
