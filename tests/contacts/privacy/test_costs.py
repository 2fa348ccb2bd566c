"""What privacy costs those who do not ask for it: nothing, once it is known that nobody was erased."""

import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.statements import statements_of

pytestmark = pytest.mark.usefixtures("remembered")


async def test_a_contact_with_addresses_is_still_made_by_one_statement(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    body = {"name": "Ann Lee", "emails": [{"address": "ann@canary.example"}]}
    await rep.post("/v1/contacts", json=body)  # scope, fields and suppressions are known now
    with statements_of(service_database) as seen:
        answer = await rep.post("/v1/contacts", json=body, headers={"idempotency-key": "once"})
    assert answer.status_code == 201
    assert len(seen) == 1, seen


async def test_a_contact_is_still_read_by_one_statement(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    made = (await rep.post("/v1/contacts", json={"name": "Ann Lee"})).json()
    await rep.get(f"/v1/contacts/{made['id']}")
    with statements_of(service_database) as seen:
        await rep.get(f"/v1/contacts/{made['id']}")
    assert len(seen) == 1, seen


async def test_files_are_listed_and_read_by_one_statement(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    made = (await rep.post("/v1/files", content=b"x")).json()
    await rep.get("/v1/files")
    for path in ("/v1/files", f"/v1/files/{made['id']}"):
        with statements_of(service_database) as seen:
            assert (await rep.get(path)).status_code == 200
        assert len(seen) == 1, seen
