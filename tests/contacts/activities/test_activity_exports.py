"""Activities as a table."""

import csv
import io

import pytest

from tests.contacts.activities.booking import PATH, created
from tests.factories import Clients, Organisation


@pytest.mark.parametrize("format", ["csv", "xlsx", "ndjson"])
async def test_activities_leave_as_a_table_of_what_one_sees(
    client: Clients, organisation: Organisation, format: str
) -> None:
    await created(client, organisation.other_rep, subject="geheim")
    await created(client, organisation.rep, participants=[{"name": "李四"}], tags=["a"])
    answer = await client(organisation.manager).get(f"{PATH}/export", params={"format": format})
    assert answer.status_code == 200, answer.text
    assert "geheim" not in answer.text
    if format == "csv":
        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert (row["kind"], row["subject"], row["participants"]) == ("call", "电话", "李四")


async def test_an_activity_is_no_vcard(client: Clients, organisation: Organisation) -> None:
    manager = client(organisation.manager)
    direct = await manager.get(f"{PATH}/export", params={"format": "vcard"})
    assert (direct.status_code, list(direct.json()["errors"])) == (400, ["format"])
    job = await manager.post("/v1/exports", json={"resource": "activities", "format": "vcard"})
    assert (job.status_code, list(job.json()["errors"])) == (422, ["format"])
    made = await manager.post("/v1/exports", json={"resource": "activities"})
    assert made.status_code == 202
