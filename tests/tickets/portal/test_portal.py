"""The portal: a link opens the tickets of one person, or one ticket, and nothing else of anybody."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from guanxi_shared.signed_links import Link, key_from, token_of
from guanxi_tickets.portal.link_rules import PURPOSE
from tests.every_route import METHODS, Ids
from tests.factories import Clients, Organisation
from tests.pipeline.telling import contact_told
from tests.stand_in import SECRET
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.conftest import Heard, Known
from tests.tickets.files.conftest import put
from tests.tickets.merging import merged, said, undo
from tests.tickets.portal.forming import FILLED, PORTAL, at, formed, link_to, tickets_of

CANARY = "绝密Canary"
BODIES: dict[str, Any] = {"/comments": {"body": "x"}}


def portal_operations(tickets: Edge) -> list[tuple[str, str]]:
    paths = tickets.app.openapi()["paths"].items()
    return [
        (method, path)
        for path, item in paths
        if path.startswith(PORTAL) and "{ticket_id}" in path
        for method in METHODS
        if method in item
    ]


async def sent(
    visitor: httpx.AsyncClient, method: str, path: str, token: str, **ids: str
) -> httpx.Response:
    body = next((body for end, body in BODIES.items() if path.endswith(end)), None)
    filled = path.format_map(Ids({"token": token, **ids}))
    json = body if method == "post" else None
    if path.endswith("/files") and method == "post":
        return await visitor.request(method, filled, content=b"text")
    return await visitor.request(method, filled, json=json)


async def with_everything(
    user: httpx.AsyncClient, requester_id: str | None, **more: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """A ticket with a reply, a file of the reply, and what no customer may see."""
    ticket = await made(user, f"Mine {CANARY}", requester_id=requester_id, **more)
    file = await put(user, ticket, b"sent", name="sent.txt")
    reply = await said(user, ticket, f"Reply {CANARY}", file_ids=[file["id"]])
    inner = await put(user, ticket, b"inner", name="Inner secret", visibility="internal")
    loose = await put(user, ticket, b"loose", name="Loose secret")
    await said(user, ticket, "Note secret", visibility="internal", file_ids=[inner["id"]])
    ids = {
        "ticket_id": ticket["id"], "file_id": file["id"], "comment_id": reply["id"],
        "inner": inner["id"], "loose": loose["id"],
    }  # fmt: skip
    return ticket, ids


async def test_a_customer_sees_their_tickets_and_nothing_of_how_they_are_worked(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, visitor = client(company.rep), client()
    who = await person("Ann")
    ticket, ids = await with_everything(
        rep, who, tags=["tag secret"], external_id="external secret"
    )
    due = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    promise = {"body": "We call you back", "due_at": due}
    await rep.post(f"{PATH}/{ticket['id']}/promises", json=promise)
    second = await made(rep, "Second", requester_id=who)
    path = await link_to(rep, ticket)
    start = await visitor.get(path)
    assert (start.status_code, start.json()["reach"]) == (200, "requester")
    assert start.headers["cache-control"] == "no-store"
    listed = (await visitor.get(f"{path}/tickets")).json()
    assert [each["id"] for each in listed["data"]] == [second["id"], ticket["id"]]
    before = {"before": second["id"]}
    older = (await visitor.get(f"{path}/tickets", params=before)).json()["data"]
    assert [each["id"] for each in older] == [ticket["id"]]
    one = f"{path}/tickets/{ticket['id']}"
    whole = (await visitor.get(one)).json()
    assert (whole["number"], whole["status"], whole["promises"][0]["body"]) == (
        ticket["number"], "New", "We call you back",
    )  # fmt: skip
    assert whole["may"] == {"reply": True, "close": True, "reopen": False}
    comments = (await visitor.get(f"{one}/comments")).json()["data"]
    assert [(each["id"], each["file_ids"]) for each in comments] == [
        (ids["comment_id"], [ids["file_id"]])
    ]
    files = (await visitor.get(f"{one}/files")).json()["data"]
    assert [each["id"] for each in files] == [ids["file_id"]]
    assert (await visitor.get(f"{one}/files/{ids['file_id']}/content")).content == b"sent"
    for hidden in ("inner", "loose"):
        answer = await visitor.get(f"{one}/files/{ids[hidden]}/content")
        assert answer.status_code == 404, hidden
    for place in (path, f"{path}/tickets", one, f"{one}/comments", f"{one}/files"):
        text = (await visitor.get(place)).text
        assert "secret" not in text.lower(), place
        assert str(company.rep.id) not in text, place
        assert "@" not in text, place


async def test_every_route_keeps_to_the_person_of_the_link(
    client: Clients, tickets: Edge, company: Organisation, other_organisation: Organisation,
    person: Known,
) -> None:  # fmt: skip
    """Another requester's link, another organisation's, and links that nobody made: over all routes."""
    rep, visitor = client(company.rep), client()
    ticket, ids = await with_everything(rep, await person("Ann"))
    other = await made(rep, "Other", requester_id=await person("Bob"))
    alone = await made(rep, "Alone")
    abroad = client(other_organisation.admin)
    theirs = await made(abroad, "Theirs")
    own = (await link_to(rep, ticket)).rpartition("/")[2]
    single = (await link_to(rep, ticket, reach="ticket")).rpartition("/")[2]
    before = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    link = base64.urlsafe_b64decode(own)
    key, later = key_from(SECRET, PURPOSE), datetime.now(UTC) + timedelta(days=1)
    wrong_tokens = {
        "another requester's": (await link_to(rep, other)).rpartition("/")[2],
        "another ticket's": (await link_to(rep, alone, reach="ticket")).rpartition("/")[2],
        "another organisation's": (await link_to(abroad, theirs, reach="ticket")).rpartition("/")[2],
        "made up": "A" * 96, "short": "x", "empty-ish": "%20", "not ascii": "%E7%A7%98" * 30,
        "of another key": token_of(
            Link(company.id, UUID(bytes=link[16:32]), later), key_from(SECRET, b"guanxi pipeline quote link 1")
        ),
        "of no row": token_of(Link(company.id, new_id(), later), key),
        "of the other organisation's row": token_of(
            Link(other_organisation.id, UUID(bytes=link[16:32]), later), key
        ),
        "of a ticket instead of a link": token_of(Link(company.id, UUID(ticket["id"]), later), key),
        "touched": ("B" if own[0] != "B" else "C") + own[1:],
    }  # fmt: skip
    routes = portal_operations(tickets)
    assert len(routes) == 8
    wrong = []
    for name, token in wrong_tokens.items():
        for method, path in routes:
            answer = await sent(visitor, method, path, token, **ids)
            if answer.status_code not in (404, 410) or "Canary" in answer.text:
                wrong.append((name, method, path, answer.status_code))
        listed = await visitor.get(f"{PORTAL}/{token}/tickets")
        if "Canary" in listed.text or listed.status_code >= 500:
            wrong.append((name, "list", listed.status_code))
    assert wrong == []
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json() == before
    # So that the refusals above are refusals and not broken requests.
    for token in (own, single):
        for method, path in sorted(routes, key=lambda each: each[1].endswith("/close")):
            answer = await sent(visitor, method, path, token, **ids)
            assert answer.status_code in (200, 201), (method, path, answer.text)
        await client(company.rep).post(f"{PATH}/{ticket['id']}/move", json={"status": "open"})


async def test_a_link_shows_no_more_than_whoever_made_it_sees(
    client: Clients, company: Organisation, person: Known
) -> None:
    who = await person("Ann", owner=company.rep)
    mine = await made(client(company.rep), "Mine", requester_id=who)
    elsewhere = await made(
        client(company.admin), CANARY, requester_id=who,
        assignee_id=str(company.other_rep.id), team_id=str(company.teams["b"]),
    )  # fmt: skip
    narrow, wide = (
        await link_to(client(company.rep), mine),
        await link_to(client(company.admin), mine),
    )
    visitor = client()
    for path, ids in ((narrow, {mine["id"]}), (wide, {mine["id"], elsewhere["id"]})):
        listed = (await visitor.get(f"{path}/tickets")).json()["data"]
        assert {each["id"] for each in listed} == ids
        answer = await visitor.get(f"{path}/tickets/{elsewhere['id']}")
        assert answer.status_code == (200 if elsewhere["id"] in ids else 404)
    refused = await client(company.other_rep).post(f"{PATH}/{mine['id']}/portal-link", json={})
    assert refused.status_code == 404
    reader = client(company.read_only)
    assert (await reader.post(f"{PATH}/{mine['id']}/portal-link", json={})).status_code == 403


async def test_a_reply_moves_the_ticket_and_takes_the_files_that_were_put_there(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, visitor = client(company.rep), client()
    ticket = await made(rep, requester_id=await person("Ann"))
    one = f"{await link_to(rep, ticket)}/tickets/{ticket['id']}"
    await moved(rep, await moved(rep, ticket, "open"), "pending")
    file = await visitor.post(f"{one}/files", params={"name": "发票.txt"}, content=b"text")
    assert file.status_code == 201, file.text
    form = await visitor.post(f"{one}/files", files={"file": ("b.txt", b"more")})
    assert form.status_code == 201, form.text
    body = {"body": "Here it is", "file_ids": [file.json()["id"]], "id": str(new_id())}
    reply = await visitor.post(f"{one}/comments", json=body)
    assert reply.status_code == 201, reply.text
    assert reply.json()["author_kind"] == "requester"
    again = await visitor.post(f"{one}/comments", json=body)
    assert again.json() == reply.json()
    now = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    assert (now["status"], now["first_responded_at"]) == ("open", None)
    [shown] = (await rep.get(f"{PATH}/{ticket['id']}/comments")).json()["data"]
    assert (shown["author_id"], shown["file_ids"]) == (ticket["requester_id"], body["file_ids"])
    foreign = await put(rep, ticket)
    taken = await visitor.post(f"{one}/comments", json={"body": "x", "file_ids": [foreign["id"]]})
    assert (taken.status_code, list(taken.json()["errors"])) == (422, ["file_ids.0"])
    assert "tickets.comment.created" in await told_of(rep, shown["id"])
    events = (await rep.get("/v1/events?limit=1000")).json()
    told = [e["data"] for e in events if e["type"] == "tickets.comment.created"]
    assert {(each["actor_kind"], each["channel"], each["actor_id"]) for each in told} == {
        ("customer", "portal", None)
    }


async def test_what_a_complaint_still_needs_is_no_business_of_its_customer(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, admin, visitor = client(company.rep), client(company.admin), client()
    ticket = await made(rep, kind="complaint", requester_id=await person("Ann"))
    one = f"{await link_to(rep, ticket)}/tickets/{ticket['id']}"
    assert (await visitor.get(one)).json()["may"]["close"] is True
    needed = {"complaints_need_loop": "yes"}
    assert (await admin.patch(f"{PATH}/settings", json=needed)).status_code == 200

    refused = await visitor.post(f"{one}/close")

    assert (refused.status_code, refused.json()["code"]) == (409, "move_not_allowed")
    assert "loop" not in refused.text
    assert "listen" not in refused.text
    assert (await visitor.get(one)).json()["may"]["close"] is False


async def test_a_customer_closes_and_reopens_as_the_states_allow(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, admin, visitor = client(company.rep), client(company.admin), client()
    ticket = await made(rep, requester_id=await person("Ann"))
    one = f"{await link_to(rep, ticket)}/tickets/{ticket['id']}"
    closed = [await visitor.post(f"{one}/close") for _ in range(2)]
    assert [answer.json()["status_kind"] for answer in closed] == ["closed", "closed"]
    assert closed[0].json()["may"] == {"reply": False, "close": False, "reopen": True}
    late = await visitor.post(f"{one}/comments", json={"body": "But"})
    assert (late.status_code, late.json()["code"]) == (409, "ticket_over")
    assert (await visitor.post(f"{one}/files", content=b"x")).status_code == 409
    opened = [await visitor.post(f"{one}/reopen") for _ in range(2)]
    assert [answer.json()["status_kind"] for answer in opened] == ["open", "open"]
    now = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    assert now["reopened_count"] == 1
    assert await told_of(rep, ticket["id"]) == [
        "tickets.ticket.created", "tickets.ticket.closed", "tickets.ticket.reopened",
    ]  # fmt: skip
    states = [
        {"key": "new", "name": "New", "kind": "new", "moves_to": ["open"]},
        {"key": "open", "name": "Open", "kind": "open", "moves_to": ["solved"]},
        {"key": "solved", "name": "Solved", "kind": "solved", "moves_to": ["closed"]},
        {"key": "closed", "name": "Closed", "kind": "closed", "moves_to": []},
    ]
    settings = (await admin.get(f"{PATH}/settings")).json()
    answer = await admin.patch(
        f"{PATH}/settings", json={"states": states},
        headers={"if-match": f'"{settings["version"]}"'},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    refused = await visitor.post(f"{one}/close")
    assert (refused.status_code, refused.json()["code"]) == (409, "move_not_allowed")
    await moved(rep, await moved(rep, ticket, "solved"), "closed")
    stays = await visitor.post(f"{one}/reopen")
    assert (stays.status_code, stays.json()["code"]) == (409, "move_not_allowed")
    assert (await visitor.get(one)).json()["may"] == dict.fromkeys(
        ("reply", "close", "reopen"), False
    )


async def test_the_link_of_a_form_opens_that_ticket_and_not_those_of_whose_address_was_typed(
    client: Clients, company: Organisation, person: Known
) -> None:
    """Anybody can type anybody's address."""
    admin, visitor = client(company.admin), client()
    form = await formed(admin)
    links = [
        (await visitor.post(at(form), json={**FILLED, "subject": subject})).json()["follow"]["path"]
        for subject in ("Mine", CANARY)
    ]
    tickets = {each["subject"]: each for each in await tickets_of(client, company)}
    [shown] = (await visitor.get(f"{links[0]}/tickets")).json()["data"]
    assert shown["id"] == tickets["Mine"]["id"]
    hidden = f"{links[0]}/tickets/{tickets[CANARY]['id']}"
    assert (await visitor.get(hidden)).status_code == 404
    # Nor what a merge brings.
    reply = await said(admin, tickets[CANARY], CANARY)
    await put(admin, tickets[CANARY], name=CANARY)
    done = await merged(admin, tickets["Mine"], tickets[CANARY])
    one = f"{links[0]}/tickets/{tickets['Mine']['id']}"
    for place in (one, f"{one}/comments", f"{one}/files"):
        assert "Canary" not in (await visitor.get(place)).text, place
    assert (await visitor.get(f"{links[1]}/tickets")).json()["data"] == []
    # The address's own portal, which an agent gives, has both.
    wide = await link_to(admin, tickets["Mine"])
    assert reply["id"] in (await visitor.get(f"{wide}/tickets/{shown['id']}/comments")).text
    assert (await undo(admin, done)).status_code == 200
    assert len((await visitor.get(f"{wide}/tickets")).json()["data"]) == 2


async def test_a_link_goes_on_with_whoever_a_person_was_merged_into(
    client: Clients, company: Organisation, person: Known, heard: Heard
) -> None:
    rep, visitor = client(company.rep), client()
    gone, survivor = await person("Ann"), await person("Anna")
    ticket = await made(rep, requester_id=gone)
    path = await link_to(rep, ticket)
    other = await made(rep, "Survivor's", requester_id=survivor)
    merge = {"id": str(new_id()), "source_ids": [gone]}
    await heard(
        contact_told(
            company.id,
            survivor,
            "Anna",
            owner_id=company.rep.id,
            version=2,
            verb="merged",
            before={"merge": merge},
        )
    )
    await heard(
        contact_told(
            company.id, gone, "Ann", version=2, verb="deleted", before={"merged_into_id": survivor}
        )
    )
    assert len((await visitor.get(f"{path}/tickets")).json()["data"]) == 2
    links = await rep.get(f"{PATH}/{other['id']}/portal-links")
    assert [each["opens"] for each in links.json()["data"]] == [True]
    revoked = await rep.delete(f"{PATH}/{other['id']}/portal-link")
    assert revoked.json() == {"revoked": 1}
    assert (await visitor.get(f"{path}/tickets")).status_code == 410


async def test_a_link_ends_when_its_time_has_passed_or_it_is_taken_back(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, visitor = client(company.rep), client()
    ticket = await made(rep, requester_id=await person("Ann"))
    path = await link_to(rep, ticket, days=1)
    link_id = UUID(bytes=base64.urlsafe_b64decode(path.rpartition("/")[2])[16:32])
    key = key_from(SECRET, PURPOSE)
    old = token_of(Link(company.id, link_id, datetime.now(UTC)), key)
    over = await visitor.get(f"{PORTAL}/{old}")
    assert (over.status_code, over.json()["code"]) == (410, "link_expired")
    single = await link_to(rep, ticket, reach="ticket")
    revoked = await rep.delete(f"{PATH}/{ticket['id']}/portal-link")
    assert revoked.json() == {"revoked": 2}
    for each in (path, single):
        answer = await visitor.get(f"{each}/tickets")
        assert (answer.status_code, answer.json()["code"]) == (410, "link_revoked")
    assert (await visitor.get(await link_to(rep, ticket))).status_code == 200
    nobody = await made(rep)
    refused = await rep.post(f"{PATH}/{nobody['id']}/portal-link", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_requester")
    for wrong in ({"days": 0}, {"days": 400}, {"reach": "all"}, {"x": 1}):
        answer = await rep.post(f"{PATH}/{ticket['id']}/portal-link", json=wrong)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, list(wrong))


async def test_who_writes_without_pause_has_to_wait(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, visitor = client(company.rep), client()
    ticket = await made(rep, requester_id=await person("Ann"))
    one = f"{await link_to(rep, ticket)}/tickets/{ticket['id']}"
    answers = [
        answer.status_code
        for _ in range(7)
        for answer in await asyncio.gather(*(visitor.post(f"{one}/reopen") for _ in range(10)))
    ]
    assert (answers.count(200), answers.count(429)) == (60, 10)
    assert (await visitor.get(one)).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 422), (b"x", "text/plain", 415),
     (b'{"body": ""}', "application/json", 422), (b'{"body": "\\u0000"}', "application/json", 422),
     (b'{"body": "x", "visibility": "internal"}', "application/json", 422),
     (b'{"body": "x", "author_kind": "agent"}', "application/json", 422)],
)  # fmt: skip
async def test_odd_replies_are_refused(
    client: Clients, company: Organisation, person: Known, content: bytes, kind: str, status: int
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, requester_id=await person("Ann"))
    one = f"{await link_to(rep, ticket)}/tickets/{ticket['id']}"
    answer = await client().post(f"{one}/comments", content=content, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    for query in ("?before=x", "?x=1", f"?before={new_id()}&before={new_id()}"):
        listed = await client().get(f"{one.rpartition('/')[0]}{query}")
        assert listed.status_code == 400, query


async def test_an_agent_sees_which_links_there_are_and_takes_one_back(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, ann = client(company.rep), await person()
    ticket, second, strangers = [
        await made(rep, requester_id=who) for who in (ann, ann, await person("Ben"))
    ]
    narrow = await link_to(rep, ticket, reach="ticket")
    wide = await link_to(rep, second, reach="requester")
    await link_to(rep, second, reach="ticket")  # opens the second alone
    path = f"{PATH}/{ticket['id']}/portal-links"
    answer = await rep.get(path)
    found = answer.json()["data"]
    assert [(each["reach"], each["ticket_id"], each["opens"]) for each in found] == [
        ("requester", None, True), ("ticket", ticket["id"], True),
    ]  # fmt: skip
    assert narrow.rsplit("/", 1)[1] not in answer.text
    assert (await rep.delete(f"{PATH}/{strangers['id']}/portal-links/{found[0]['id']}")).status_code == 404  # fmt: skip
    assert (await client().get(wide)).status_code == 200
    for _ in range(2):
        gone = await rep.delete(f"{path}/{found[0]['id']}")
        assert (gone.status_code, gone.json()["opens"]) == (200, False)
    assert (await client().get(wide)).status_code == 410
    assert (await client().get(narrow)).status_code == 200
    for user in (company.other_rep,):
        assert (await client(user).get(path)).status_code == 404
        assert (await client(user).delete(f"{path}/{found[1]['id']}")).status_code == 404
