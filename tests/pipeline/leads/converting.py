"""What tests of conversions share: what is asked for, and that all of it is there or nothing."""

from typing import Any

from tests.factories import Clients, Organisation
from tests.pipeline.leads.fake_contacts import FakeContacts

WHOLE: dict[str, Any] = {"opportunity": {"amount": {"amount": "1000.00", "currency": "CNY"}}}


async def deals_of(client: Clients, organisation: Organisation) -> list[dict[str, Any]]:
    page = await client(organisation.admin).get("/v1/opportunities")
    found: list[dict[str, Any]] = page.json()["data"]
    return found


async def demand_whole(
    client: Clients, organisation: Organisation, fake: FakeContacts, path: str
) -> dict[str, Any]:
    """One of each, and all of them know each other."""
    ((account_id, account),) = fake.records["accounts"].items()
    ((contact_id, contact),) = fake.records["contacts"].items()
    (deal,) = await deals_of(client, organisation)
    read: dict[str, Any] = (await client(organisation.admin).get(path)).json()
    assert (read["status"], read["converted_at"] is None) == ("converted", False)
    assert (read["account_id"], read["contact_id"]) == (account_id, contact_id)
    assert read["opportunity_id"] == deal["id"]
    assert (deal["account_id"], deal["contacts"][0]["contact_id"]) == (account_id, contact_id)
    assert deal["lead_id"] == read["id"]
    assert contact["accounts"] == [{"account_id": account_id, "is_primary": True}]
    assert {account["owner_id"], contact["owner_id"], deal["owner_id"]} == {read["owner_id"]}
    conversion = (await client(organisation.admin).get(f"{path}/conversion")).json()
    assert (conversion["status"], conversion["problem"]) == ("done", None)
    return deal


async def demand_nothing(
    client: Clients, organisation: Organisation, fake: FakeContacts, path: str
) -> None:
    assert fake.records == {"accounts": {}, "contacts": {}}
    assert await deals_of(client, organisation) == []
    read = (await client(organisation.admin).get(path)).json()
    assert (read["status"], read["account_id"], read["contact_id"]) == ("new", None, None)
