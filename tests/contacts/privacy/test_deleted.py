"""What happens to deleted records of a person is no sign of life to whoever follows the feed."""

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.factories import Clients, Organisation

REQUEST = {"reason": "subject_request"}


async def told(user: httpx.AsyncClient, record_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The verbs of a record's events with their states, in the feed's order."""
    events = (await user.get("/v1/events", params={"limit": 1000})).json()
    return [
        (event["type"].rpartition(".")[2], event["data"]["state"])
        for event in events
        if event["data"]["id"] == record_id
    ]


async def test_a_hold_on_somebody_deleted_does_not_bring_them_back(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    person = (await admin.post("/v1/contacts", json={"name": "Ada"})).json()["id"]
    path = f"/v1/contacts/{person}"
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.post(f"{path}/legal-hold", json={"reason": "case"})).status_code == 201
    assert (await admin.post(f"{path}/erase", json=REQUEST)).status_code == 409
    assert (await admin.delete(f"{path}/legal-hold")).status_code == 200
    assert [verb for verb, _ in await told(admin, person)] == ["created", "deleted"]
    now = datetime.now(UTC).isoformat()
    assert (await admin.get(path, params={"as_of": now})).status_code == 404
    restored = await admin.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["version"]) == (200, 3)


async def test_a_deleted_activity_of_somebody_erased_stays_deleted_and_is_blank(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    person = (await admin.post("/v1/contacts", json={"name": "Ada"})).json()["id"]
    sent = {"kind": "call", "subject": "About Ada", "contact_ids": [person]}
    call = (await admin.post("/v1/activities", json=sent)).json()["id"]
    path = f"/v1/activities/{call}"
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.post(f"/v1/contacts/{person}/erase", json=REQUEST)).status_code == 200
    events = await told(admin, call)
    assert [verb for verb, _ in events] == ["created", "deleted", "deleted"]
    assert {state["subject"] for _, state in events} == {""}
    now = datetime.now(UTC).isoformat()
    assert (await admin.get(path, params={"as_of": now})).status_code == 404
    restored = await admin.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["subject"]) == (200, "")
