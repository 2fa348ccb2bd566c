"""What keeping the standing costs: nothing for creates and patches, one statement for a reason."""

import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.statements import statements_of

pytestmark = pytest.mark.usefixtures("remembered")

PATH = "/v1/accounts"


async def test_a_create_with_a_standing_is_still_one_statement(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    assert (await rep.post(PATH, json={"name": "warm"})).status_code == 201
    with statements_of(service_database) as seen:
        answer = await rep.post(PATH, json={"name": "Acme", "grade": "A", "needs_tier": "esteem"})
    assert answer.status_code == 201
    assert len(seen) == 1


async def test_a_patch_that_moves_an_account_costs_what_any_patch_costs(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    account = (await rep.post(PATH, json={"name": "Acme"})).json()
    one, counts = f"{PATH}/{account['id']}", []
    await rep.patch(one, json={"industry": "warm"})  # who sees what is known for a second
    for sent in ({"industry": "food"}, {"grade": "A"}):
        with statements_of(service_database) as seen:
            assert (await rep.patch(one, json=sent)).status_code == 200
        counts.append(len(seen))
    with statements_of(service_database) as seen:
        moved = await rep.post(f"{one}/standing", json={"grade": "B", "reason": "x"})
    assert moved.status_code == 200
    assert counts == [2, 2]
    assert len(seen) == 3
