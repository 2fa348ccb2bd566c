"""Whose contact somebody is who filled in a form: asked of the real contacts service, as a service."""

from collections.abc import AsyncIterator

import httpx
import pytest

from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_tickets.requesters.lookup import look_up
from guanxi_tickets.requesters.rules import Typed, typed_from
from tests.factories import Clients, Organisation, apply_to_directory, directory_events
from tests.stand_in import SECRET, GatewayStandIn


@pytest.fixture
def service(contacts: Edge) -> Edge:
    return contacts


@pytest.fixture
async def client_of_contacts(contacts: Edge) -> AsyncIterator[ServiceClient]:
    client = ServiceClient(
        "contacts", "http://contacts", SECRET, caller="tickets",
        transport=httpx.ASGITransport(app=contacts),
    )  # fmt: skip
    yield client
    await client.aclose()


async def test_the_one_contact_with_the_address_or_the_number_is_meant(
    contacts: Edge, gateway_stand_in: GatewayStandIn, organisation: Organisation,
    other_organisation: Organisation, client_of_contacts: ServiceClient,
) -> None:  # fmt: skip
    await apply_to_directory(contacts.state.house.db, directory_events(organisation))
    rep = Clients(contacts, gateway_stand_in)(organisation.rep)
    account = (await rep.post("/v1/accounts", json={"name": "Weilai"})).json()["id"]
    sent = {
        "name": "Li Lei", "emails": [{"address": "lilei@weilai.example"}],
        "phones": [{"number": "138 0013 8000"}],
        "accounts": [{"account_id": account, "is_primary": True}],
    }  # fmt: skip
    made = await rep.post("/v1/contacts", json=sent)
    assert made.status_code == 201, made.text
    who = made.json()["id"]
    for said in (
        {"email": "LiLei@WEILAI.example"},
        {"phone": "+86 138-0013-8000"},
        {"phone": "13800138000"},
    ):
        typed = typed_from(said, region="CN")
        found = await look_up(client_of_contacts, organisation.id, typed)
        assert found is not None, said
        assert (str(found.id), found.name, str(found.account_id)) == (who, "Li Lei", account), said
        assert await look_up(client_of_contacts, other_organisation.id, typed) is None
    nobody = Typed("Li Lei", "nobody@weilai.example", None)
    assert await look_up(client_of_contacts, organisation.id, nobody) is None
    assert await look_up(client_of_contacts, organisation.id, Typed("Li Lei", None, None)) is None
    twin = {**sent, "name": "Twin", "phones": []}
    assert (await rep.post("/v1/contacts", json=twin)).status_code == 201
    both = Typed(None, "lilei@weilai.example", None)
    assert await look_up(client_of_contacts, organisation.id, both) is None
