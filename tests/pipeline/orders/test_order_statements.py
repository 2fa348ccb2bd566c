"""How many statements orders cost, one by one and by the many."""

import pytest

from guanxi_pipeline.orders.placing import place_many
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known
from tests.pipeline.orders.ordering import PATH, line, made, order
from tests.statements import statements_of

pytestmark = pytest.mark.usefixtures("remembered")

ACTOR = Actor(id=None, kind="service", channel="test")


async def test_a_get_and_a_list_are_one_statement_and_purchases_two(
    client: Clients, organisation: Organisation, account: Known, service_database: Database
) -> None:
    rep, account_id = client(organisation.rep), await account()
    lines = [line(f"S{index}") for index in range(20)]
    found = await made(rep, order(account_id, *lines, status="fulfilled", ordered_on="2026-01-02"))
    paths = {
        f"{PATH}/{found['id']}": 1, f"{PATH}?account_id={account_id}": 1,
        f"/v1/accounts/{account_id}/purchases?by=year": 2, "/v1/orders/purchases?group=product": 1,
        f"/v1/accounts/{account_id}/stock": 2,
    }  # fmt: skip
    for path, expected in paths.items():
        assert (await rep.get(path)).status_code == 200
        with statements_of(service_database) as seen:
            assert (await rep.get(path)).status_code == 200
        assert len(seen) == expected, (path, seen)


async def test_many_cost_as_many_statements_as_a_few(
    organisation: Organisation, account: Known, service_database: Database
) -> None:
    account_id, counts = await account(), []
    for size in (3, 300):
        orders = [order(account_id, status="fulfilled", ordered_on="2026-01-02")] * size
        async with service_database.transaction(organisation.id) as connection:
            with statements_of(service_database) as seen:
                await place_many(connection, organisation.id, orders, actor=ACTOR)
            counts.append(len(seen))
    assert counts[0] == counts[1] <= 12
