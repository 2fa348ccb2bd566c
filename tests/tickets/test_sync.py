"""What is said on tickets, as phones hold it while the tickets change hands and are merged."""

import pytest

from guanxi_shared.edge import Edge
from tests.factories import Clients, Organisation
from tests.phone_of_a_service import Phone, Unnumbered, place_of, unnumbered_in
from tests.tickets.company import PATH, made
from tests.tickets.merging import merged, said, undo

TABLE = "ticket_comments"


@pytest.fixture
def unnumbered(service: Edge, monkeypatch: pytest.MonkeyPatch) -> Unnumbered:
    return unnumbered_in(service, monkeypatch)


async def test_what_is_said_goes_with_a_ticket_that_is_merged_into_one_out_of_sight(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    gone = await made(admin, "Gone", assignee_id=str(company.rep.id))
    kept = await made(admin, "Kept", assignee_id=str(company.other_rep.id))
    reply = await said(admin, gone)
    phone, theirs = Phone(client(company.rep)), Phone(client(company.other_rep))
    for each in (phone, theirs):
        await each.pull()
    done = await merged(admin, kept, gone)
    assert place_of(reply["id"], await phone.pull(), TABLE) == "deleted"
    assert place_of(reply["id"], await theirs.pull(), TABLE) == "created"
    assert (await undo(admin, done)).is_success
    assert place_of(reply["id"], await phone.pull(), TABLE) == "created"
    assert place_of(reply["id"], await theirs.pull(), TABLE) == "deleted"
    for each in (phone, theirs):
        await each.agrees()


async def test_what_is_said_stays_where_both_tickets_are_in_sight(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone = await made(rep, "Kept"), await made(rep, "Gone")
    reply = await said(rep, gone)
    phone = Phone(rep)
    await phone.pull()
    await merged(rep, kept, gone)
    assert place_of(reply["id"], await phone.pull(), TABLE) == "updated"
    assert phone.rows[TABLE][reply["id"]]["ticket_id"] == kept["id"]
    await phone.agrees()


async def test_what_is_said_goes_with_a_ticket_that_came_ahead_of_its_position(
    client: Clients, company: Organisation, unnumbered: Unnumbered
) -> None:
    admin = client(company.admin)
    ticket = await made(admin, "To and fro", assignee_id=str(company.other_rep.id))
    reply = await said(admin, ticket)
    phone = Phone(client(company.rep))
    await phone.pull()
    path = f"{PATH}/{ticket['id']}"
    await admin.patch(path, json={"assignee_id": str(company.rep.id)})
    async with unnumbered():
        assert place_of(reply["id"], await phone.pull(), TABLE) == "created"
        await admin.patch(path, json={"assignee_id": str(company.other_rep.id)})
    assert place_of(reply["id"], await phone.pull(), TABLE) == "deleted"
    await phone.agrees()


@pytest.mark.parametrize("verbs", ["d", "dr", "drd", "o", "oi", "od", "odr", "dri"])
async def test_whatever_becomes_of_a_ticket_what_is_said_on_it_follows(
    client: Clients, company: Organisation, verbs: str
) -> None:
    """d deleted, r restored, o given to somebody else, i given back."""
    admin = client(company.admin)
    ticket = await made(admin, verbs, assignee_id=str(company.rep.id))
    reply = await said(admin, ticket)
    phone = Phone(client(company.rep))
    await phone.pull()
    assert reply["id"] in phone.rows[TABLE]
    path = f"{PATH}/{ticket['id']}"
    for verb in verbs:
        if verb == "d":
            answer = await admin.delete(path)
        elif verb == "r":
            answer = await admin.post(f"{path}/restore")
        else:
            whose = company.rep if verb == "i" else company.other_rep
            answer = await admin.patch(path, json={"assignee_id": str(whose.id)})
        assert answer.is_success, answer.text
    await phone.agrees()
