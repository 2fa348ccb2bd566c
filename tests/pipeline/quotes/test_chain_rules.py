"""Who must approve, in which order, and who may."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from guanxi_pipeline.quotes import chain_rules
from guanxi_shared.errors import Forbidden


def rule(step: int, **more: Any) -> dict[str, Any]:
    return {
        "id": uuid4(), "name": f"Rule {step}", "step": step, "discount_from": None,
        "total_from_amount": None, "total_from_currency": None, "approver": "manager",
        "approver_id": None,
    } | more  # fmt: skip


LARGE = rule(2, total_from_amount=Decimal(1000), total_from_currency="CNY")
DEEP = rule(1, discount_from=Decimal(15))


@pytest.mark.parametrize(
    ("discount", "total", "over", "expected"),
    [
        ("14.9999", "1000", False, []),
        ("15", "1000", False, ["Rule 1"]),
        ("0", "1000.01", False, ["Rule 2"]),
        ("20", "2000", False, ["Rule 1", "Rule 2"]),
        ("0", None, False, ["Rule 2"]),  # no rate is known: nothing slips through
        ("0", "1", True, [chain_rules.BOOK_LIMIT]),
    ],
)
def test_rules_that_apply_are_steps_in_their_order(
    discount: str, total: str | None, over: bool, expected: list[str]
) -> None:
    totals = {"CNY": None if total is None else Decimal(total)}
    steps = chain_rules.steps_for(
        [LARGE, DEEP], discount=Decimal(discount), totals=totals, is_over_limit=over
    )
    assert [step["name"] for step in steps] == expected
    assert {step["status"] for step in steps} <= {"waiting"}


OWNER, BOSS, NAMED = uuid4(), uuid4(), uuid4()
ROW = {"owner_id": OWNER, "submitted_by_id": OWNER}
MANAGER = {"approver": "manager", "approver_id": None}
USER = {"approver": "user", "approver_id": str(NAMED)}


@pytest.mark.parametrize(
    ("step", "user", "role", "may", "covers", "allowed"),
    [
        (MANAGER, BOSS, "manager", True, True, True),
        (MANAGER, BOSS, "manager", True, False, False),  # of another team
        (MANAGER, BOSS, "sales", False, True, False),
        (MANAGER, OWNER, "manager", True, True, False),  # their own
        (MANAGER, OWNER, "admin", True, True, True),
        (USER, NAMED, "sales", False, False, True),
        (USER, BOSS, "manager", True, True, False),
        (USER, None, "service", True, True, False),
    ],
)
def test_a_step_waits_for_somebody_in_particular(
    step: Any, user: Any, role: str, may: bool, covers: bool, allowed: bool
) -> None:
    def ask() -> None:
        chain_rules.demand_approver(
            step, ROW, user_id=user, role=role, may_approve=may, covers_owner=covers
        )

    if allowed:
        ask()
    else:
        with pytest.raises(Forbidden):
            ask()
