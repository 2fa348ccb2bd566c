"""What the worker does for leads in a process of its own: with nothing but its database and settings."""

from pathlib import Path

import pytest

from guanxi_pipeline.clients import CONTACTS
from guanxi_pipeline.conversions.finishing import finish_conversions
from guanxi_pipeline.lead_forms.sweeping import sweep_form_hits
from guanxi_pipeline.scorecards.rescoring import rescore_leads
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_shared.identifiers import new_id
from tests.conftest import settle_environment
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.leads.conftest import Made
from tests.pipeline.leads.test_scorecard import CARD, running
from tests.prepared import Clone
from tests.stand_in import SECRET, GatewayStandIn

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch,
    database: Clone,
    gateway_stand_in: GatewayStandIn,
    tmp_path: Path,
) -> None:
    settle_environment(
        monkeypatch, database, "pipeline", gateway_stand_in, tmp_path,
        GUANXI_SERVICES=f"contacts={NOWHERE}",
    )  # fmt: skip


@pytest.mark.usefixtures("environment")
async def test_a_conversion_waits_for_contacts_and_is_tried_at_every_round(
    client: Clients, organisation: Organisation, service: Edge, service_database: Database,
    stages: Stages, made: Made,
) -> None:  # fmt: skip
    away = ServiceClient(CONTACTS, NOWHERE, SECRET, caller="pipeline", attempts=1)
    path = f"/v1/leads/{(await made())['id']}"
    service.state.house.more[CONTACTS] = away
    try:
        answer = await client(organisation.rep).post(f"{path}/convert", json={})
    finally:
        del service.state.house.more[CONTACTS]
        await away.aclose()
    assert (answer.status_code, answer.json()["tries"]) == (202, 1)
    for tries in (2, 3):
        await finish_conversions.duty(service_database)
        found = (await client(organisation.rep).get(f"{path}/conversion")).json()
        assert (found["status"], found["tries"]) == ("pending", tries)


@pytest.mark.usefixtures("environment")
async def test_leads_are_scored_anew(
    client: Clients, organisation: Organisation, service_database: Database, made: Made
) -> None:
    first, other = await made(industry="software"), await made(name="Li", industry="hats")
    closed = await made(name="Wang", industry="software")
    rep = client(organisation.rep)
    await rep.post(f"/v1/leads/{closed['id']}/disqualify", json={"reason": "spam"})
    await client(organisation.manager).patch("/v1/leads/scorecard", json=CARD)
    await rescore_leads(await running(service_database, organisation.id))
    scores = {
        each["id"]: (await rep.get(f"/v1/leads/{each['id']}")).json()["score"]
        for each in (first, other, closed)
    }
    assert scores == {first["id"]: 20, other["id"]: 0, closed["id"]: None}


async def test_addresses_of_visitors_are_forgotten_after_a_day(
    organisation: Organisation, service_database: Database
) -> None:
    hit = "INSERT INTO lead_form_hits VALUES ($1, $2, $3, now() - $4::text::interval)"
    async with service_database.transaction(organisation.id) as connection:
        for address, ago in (("203.0.113.7", "25 hours"), ("203.0.113.8", "23 hours")):
            await connection.execute(hit, organisation.id, new_id(), address, ago)
    await sweep_form_hits.duty(service_database)
    left = "SELECT address FROM lead_form_hits WHERE organisation_id = $2"
    rows = await service_database.fetch(organisation.id, left, organisation.id)
    assert [row["address"] for row in rows] == ["203.0.113.8"]


async def test_the_feed_tells_of_leads_to_those_who_see_them(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    first = await made()
    await client(organisation.rep).post(f"/v1/leads/{first['id']}/respond")
    events = "/v1/events?types=pipeline.lead.*"
    told = (await client(organisation.manager).get(events)).json()
    assert [event["type"] for event in told] == ["pipeline.lead.created", "pipeline.lead.updated"]
    assert told[1]["subject"] == f"lead/{first['id']}"
    assert (await client(organisation.other_rep).get(events)).json() == []
