"""Forms: anybody may fill one in, machines are thanked for nothing, nobody has to wait for contacts."""

import asyncio
from typing import Any

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_tickets.requesters.seeking import seek_in
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH
from tests.tickets.conftest import Known
from tests.tickets.portal.forming import FIELDS, FILLED, at, counts_of, formed, tickets_of

CONSENT = {"consent_text": "You may keep this.", "is_consent_required": True}


async def test_a_page_learns_what_to_ask_and_what_is_filled_in_becomes_a_ticket(
    client: Clients, company: Organisation
) -> None:
    admin, team = client(company.admin), str(company.teams["a"])
    form = await formed(
        admin, kind="complaint", urgency="high", team_id=team, tags=["web"],
        thanks_text="Thank you.", takes_files=True, **CONSENT,
    )  # fmt: skip
    asked = (await client().get(at(form))).json()
    assert asked == {
        "name": "Complaints", "fields": [{"is_required": False, **field} for field in FIELDS],
        "honeypot": "fax", "consent": {"text": "You may keep this.", "is_required": True},
        "takes_files": True,
    }  # fmt: skip
    answer = await client().post(at(form), json={**FILLED, "consent": True})
    assert answer.status_code == 201, answer.text
    thanks = answer.json()
    assert (thanks["thanks_text"], thanks["number"]) == ("Thank you.", "TK-000001")
    assert thanks["follow"]["path"] == f"/v1/public/portal/{thanks['follow']['token']}"
    [ticket] = await tickets_of(client, company)
    wanted = {
        "number": "TK-000001", "subject": "发票错了", "kind": "complaint", "urgency": "high", "channel": "web",
        "team_id": team, "assignee_id": None, "tags": ["web"], "form_id": form["id"], "from_name": "李雷",
        "from_email": "lilei@weilai.example", "from_phone": None, "requester_id": None, "status": "new",
    }  # fmt: skip
    assert {name: ticket[name] for name in wanted} == wanted
    assert ticket["consent"]["text"] == "You may keep this."
    assert await counts_of(admin, form) == [(1, 0, 0)]
    found = await client(company.rep).post(f"{PATH}/search", json={"query": "李雷"})
    assert [row["id"] for row in found.json()["data"]] == [ticket["id"]]
    [event] = (await admin.get("/v1/events", params={"types": "tickets.ticket.created"})).json()
    assert (event["data"]["actor_kind"], event["data"]["channel"]) == ("customer", "form")
    refused = await client().post(at(form), json=FILLED)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["consent"])


async def test_a_browser_sends_it_urlencoded_or_with_a_file_and_goes_on(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    form = await formed(admin, takes_files=True)
    plain = await client().post(at(form), data=FILLED)
    assert plain.status_code == 201, plain.text
    sent = await client().post(at(form), data=FILLED, files={"file": ("发票.txt", b"text")})
    assert sent.status_code == 201, sent.text
    empty = await client().post(at(form), data=FILLED, files={"file": ("", b"")})
    assert empty.status_code == 201, empty.text
    tickets = await tickets_of(client, company)
    files = []
    for ticket in tickets:
        files += (await admin.get(f"{PATH}/{ticket['id']}/files")).json()["data"]
    [file] = files
    assert (file["name"], file["author_kind"], file["size"]) == ("发票.txt", "requester", 4)
    program = {"file": ("a.exe", b"MZ\x90\0" + b"\0" * 100)}
    assert (await client().post(at(form), data=FILLED, files=program)).status_code == 415
    goes_on = await formed(admin, redirect_url="https://example.com/thanks")
    answer = await client().post(at(goes_on), data=FILLED)
    assert answer.status_code == 303
    assert answer.headers["location"] == "https://example.com/thanks"
    takes_none = await client().post(at(goes_on), data=FILLED, files={"file": ("a", b"text")})
    assert takes_none.status_code == 415
    assert len(await tickets_of(client, company)) == 4


async def test_a_machine_is_thanked_and_nothing_is_made(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    form = await formed(admin, thanks_text="Thank you.", takes_files=True)
    for sent in ({"json": {**FILLED, "fax": "1"}},
                 {"data": {**FILLED, "fax": "1"}, "files": {"file": ("a", b"text")}}):  # fmt: skip
        answer = await client().post(at(form), **sent)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["thanks_text"]) == (201, "Thank you.")
    assert await tickets_of(client, company) == []
    assert await counts_of(admin, form) == [(0, 2, 0)]


async def test_the_limit_holds_for_each_address_however_many_come_at_once(
    client: Clients, company: Organisation
) -> None:
    form = await formed(client(company.admin), hourly_limit=3)

    async def send(address: str) -> httpx.Response:
        return await client().post(at(form), json=FILLED, headers={"x-forwarded-for": address})

    answers = await asyncio.gather(*(send("203.0.113.7") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 5
    assert (await send("203.0.113.8")).status_code == 201
    numbers = sorted(ticket["number"] for ticket in await tickets_of(client, company))
    assert numbers == [f"TK-00000{n}" for n in range(1, 5)]


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, ["name"]),
        ({**FILLED, "color": "red"}, ["color"]),
        ({**FILLED, "email": "no address"}, ["email"]),
        ({**FILLED, "phone": "none"}, ["phone"]),
        ({**FILLED, "subject": "x" * 301}, ["subject"]),
        ({**FILLED, "description": "x" * 20_001}, ["description"]),
        ({**FILLED, "name": {"a": 1}}, ["name"]),
        ({**FILLED, "status": "closed"}, ["status"]),
    ],
)
async def test_what_is_not_filled_in_as_asked_is_named(
    client: Clients, company: Organisation, sent: dict[str, Any], fields: list[str]
) -> None:
    form = await formed(client(company.admin))
    answer = await client().post(at(form), json=sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, fields), answer.text
    assert await tickets_of(client, company) == []


async def test_odd_bodies_are_refused_and_none_is_a_failure(
    client: Clients, company: Organisation
) -> None:
    form = await formed(client(company.admin), takes_files=True)
    for content, kind, status in (
        (b"[1]", "application/json", 400), (b"{", "application/json", 400), (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"x", "text/plain", 415), (b"x", "multipart/form-data", 415), (b"x", "multipart/form-data; boundary=b", 400),
        (b"{" + b" " * 70_000, "application/json", 413), ("\ud800".encode("utf-8", "surrogatepass"), "application/json", 400),
        (b'{"name": "\\u0000"}', "application/json", 422),
    ):  # fmt: skip
        answer = await client().post(at(form), content=content, headers={"content-type": kind})
        assert answer.status_code == status, (content[:40], kind, answer.text)
    for key in (
        "x",
        "a" * 43,
        form["key"][:-1] + ("A" if form["key"][-1] != "A" else "B"),
        "%ff",
        "%00",
    ):
        assert (await client().get(f"/v1/public/ticket-forms/{key}")).status_code == 404


async def test_who_says_how_tickets_are_defines_forms_and_nobody_else(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    form = await formed(admin)
    one = f"{PATH}/forms/{form['id']}"
    assert (await rep.get(one)).json() == form
    refused = await rep.post(f"{PATH}/forms", json={"name": "x", "fields": FIELDS})
    assert refused.status_code == 403
    assert (await client(other_organisation.admin).get(one)).status_code == 404
    wrong = await admin.post(
        f"{PATH}/forms", json={"name": "x", "fields": [{"name": "custom.gone", "label": "x"}]}
    )
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["fields.0.name"])
    changed = await admin.patch(one, json={"is_active": False})
    assert changed.status_code == 200, changed.text
    assert (await client().get(at(form))).status_code == 404
    assert (await client().post(at(form), json=FILLED)).status_code == 404
    assert (await admin.delete(one)).status_code == 200
    assert (await admin.post(f"{one}/restore")).status_code == 200
    history = (await admin.get(f"{one}/history")).json()
    assert len(history["data"] if isinstance(history, dict) else history) == 4


class Contacts(httpx.AsyncBaseTransport):
    """A small contacts service: what its search finds, or that it is away."""

    def __init__(self, rows: list[dict[str, Any]] | None = None) -> None:
        self.rows, self.asked = rows, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.rows is None:
            raise httpx.ConnectError("away")
        return httpx.Response(200, json={"data": self.rows})


def knowing(transport: Contacts) -> ServiceClient:
    return ServiceClient(
        "contacts", "http://contacts", "s" * 40, caller="tickets", transport=transport
    )


async def test_a_contact_that_contacts_knows_is_the_requester_at_once(
    client: Clients, company: Organisation, tickets: Edge, person: Known, account: Known,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    who, of = await person("Li Lei"), await account("Weilai")
    row = {"id": who, "name": "Li Lei", "accounts": [{"account_id": of}]}
    monkeypatch.setitem(tickets.state.house.more, "contacts", knowing(Contacts([row])))
    form = await formed(client(company.admin))
    assert (await client().post(at(form), json=FILLED)).status_code == 201
    [ticket] = await tickets_of(client, company)
    assert (ticket["requester_id"], ticket["account_id"]) == (who, of)
    two = [row, {**row, "id": await person("Another")}]
    monkeypatch.setitem(tickets.state.house.more, "contacts", knowing(Contacts(two)))
    await client().post(at(form), json=FILLED)
    newest = max(await tickets_of(client, company), key=lambda each: each["number"])
    assert newest["requester_id"] is None


async def test_the_form_does_not_wait_for_contacts_and_whose_contact_it_is_is_found_later(
    client: Clients, company: Organisation, tickets: Edge, person: Known, database: Any,
    service_database: Database, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    away = knowing(Contacts(None))
    monkeypatch.setitem(tickets.state.house.more, "contacts", away)
    form = await formed(client(company.admin))
    for _ in range(2):
        assert (await client().post(at(form), json=FILLED)).status_code == 201
    assert {each["requester_id"] for each in await tickets_of(client, company)} == {None}
    who = await person("Li Lei")
    there = Contacts([{"id": who, "name": "Li Lei", "accounts": []}])
    await seek_in(service_database, knowing(there), company.id)
    assert there.asked == 0  # not due yet
    due = "UPDATE tickets SET seek_requester_at = now() WHERE seek_requester_at IS NOT NULL"
    async with service_database.transaction(company.id) as connection:
        await connection.execute(due)
    await seek_in(service_database, away, company.id)
    assert {each["requester_id"] for each in await tickets_of(client, company)} == {None}
    await asyncio.gather(*(seek_in(service_database, knowing(there), company.id) for _ in range(3)))
    found = await tickets_of(client, company)
    assert [(each["requester_id"], each["version"]) for each in found] == [(who, 2)] * 2
    asked = there.asked
    await seek_in(service_database, knowing(there), company.id)
    assert there.asked == asked


async def test_nobody_is_put_over_somebody_who_was_named_meanwhile(
    client: Clients, company: Organisation, person: Known, service_database: Database
) -> None:
    admin = client(company.admin)
    form = await formed(admin)
    await client().post(at(form), json=FILLED)
    [ticket] = await tickets_of(client, company)
    named, other = await person("Named"), await person("Other")
    await admin.patch(f"{PATH}/{ticket['id']}", json={"requester_id": named})
    async with service_database.transaction(company.id) as connection:
        await connection.execute("UPDATE tickets SET seek_requester_at = now()")
    there = Contacts([{"id": other, "name": "Other", "accounts": []}])
    await seek_in(service_database, knowing(there), company.id)
    [now] = await tickets_of(client, company)
    assert now["requester_id"] == named
