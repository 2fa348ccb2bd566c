"""Conversions against the real contacts service: what is sent is taken, refused and taken back there."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from guanxi_pipeline.clients import CONTACTS
from guanxi_pipeline.conversions.finishing import finish_organisation
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from tests.factories import Clients, Organisation, apply_to_directory, directory_events
from tests.pipeline.conftest import Stages
from tests.pipeline.leads.conftest import Made
from tests.stand_in import SECRET, GatewayStandIn

FIELDS: dict[str, Any] = {
    "emails": [{"address": "zhang@weilai.example"}], "phones": [{"number": "13800138000"}],
    "website": "https://weilai.example", "industry": "software", "region": "华北", "source": "fair",
    "title": "CEO", "tags": ["hot"], "description": "Met at the fair.",
    "consents": [{"channel": "email", "purpose": "marketing", "text": "You may write to me.",
                  "given_at": "2026-11-01T08:00:00Z"}],
}  # fmt: skip
WHOLE: dict[str, Any] = {"opportunity": {"name": "Licences"}}


class Cut(httpx.AsyncBaseTransport):
    """The real service behind a link that may be cut: after some that pass, `cut` requests do not
    arrive, or `lost` answers are not heard."""

    def __init__(self, app: Edge) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self.passes = 0
        self.cut = 0
        self.lost = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.passes:
            self.passes -= 1
            return await self._inner.handle_async_request(request)
        if self.cut:
            self.cut -= 1
            raise httpx.ConnectError("cut")
        response = await self._inner.handle_async_request(request)
        if self.lost:
            self.lost -= 1
            raise httpx.ReadError("lost")
        return response


@pytest.fixture
async def link(service: Edge, contacts: Edge, organisation: Organisation) -> AsyncIterator[Cut]:
    await apply_to_directory(contacts.state.house.db, directory_events(organisation))
    cut = Cut(contacts)
    client = ServiceClient(
        CONTACTS, "http://contacts", SECRET, caller="pipeline", transport=cut, attempts=1,
        timeout_seconds=5.0, breaker_failures=1_000,
    )  # fmt: skip
    service.state.house.more[CONTACTS] = client
    yield cut
    del service.state.house.more[CONTACTS]
    await client.aclose()


@pytest.fixture
def of_contacts(contacts: Edge, gateway_stand_in: GatewayStandIn) -> Clients:
    return Clients(contacts, gateway_stand_in)


async def there(of_contacts: Clients, organisation: Organisation) -> dict[str, list[Any]]:
    rep = of_contacts(organisation.rep)
    return {n: (await rep.get(f"/v1/{n}")).json()["data"] for n in ("accounts", "contacts")}


async def test_contacts_takes_what_a_lead_becomes(
    client: Clients, organisation: Organisation, link: Cut, stages: Stages, made: Made,
    of_contacts: Clients,
) -> None:  # fmt: skip
    first = await made(**FIELDS)
    assert first["duplicates"] == {"leads": [], "accounts": [], "contacts": []}
    answer = await client(organisation.rep).post(f"/v1/leads/{first['id']}/convert", json=WHOLE)
    assert (answer.status_code, answer.json()["status"]) == (200, "done"), answer.text
    found = await there(of_contacts, organisation)
    (account,), (contact,) = found["accounts"], found["contacts"]
    for name in ("industry", "region", "source", "domain", "website", "tags"):
        assert account[name] == first[name], name
    assert (account["name"], account["owner_id"]) == (first["company"], first["owner_id"])
    for name in ("name", "title", "emails", "phones", "source", "tags", "description"):
        assert contact[name] == first[name], name
    assert [each["account_id"] for each in contact["accounts"]] == [account["id"]]
    consents = await of_contacts(organisation.rep).get(f"/v1/contacts/{contact['id']}/consents")
    (consent,) = consents.json()["present"]
    assert (consent["channel"], consent["status"], consent["proof"], consent["given_at"]) == (
        "email", "granted", "You may write to me.", "2026-11-01T08:00:00Z",
    )  # fmt: skip
    twin = (await made(**FIELDS))["duplicates"]
    assert [each["record"]["id"] for each in twin["accounts"]] == [account["id"]]
    assert [each["record"]["id"] for each in twin["contacts"]] == [contact["id"]]


@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("is_lost", [True, False])
async def test_the_worker_finishes_what_a_cut_link_left(
    client: Clients, organisation: Organisation, link: Cut, stages: Stages, made: Made,
    of_contacts: Clients, service: Edge, is_lost: bool, step: int,
) -> None:  # fmt: skip
    path = f"/v1/leads/{(await made(**FIELDS))['id']}"
    link.passes = step
    link.cut, link.lost = int(not is_lost), int(is_lost)
    rep = client(organisation.rep)
    assert (await rep.post(f"{path}/convert", json=WHOLE)).status_code == 202
    await finish_organisation(service.state.house, organisation.id)
    assert (await rep.get(path)).json()["status"] == "converted"
    found = await there(of_contacts, organisation)
    assert [len(each) for each in found.values()] == [1, 1]
    path = f"/v1/contacts/{found['contacts'][0]['id']}/consents"
    assert len((await of_contacts(organisation.rep).get(path)).json()["data"]) == 1


async def test_a_person_whom_contacts_refuses_takes_the_account_with_them(
    client: Clients, organisation: Organisation, link: Cut, stages: Stages, made: Made,
    of_contacts: Clients,
) -> None:  # fmt: skip
    path = f"/v1/leads/{(await made(**FIELDS))['id']}"
    asked = WHOLE | {"contact": {"fields": {"birthday": "yesterday"}}}
    refused = await client(organisation.rep).post(f"{path}/convert", json=asked)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["contact.birthday"])
    assert await there(of_contacts, organisation) == {"accounts": [], "contacts": []}
    kept = (await client(organisation.rep).get(f"{path}/conversion")).json()
    assert (kept["status"], kept["problem"]["part"]) == ("refused", "contact")
