"""Deals for forecasts: entered as people would, on days that do not depend on the clock."""

from collections.abc import Sequence
from typing import Any

from tests.factories import Clients, User
from tests.pipeline.conftest import Stages

# Already over whenever this runs, and not over for long; what is open in them counts all the same.
PERIOD = "2026-Q3"
IN_PERIOD, LAST_DAY = "2026-08-15", "2026-09-30"
STAGE_OF = {
    "commit": "Negotiation", "best_case": "Proposal", "pipeline": "Qualification", "closed": "Won",
}  # fmt: skip


async def enter(
    client: Clients, user: User, stages: Stages, category: str, amount: str | None, *, day: str = IN_PERIOD,
    currency: str = "CNY", splits: Sequence[tuple[User, float]] = (), **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A deal of the user's in the stage that makes this category."""
    sent: dict[str, Any] = {"name": f"{category} {amount}", "stage_id": stages[STAGE_OF[category]]}
    sent["closed_on" if category == "closed" else "close_on"] = day
    if amount is not None:
        sent["amount"] = {"amount": amount, "currency": currency}
    if splits:
        sent["splits"] = [{"user_id": str(each.id), "share": share} for each, share in splits]
    made = await client(user).post("/v1/opportunities", json=sent | more)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def forecast(client: Clients, user: User, **asked: Any) -> dict[str, Any]:
    answer = await client(user).get("/v1/forecasts", params={"period": PERIOD} | asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sums(figures: dict[str, Any], name: str) -> dict[str, str]:
    return {each["currency"]: each["amount"] for each in figures[name]["sums"]}


def of(found: dict[str, Any], id: Any) -> dict[str, Any]:
    """The group of somebody or something."""
    group: dict[str, Any] = next(g for g in found["groups"] if g["id"] == (id and str(id)))
    return group
