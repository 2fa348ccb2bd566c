"""An import that has to wait for somebody writes upon what stands then."""

import asyncio
from uuid import UUID

from guanxi_shared.db import Database
from tests.contacts.merges.merging import make, merge, until_somebody_waits
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation


async def test_the_places_of_a_person_are_those_after_the_other_change(
    send: Sender, client: Clients, organisation: Organisation, service_database: Database
) -> None:
    admin = organisation.admin
    first, second = await make(client, admin), await make(client, admin)
    place = [{"account_id": first["id"]}]
    person = await make(client, admin, "contacts", name="p", external_id="7", accounts=place)
    people = send.of("contacts")
    async with service_database.transaction(organisation.id) as writer:
        await writer.execute(
            "UPDATE contacts SET version = version + 1 WHERE id = $1", UUID(person["id"])
        )
        await writer.execute(
            "UPDATE contact_accounts SET account_id = $2 WHERE contact_id = $1",
            UUID(person["id"]), UUID(second["id"]),
        )  # fmt: skip
        sending = asyncio.create_task(
            people("external_id,title\n7,CEO\n", key="external_id", duplicates="update")
        )
        await until_somebody_waits(service_database)
    await sending
    (now,) = await people.records()
    assert (now["title"], now["accounts"][0]["account_id"]) == ("CEO", second["id"])


async def test_a_person_of_an_account_that_is_being_merged_comes_to_the_survivor_or_is_refused(
    send: Sender, client: Clients, organisation: Organisation, service_database: Database
) -> None:
    admin = organisation.admin
    survivor = await make(client, admin, name="survivor")
    source = await make(client, admin, name="source", external_id="S")
    child = await make(client, admin, name="child", parent_id=source["id"])
    people = send.of("contacts")
    async with service_database.transaction(organisation.id) as blocker:
        # The merge holds the source by now and waits for its child.
        await blocker.execute("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", UUID(child["id"]))
        merging = asyncio.create_task(merge(client, admin, survivor, source))
        await until_somebody_waits(service_database)
        sending = asyncio.create_task(people("name,account_external_id\nAnn,S\n"))
        await asyncio.wait({sending}, timeout=1.0)
    assert (await merging).status_code == 201
    found = await sending
    assert found["job"]["status"] == "done"
    assert source["id"] not in str(await people.records())
