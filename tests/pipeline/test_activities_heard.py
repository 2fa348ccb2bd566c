"""What is done about a deal in contacts keeps it from being idle, and is no new version of it."""

from datetime import UTC, datetime, timedelta

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Stages
from tests.pipeline.telling import told

LONG_AGO = "UPDATE opportunities SET updated_at = $2 WHERE id = $1::text::uuid"


async def test_an_activity_ends_idleness_and_changes_nothing_else(
    client: Clients, organisation: Organisation, stages: Stages, heard: Heard,
    service_database: Database,
) -> None:  # fmt: skip
    rep, now = client(organisation.rep), datetime.now(UTC)
    deal = (await rep.post("/v1/opportunities", json={"name": "Deal"})).json()
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(LONG_AGO, deal["id"], now - timedelta(days=20))

    async def flags() -> list[str]:
        found = (await rep.get(f"/v1/opportunities/{deal['id']}/stages")).json()["flags"]
        listed = (await rep.get("/v1/opportunities?flag=idle")).json()["data"]
        assert bool(listed) == ("idle" in [flag["flag"] for flag in found])
        return [flag["flag"] for flag in found]

    assert await flags() == ["idle"]
    planned = {"opportunity_id": deal["id"], "status": "planned", "done_at": None}
    await heard(told(organisation.id, "activity", new_id(), planned))
    assert await flags() == ["idle"]
    call = planned | {"status": "done", "done_at": (now - timedelta(days=2)).isoformat()}
    await heard(told(organisation.id, "activity", new_id(), call))
    assert await flags() == []
    read = (await rep.get(f"/v1/opportunities/{deal['id']}")).json()
    assert read["version"] == 1
