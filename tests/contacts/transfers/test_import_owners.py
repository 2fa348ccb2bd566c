"""An import that changes owners begins their period anew, like every other way of writing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation


async def test_who_gets_an_account_by_an_import_has_it_from_then_on(
    client: Clients, organisation: Organisation, service_database: Database, send: Sender
) -> None:
    first = f"rep@{organisation.id}.example"
    await send(f"external_id,name,owner\nk1,One,{first}\nk2,Two,{first}\n", key="external_id")
    one, two = await send.records()
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "INSERT INTO account_dealings (organisation_id, account_id, owned_since, warned_at)"
            " SELECT organisation_id, id, now() - interval '90 days', now() FROM accounts"
        )
    second = f"rep2@{organisation.id}.example"
    changes = f"external_id,name,owner\nk1,One,{second}\nk2,Two B,{first}\n"
    done = await send(changes, key="external_id", duplicates="update")
    assert done["job"]["status"] == "done", done
    admin, month = client(organisation.admin), timedelta(days=30)
    given = (await admin.get(f"/v1/accounts/{one['id']}/pool")).json()
    kept = (await admin.get(f"/v1/accounts/{two['id']}/pool")).json()
    assert (await admin.get(f"/v1/accounts/{two['id']}")).json()["name"] == "Two B"
    assert datetime.fromisoformat(given["owned_since"]) > datetime.now(UTC) - month
    assert given["warned_at"] is None
    assert datetime.fromisoformat(kept["owned_since"]) < datetime.now(UTC) - month
    assert kept["warned_at"] is not None


async def test_a_person_is_given_to_whom_a_request_could_give_them(
    client: Clients, organisation: Organisation, send: Sender
) -> None:
    """Who sees everybody's accounts and nobody else's people gives accounts away, and no people."""
    sees = {"*": "own", "accounts": "all"}
    rep = replace(organisation.rep, grant=replace(organisation.rep.grant, visibility=sees))
    other, by_rep = organisation.users["rep2"].id, send.by(client(rep))
    asked = await by_rep.client.post("/v1/contacts", json={"name": "Li", "owner_id": str(other)})
    table = f"name,owner\nLi,rep2@{organisation.id}.example\n"
    people, accounts = await by_rep.of("contacts")(table), await by_rep(table)
    assert asked.status_code == 403, asked.text
    assert people["job"]["counts"]["refused"] == 1, people
    assert "ask for the right to assign" in await by_rep.errors(people["id"])
    assert accounts["job"]["counts"]["created"] == 1, accounts
