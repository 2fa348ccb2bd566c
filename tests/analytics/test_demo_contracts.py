"""The demo's contracts of before say something: of who stays, and of what ends soon."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from guanxi_analytics.facts.writing import write_facts
from guanxi_gateway.cli.demo.past_contracts import make_past_contracts
from guanxi_shared.db import Database
from tests.analytics.test_contracts import asked, endings
from tests.factories import Clients, Organisation
from tests.gateway.demo.made import CUSTOMERS, SEED

UNTIL = date(2026, 9, 15)


def told(organisation: Organisation, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "organisation_id": str(organisation.id), "type": "tickets.entitlement.created", "subject_type": "entitlement",
            "subject_id": row["id"], "version": 1, "before": None, "occurred_at": "2026-09-15T00:00:00+00:00",
            "after": row | {"product_id": None, "renewed_from_id": None},
        }
        for row in rows
    ]  # fmt: skip


async def test_the_demo_tells_who_stays_and_what_ends_soon(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    events = told(organisation, make_past_contracts(SEED, CUSTOMERS, UNTIL))
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "tickets", events)
    admin = client(organisation.admin)
    blocks = {b["term"]: b for b in (await asked(admin, until=str(UNTIL)))["data"]}
    assert set(blocks) == {"half_year", "year"}
    for block in blocks.values():
        assert block["model"]["verdict"] != "refused", block["model"]["sentence"]
        assert block["model"]["sorting"]["p"] is not None
    found = await endings(admin, until=str(UNTIL))
    assert found["model"]["verdict"] != "refused", found["model"]["sentence"]
    assert 10 < len(found["data"]) < 150
    assert all(each["hazard"] is not None for each in found["data"])
