"""Who must approve a quote, in which order, and who may. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_shared.errors import Forbidden

Step = dict[str, Any]
BOOK_LIMIT = "Discount limit of the price book"


def steps_for(
    rules: Sequence[Mapping[str, Any]], *, discount: Decimal, totals: Mapping[str, Decimal | None],
    is_over_limit: bool,
) -> list[Step]:  # fmt: skip
    """The steps that a quote has to go through, in their order. `discount` is the largest of a line in
    percent; `totals` its total in each currency that a rule names, None where no rate is known: then the
    rule applies, so that a missing rate never lets anything through."""
    steps = [_step(rule) for rule in sorted(rules, key=_order) if _applies(rule, discount, totals)]
    if is_over_limit:
        limit = {"id": None, "name": BOOK_LIMIT, "approver": "manager", "approver_id": None}
        steps.insert(0, _step(limit))
    return steps


def _order(rule: Mapping[str, Any]) -> tuple[int, str]:
    return rule["step"], str(rule["id"])


def _applies(
    rule: Mapping[str, Any], discount: Decimal, totals: Mapping[str, Decimal | None]
) -> bool:
    if rule["discount_from"] is not None and discount >= rule["discount_from"]:
        return True
    if rule["total_from_amount"] is None:
        return False
    total = totals.get(rule["total_from_currency"])
    return total is None or total > rule["total_from_amount"]


def _step(rule: Mapping[str, Any]) -> Step:
    return {
        "rule_id": None if rule["id"] is None else str(rule["id"]),
        "name": rule["name"],
        "approver": rule["approver"],
        "approver_id": None if rule["approver_id"] is None else str(rule["approver_id"]),
        "status": "waiting",
        "by_id": None,
        "at": None,
        "comment": None,
    }


def waiting(steps: Sequence[Step]) -> int | None:
    """The index of the step whose turn it is."""
    return next((i for i, step in enumerate(steps) if step["status"] == "waiting"), None)


def demand_approver(
    step: Mapping[str, Any], row: Mapping[str, Any], *, user_id: UUID | None, role: str,
    may_approve: bool, covers_owner: bool,
) -> None:  # fmt: skip
    """Forbidden for whoever this step does not wait for. Admins may always; nobody else their own."""
    if role == "admin":
        return
    if user_id is None or user_id in (row["owner_id"], row["submitted_by_id"]):
        raise Forbidden("Nobody approves their own quote.", code="own_quote")
    if step["approver"] == "user":
        if str(user_id) != step["approver_id"]:
            raise Forbidden("This step waits for somebody else.", code="not_the_approver")
        return
    if not may_approve or not covers_owner:
        raise Forbidden("This step waits for who leads the owner.", code="not_the_approver")


def with_decision(
    steps: Sequence[Step], *, status: str, user_id: UUID | None, at: datetime, comment: str | None
) -> list[Step]:
    """The steps with the one whose turn it is decided."""
    index = waiting(steps)
    decided = {
        "status": status, "by_id": None if user_id is None else str(user_id), "at": at.isoformat(),
        "comment": comment,
    }  # fmt: skip
    return [{**step, **decided} if i == index else step for i, step in enumerate(steps)]
