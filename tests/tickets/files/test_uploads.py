"""Files of tickets that come in parts (tus 1.0): the same as those in one piece, for whom and by whom they may be."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from guanxi_shared.tus.sweeping import sweep
from tests.contacts.uploads.conftest import TUS, Phone, broken_after
from tests.factories import Clients, Organisation, User
from tests.tickets.company import PATH, in_role, made
from tests.tickets.files.conftest import listed, put
from tests.tickets.portal.forming import at, formed

UPLOADS = "/v1/tickets/uploads"
PHOTO = b"\xff\xd8\xff\xe0" + random.Random(11).randbytes(40_000)
PROGRAM = b"MZ\x90\0" + b"\0" * 9_000
PhoneOf = Callable[[User], Phone]


@pytest.fixture
def phone_of(client: Clients) -> PhoneOf:
    return lambda user: Phone(client(user), UPLOADS)


@pytest.fixture
def unfinished(tickets: Edge, organisation: Organisation) -> Callable[[], list[bytes]]:
    folder: Path = tickets.state.house.settings.files_dir / "uploads" / str(organisation.id)
    return lambda: [path.read_bytes() for path in sorted(folder.glob("*"))]


async def test_an_upload_goes_on_where_it_stands_and_is_the_very_file_of_one_in_one_piece(
    phone_of: PhoneOf, company: Organisation, unfinished: Callable[[], list[bytes]]
) -> None:
    phone = phone_of(company.rep)
    ticket, file_id = await made(phone.client), str(new_id())
    told = {"id": file_id, "filename": "现场.jpg", "ticket_id": ticket["id"]}
    location = await phone.begin(PHOTO, **told)
    assert location == f"{UPLOADS}/{file_id}"
    cut = await phone.send(location, broken_after(PHOTO[:9_000]), 0)
    assert cut.status_code == 400
    assert await phone.offset(location) == 9_000
    assert unfinished() == [PHOTO[:9_000]]
    again = await phone.announce(PHOTO, **told)
    assert (again.status_code, again.headers["upload-offset"]) == (201, "9000")
    assert (await phone.send(location, PHOTO[9_000:], 9_000)).status_code == 204
    whole = await put(phone.client, ticket, PHOTO, name="现场.jpg")
    came, other = await listed(phone.client, ticket)
    assert (came["id"], other["id"]) == (file_id, whole["id"])
    own = {"id", "created_at", "updated_at"}
    assert {k: v for k, v in came.items() if k not in own} == {
        k: v for k, v in whole.items() if k not in own | {"declared_type"}
    } | {"declared_type": None}
    content = await phone.client.get(f"{PATH}/{ticket['id']}/files/{file_id}/content")
    assert hashlib.sha256(content.content).hexdigest() == came["sha256"]
    assert unfinished() == []
    known = await phone.announce(PHOTO, **told, sha256=came["sha256"])
    assert (known.status_code, known.json()["code"]) == (409, "id_taken")  # said otherwise before


async def test_an_internal_file_takes_the_right_to_write_notes_and_stays_internal(
    phone_of: PhoneOf, company: Organisation
) -> None:
    phone = phone_of(company.rep)
    ticket = await made(phone.client)
    told = {"ticket_id": ticket["id"], "visibility": "internal", "filename": "note.jpg"}
    location = await phone.begin(PHOTO, **told)
    assert (await phone.send(location, PHOTO, 0)).status_code == 204
    partner = phone_of(in_role(company.rep, "partner"))
    assert (await partner.announce(PHOTO, **told)).status_code == 403
    assert [file["visibility"] for file in await listed(phone.client, ticket)] == ["internal"]
    assert await listed(partner.client, ticket) == []


async def test_a_ticket_out_of_sight_takes_nothing_neither_at_first_nor_at_last(
    phone_of: PhoneOf, client: Clients, company: Organisation, unfinished: Callable[[], list[bytes]]
) -> None:
    phone, admin = phone_of(company.rep), client(company.admin)
    ticket = await made(phone.client)
    stranger = phone_of(company.other_rep)
    for told in ({"ticket_id": ticket["id"]}, {"ticket_id": str(new_id())}):
        refused = await stranger.announce(PHOTO, **told)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["ticket_id"])
    location = await phone.begin(PHOTO, ticket_id=ticket["id"])
    assert (await stranger.head(location)).status_code == 404
    await phone.send(location, PHOTO[:100], 0)
    given = await admin.patch(
        f"{PATH}/{ticket['id']}", json={"assignee_id": str(company.other_rep.id)}
    )
    assert given.status_code == 200
    last = await phone.send(location, PHOTO[100:], 100)
    assert (last.status_code, list(last.json()["errors"])) == (422, ["ticket_id"])
    assert await listed(admin, ticket) == []
    assert unfinished() == []
    assert (await phone.head(location)).status_code == 404


async def test_what_the_rules_of_files_refuse_is_gone_and_bad_announcements_name_the_place(
    phone_of: PhoneOf, company: Organisation, unfinished: Callable[[], list[bytes]]
) -> None:
    phone = phone_of(company.rep)
    ticket = await made(phone.client)
    location = await phone.begin(PROGRAM, ticket_id=ticket["id"], filename="photo.jpg")
    refused = await phone.send(location, PROGRAM, 0)
    assert (refused.status_code, refused.json()["code"]) == (415, "type_not_allowed")
    assert unfinished() == []
    for told, field in (
        ({}, "Upload-Metadata"),
        ({"ticket_id": "x"}, "ticket_id"),
        ({"ticket_id": ticket["id"], "visibility": "secret"}, "Upload-Metadata"),
    ):
        answer = await phone.announce(10, **told)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), told
    mine = await phone.begin(10, ticket_id=ticket["id"])
    assert (await phone.client.delete(mine, headers=TUS)).status_code == 204
    assert (await phone.head(mine)).status_code == 404


async def test_an_erasure_takes_what_is_here_of_a_tickets_uploads_and_time_takes_the_rest(
    phone_of: PhoneOf, client: Clients, tickets: Edge, company: Organisation,
    unfinished: Callable[[], list[bytes]],
) -> None:  # fmt: skip
    house, phone, admin = tickets.state.house, phone_of(company.rep), client(company.admin)
    email = "canary-upload@typed.example"
    form = await formed(admin)
    filled = {"name": "Up Canary", "subject": "Typed", "description": "Typed", "email": email}
    assert (await client().post(at(form), json=filled)).is_success
    (ticket,) = (await admin.get(PATH, params={"q": "Typed"})).json()["data"]
    given = {"assignee_id": str(company.rep.id)}
    assert (await admin.patch(f"{PATH}/{ticket['id']}", json=given)).is_success
    kept = await made(phone.client)
    locations = [await phone.begin(PHOTO, ticket_id=each["id"]) for each in (ticket, kept)]
    for location in locations:
        await phone.send(location, PHOTO[:100], 0)
    sent = {"email": email, "reason": "subject_request"}
    erased = await admin.post("/v1/tickets/erase-requester", json=sent)
    assert erased.status_code == 200, erased.text
    assert (await phone.head(locations[0])).status_code == 404
    assert await phone.offset(locations[1]) == 100
    async with house.db.transaction(company.id) as connection:
        await connection.execute(
            "UPDATE uploads SET expires_at = now() - interval '2 hours' WHERE organisation_id = $1",
            company.id,
        )
    await sweep(house.db, house.settings)
    assert (await phone.head(locations[1])).status_code == 404
