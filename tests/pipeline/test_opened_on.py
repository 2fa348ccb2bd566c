"""The day on which selling began."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages

PATH = "/v1/opportunities"


async def test_it_is_today_for_what_begins_open_and_what_is_said_for_the_rest(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    fresh = (await rep.post(PATH, json={"name": "A"})).json()
    said = (await rep.post(PATH, json={"name": "B", "opened_on": "2025-03-01"})).json()
    closed = {"name": "C", "stage_id": stages["Won"], "closed_on": "2025-04-01"}
    unknown = (await rep.post(PATH, json=closed)).json()
    known = (await rep.post(PATH, json=closed | {"opened_on": "2025-04-01"})).json()
    found = [each["opened_on"] for each in (fresh, said, unknown, known)]
    assert found == [today, "2025-03-01", None, "2025-04-01"]
    listed = (await rep.get(f"{PATH}?opened_on[lt]=2025-04-01")).json()["data"]
    assert [each["id"] for each in listed] == [said["id"]]
    changed = (await rep.patch(f"{PATH}/{fresh['id']}", json={"opened_on": "2024-01-01"})).json()
    assert changed["opened_on"] == "2024-01-01"
    assert (await rep.patch(f"{PATH}/{fresh['id']}", json={"opened_on": None})).json()[
        "opened_on"
    ] is None


@pytest.mark.parametrize(
    "sent",
    [
        {"opened_on": "2199-01-01"},
        {"opened_on": "1.2.2025"},
        {"opened_on": "2025-04-02", "closed_on": "2025-04-01", "stage": "Won"},
    ],
)
async def test_it_does_not_lie_ahead_nor_after_the_closing(
    client: Clients, organisation: Organisation, stages: Stages, sent: dict[str, Any]
) -> None:
    rep = client(organisation.rep)
    stage = {"stage_id": stages[sent["stage"]]} if "stage" in sent else {}
    body = {name: value for name, value in sent.items() if name != "stage"} | stage
    refused = await rep.post(PATH, json={"name": "A", **body})
    assert refused.status_code in (400, 422)
    assert "opened_on" in refused.json()["errors"]


async def test_a_closed_deal_was_not_opened_after_its_closing(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    closed = {"name": "C", "stage_id": stages["Won"], "closed_on": "2025-04-01"}
    deal = (await rep.post(PATH, json=closed)).json()
    refused = await rep.patch(f"{PATH}/{deal['id']}", json={"opened_on": "2025-04-02"})
    assert refused.status_code == 422
    assert "opened_on" in refused.json()["errors"]
    taken = await rep.patch(f"{PATH}/{deal['id']}", json={"opened_on": "2025-04-01"})
    assert taken.status_code == 200
