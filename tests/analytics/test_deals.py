"""Deals by when they were opened and closed, and how long winning took."""

from typing import Any

import pytest

from tests.analytics.asking import asked, cells, money
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation

PATH = "/v1/opportunities"


@pytest.fixture
async def stages(everywhere: Organisation, sales: Clients) -> dict[str, str]:
    """Of a pipeline of its own, by name."""
    body = {
        "name": "Direct",
        "stages": [
            {"name": "Talk", "kind": "open", "probability": 20},
            {"name": "Won", "kind": "won", "probability": 100},
            {"name": "Lost", "kind": "lost", "probability": 0},
        ],
    }
    answer = await sales(everywhere.admin).post("/v1/pipelines", json=body)
    assert answer.status_code == 201, answer.text
    return {stage["name"]: stage["id"] for stage in answer.json()["stages"]}


async def test_won_of_those_closed_and_how_long_it_took(
    everywhere: Organisation, sales: Clients, client: Clients, hear: Hear, stages: dict[str, str]
) -> None:
    rep = sales(everywhere.rep)
    amount: dict[str, Any] = {"amount": "500.00", "currency": "CNY"}
    closed = (
        ("Won", "2026-01-01", "2026-02-01"),  # by UTC it is January still
        ("Won", "2026-02-01", "2026-02-11"),
        ("Lost", "2026-02-01", "2026-02-20"),
        ("Talk", "2026-02-03", None),
    )
    for stage, opened_on, closed_on in closed:
        body = {
            "name": stage, "stage_id": stages[stage], "amount": amount, "opened_on": opened_on,
            **({} if closed_on is None else {"closed_on": closed_on}),
            **({"reason": "price"} if stage == "Lost" else {}),
        }  # fmt: skip
        answer = await rep.post(PATH, json=body)
        assert answer.status_code == 201, answer.text
    await hear()
    found = await asked(
        client(everywhere.rep), "deals_won", "deals_lost", "win_rate", "won_amount", "cycle_days",
        dimensions=["month"],
    )  # fmt: skip
    assert cells(found, "deals_won") == {("2026-02",): 2}
    assert cells(found, "won_amount") == {("2026-02",): money("1000.00")}
    assert cells(found, "win_rate") == {("2026-02",): pytest.approx(66.6667, abs=1e-4)}
    assert cells(found, "cycle_days") == {("2026-02",): (31 + 10) / 2}
    opened = await asked(
        client(everywhere.rep), "deals_opened", "opened_amount", dimensions=["month"]
    )
    assert cells(opened, "deals_opened") == {("2026-01",): 1, ("2026-02",): 3}
    assert cells(opened, "opened_amount")[("2026-02",)] == money("1500.00")
