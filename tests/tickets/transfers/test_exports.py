"""Tickets as tables, and back."""

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.transfers.test_exports import exported, table
from tests.tickets.company import made, moved
from tests.tickets.conftest import Known
from tests.tickets.transfers.test_imports import counts

DIRECT = "/v1/tickets/export?format=csv"


async def test_a_table_comes_back_whole(
    send: Sender, client: Clients, organisation: Organisation, account: Known, person: Known
) -> None:
    admin = client(organisation.admin)
    acme, ann = await account("Acme"), await person("Ann")
    ticket = await made(
        admin, "打印机", account_id=acme, requester_id=ann, tags=["a", "b"], urgency="high",
        external_id="X-1", kind="incident", assignee_id=str(organisation.rep.id),
    )  # fmt: skip
    await moved(admin, ticket, "open")
    content = await exported(send, resource="tickets", format="csv")
    rows = table(content)
    assert [(each["number"], each["account"], each["requester"]) for each in rows] == [
        ("TK-000001", "Acme", "Ann")
    ]
    assert rows[0]["owner"].startswith("rep@")
    assert (await admin.get(DIRECT)).content == content
    again = await send(content, key="external_id", duplicates="update")
    assert counts(again) == {"unchanged": 1}
    changed = content.decode().replace("打印机", "打印机坏了")
    ended = await send(changed, key="id", duplicates="update")
    assert counts(ended) == {"updated": 1}, await send.errors(ended["id"])


async def test_names_and_rows_are_those_that_the_caller_sees(
    send: Sender, client: Clients, organisation: Organisation, account: Known
) -> None:
    admin, other = client(organisation.admin), client(organisation.other_rep)
    hidden = await account("Hidden", owner=organisation.rep)
    theirs = await made(
        admin, "Theirs", account_id=hidden, assignee_id=str(organisation.other_rep.id)
    )
    await made(admin, "Not theirs", assignee_id=str(organisation.rep.id))
    rows = table((await other.get(DIRECT)).content)
    assert [each["id"] for each in rows] == [theirs["id"]]
    assert rows[0]["account"] == ""
