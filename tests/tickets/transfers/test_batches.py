"""Many settings in one request: recognised by their own key, each with its own answer, all of them or what is right."""

from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Clients, Organisation
from tests.tickets.queueing import AGENTS, QUEUES
from tests.tickets.surveys.asking import SURVEYS


def upsert(field: str, value: str, **data: Any) -> dict[str, Any]:
    return {"op": "upsert", "match": {"field": field, "value": value}, "data": data}


@pytest.mark.parametrize("path", [QUEUES, SURVEYS])
async def test_settings_are_recognised_by_their_name_however_it_is_written(
    client: Clients, company: Organisation, path: str
) -> None:
    admin = client(company.admin)
    more = {"team_id": str(company.teams["a"])} if path == QUEUES else {"kind": "csat"}
    operations = [upsert("name", "Billing", name="Billing", **more), upsert("name", "BILLING", name="Bills")]  # fmt: skip
    answer = await admin.post(f"{path}/batch", json={"operations": operations})
    assert [each["status"] for each in answer.json()["results"]] == [201, 200], answer.text
    assert [row["name"] for row in (await admin.get(path)).json()["data"]] == ["Bills"]
    operations = [upsert("name", "Second", name="Second", **more), upsert("name", "Third", name="bills", **more)]  # fmt: skip
    failed = await admin.post(f"{path}/batch", json={"operations": operations})
    assert failed.status_code == 422
    assert failed.json()["results"][1]["status"] == 409, failed.text
    assert len((await admin.get(path)).json()["data"]) == 1
    wrong = await admin.post(f"{path}/batch", json={"operations": [upsert("external_id", "x")]})
    assert "match" in wrong.text
    assert wrong.status_code == 422
    refused = await client(company.read_only).post(f"{path}/batch", json={"operations": operations})
    assert refused.status_code == 403


async def test_agents_are_recognised_by_their_user(client: Clients, company: Organisation) -> None:
    admin, rep = client(company.admin), str(company.rep.id)
    operations = [
        upsert("user_id", rep, user_id=rep, load_limit=3),
        upsert("user_id", str(uuid4()), user_id=str(uuid4())),
        upsert("user_id", "nobody", load_limit=1),
        {"op": "create", "data": {"user_id": rep}},
    ]
    sent = {"mode": "independent", "operations": operations}
    answer = await admin.post(f"{AGENTS}/batch", json=sent)
    assert [each["status"] for each in answer.json()["results"]] == [201, 422, 400, 409], (
        answer.text
    )
    again = await admin.post(f"{AGENTS}/batch", json={"operations": [upsert("user_id", rep, load_limit=9)]})  # fmt: skip
    assert again.json()["results"][0]["data"]["load_limit"] == 9


async def test_a_match_that_no_record_could_have_names_its_field(
    client: Clients, company: Organisation
) -> None:
    """Of every batch that there is here, by every id and by a text that nothing can hold."""
    admin = client(company.admin)
    paths = (await admin.get("/openapi.json")).json()["paths"]
    batches = [path for path in paths if path.endswith("/batch")]
    assert len(batches) >= 8, batches
    for path in batches:
        fields = ["id", *(["user_id"] if path == f"{AGENTS}/batch" else [])]
        for field, value in [(field, text) for field in fields for text in ("no id", "a\x00b")]:
            one = {"op": "update", "match": {"field": field, "value": value}, "data": {}}
            answer = await admin.post(path, json={"operations": [one], "mode": "independent"})
            assert answer.status_code == 200, (path, answer.text)
            (result,) = answer.json()["results"]
            assert (result["status"], list(result["problem"]["errors"])) == (400, [field]), (
                path, result,
            )  # fmt: skip
