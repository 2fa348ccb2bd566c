"""How many statements the hot requests of selling cost."""

from typing import Any

import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.deals import PATH, made, moved
from tests.statements import statements_of

pytestmark = pytest.mark.usefixtures("remembered")

Fixture = tuple[Any, dict[str, Any]]


@pytest.fixture
async def warmed(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> Fixture:
    """What is remembered for a second (scope, pipelines, definitions) is known."""
    rep = client(organisation.rep)
    deal = await made(rep, account_id=await account(), amount={"amount": "1", "currency": "CNY"})
    for path in (PATH, f"{PATH}/{deal['id']}", f"{PATH}/{deal['id']}/stages"):
        assert (await rep.get(path)).status_code == 200
    return rep, deal


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (f"{PATH}/{{id}}", 1), (PATH, 1), (f"{PATH}?include=account,stage&flag=idle", 1),
        (f"{PATH}?q=licences", 1), (f"{PATH}/{{id}}/stages", 3),
    ],
)  # fmt: skip
async def test_a_read_costs(
    warmed: Fixture, service_database: Database, path: str, count: int
) -> None:
    rep, deal = warmed
    with statements_of(service_database) as seen:
        answer = await rep.get(path.replace("{id}", deal["id"]))
    assert answer.status_code == 200
    assert len(seen) == count, seen


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
async def test_a_create_costs_at_most_three(
    warmed: Fixture, service_database: Database, headers: dict[str, str]
) -> None:
    rep, deal = warmed
    for sent, most in (({}, 1), ({"account_id": deal["account_id"]}, 2)):
        key = {name: value + str(most) for name, value in headers.items()}
        with statements_of(service_database) as seen:
            answer = await rep.post(PATH, json={"name": "x", **sent}, headers=key)
        assert answer.status_code == 201
        assert len(seen) <= most, seen


async def test_an_update_costs_a_look_and_a_write(
    warmed: Fixture, service_database: Database
) -> None:
    rep, deal = warmed
    with statements_of(service_database) as seen:
        answer = await rep.patch(f"{PATH}/{deal['id']}", json={"next_step": "Call"})
    assert answer.status_code == 200
    assert len(seen) == 2, seen


async def test_a_move_costs_at_most_five(
    warmed: Fixture, stages: Stages, service_database: Database
) -> None:
    rep, deal = warmed
    other = await made(rep, "Other", stage_id=stages["Needs analysis"])
    for place, most in (({}, 2), ({"after_id": other["id"]}, 4), ({"position": "bottom"}, 4)):
        for stage in ("Needs analysis", "Qualification"):
            if "after_id" in place and stage == "Qualification":
                continue
            with statements_of(service_database) as seen:
                answer = await moved(rep, deal["id"], stages[stage], **place)
            assert answer.status_code == 200, answer.text
            assert len(seen) <= most, seen
