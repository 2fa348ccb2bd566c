"""Everything that can be written about somebody's complaint, and then nothing of it in any column."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from guanxi_shared.db import Database
from tests.dumping import Dump
from tests.factories import Clients, Organisation
from tests.pipeline.telling import contact_told
from tests.tickets.company import PATH, made, moved
from tests.tickets.conftest import Heard, Known
from tests.tickets.files.conftest import put
from tests.tickets.merging import merged, said
from tests.tickets.portal.forming import at, formed, link_to, tickets_of
from tests.tickets.surveys.asking import ANSWERS, invited, listed, submitted, survey

NAME, EMAIL, PHONE = "金丝雀 WayCanary", "way@canary.example", "137 0013 7666"
TYPED = {"name": NAME, "email": EMAIL, "phone": PHONE}
# What nobody could find by name: only that it was written on their ticket.
WORDS = "WayWords"
SAID = (NAME, "WayCanary", EMAIL, "13700137666", PHONE, WORDS)
Ticket = dict[str, Any]


async def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, (answer.request.url, answer.text)
    return answer.json() if answer.content else None


async def filled_in(client: Clients, company: Organisation, **more: str) -> Ticket:
    """The ticket that came of a web form: a complaint of nobody known."""
    form = await formed(client(company.admin), kind="complaint", consent_text="Yes?")
    sent = {**TYPED, "subject": f"{WORDS} subject", "description": WORDS, "consent": True, **more}
    await ok(await client().post(at(form), json=sent))
    found = await tickets_of(client, company)
    return next(each for each in found if each["from_name"] == NAME)


async def written_on(client: Clients, company: Organisation, ticket: Ticket) -> None:
    """Somebody writes everything that there is on a ticket, and then something else in its place."""
    admin, path = client(company.admin), f"{PATH}/{ticket['id']}"
    field = {"resource": "tickets", "key": "way", "label": {"en": "Way"}, "kind": "text"}
    await admin.post("/v1/fields", json=field)
    for text in (f"{WORDS} first", f"{WORDS} then"):
        changes = {
            "subject": text, "description": text, "tags": [text], "custom": {"way": text},
            "external_id": text,
        }  # fmt: skip
        await ok(await admin.patch(path, json=changes))
    for visibility in ("public", "internal"):
        file = await put(admin, ticket, name=WORDS, visibility=visibility)
        comment = await said(admin, ticket, WORDS, visibility=visibility, file_ids=[file["id"]])
        await ok(await admin.patch(f"{path}/comments/{comment['id']}", json={"body": f"{WORDS}!"}))
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    promise = await ok(await admin.post(f"{path}/promises", json={"body": WORDS, "due_at": soon}))
    await ok(await admin.post(f"{path}/promises/{promise['id']}/withdraw", json={"reason": WORDS}))
    await ok(await admin.put(f"{path}/draft", json={"body": WORDS}))
    await looped(admin, company, path, soon)


async def looped(admin: httpx.AsyncClient, company: Organisation, path: str, soon: str) -> None:
    loop = f"{path}/loop"
    await ok(await admin.post(f"{loop}/steps/listen/complete", json={"text": WORDS}))
    await ok(await admin.post(f"{loop}/steps/act/skip", json={"reason": WORDS}))
    figures = [{"name": WORDS, "value": "5", "unit": "WayWords/h"}]
    await ok(
        await admin.post(f"{loop}/steps/measure/complete", json={"text": WORDS, "figures": figures})
    )
    await ok(await admin.patch(loop, json={"lesson": f"Ask {NAME} first"}))
    await ok(await admin.patch(loop, json={"lesson": "Ask first"}))
    task = {
        "title": WORDS, "body": WORDS, "assignee_id": str(company.admin.id), "due_at": soon
    }  # fmt: skip
    made_task = await ok(await admin.post(f"{loop}/tasks", json=task))
    await ok(
        await admin.post(
            f"/v1/coordination-tasks/{made_task['id']}/decline", json={"reason": WORDS}
        )
    )
    action = await ok(await admin.post(f"{loop}/actions", json={"body": f"Ring {PHONE}"}))
    kept = await ok(await admin.post(f"{loop}/actions", json={"body": "Change the template"}))
    assert action["id"] != kept["id"]


async def test_after_a_whole_way_nothing_of_somebody_is_in_any_column(
    client: Clients, company: Organisation, person: Known, heard: Heard, dump: Dump,
    service_database: Database,
) -> None:  # fmt: skip
    admin, who = client(company.admin), await person(NAME, emails=[EMAIL], phones=[PHONE])
    other = await made(admin, "Other", description="Untouched", requester_id=await person("Else"))
    await said(admin, other, "Untouched reply")
    ticket = await filled_in(client, company)
    await written_on(client, company, ticket)
    path = f"{PATH}/{ticket['id']}"
    await ok(await admin.patch(path, json={"requester_id": who}))
    link = await link_to(admin, ticket)
    await ok(
        await client().post(
            f"{link}/tickets/{ticket['id']}/comments", json={"body": f"{WORDS} by me"}
        )
    )
    second = await made(admin, WORDS, requester_id=who, tags=[WORDS])
    await said(admin, second, WORDS)
    await merged(admin, ticket, second)
    asked = await survey(admin)
    done, begun = [await invited(admin, asked, ticket_id=ticket["id"]) for _ in range(2)]
    await ok(await submitted(client(), done["path"], score=1, why=WORDS))
    await client().put(begun["path"], json={"answers": {"why": WORDS}})
    before = await dump.places_of(*SAID)
    assert {place.partition(": ")[2] for place in before} == set(SAID)
    untouched = await _everything(admin, other)
    was = await ok(await admin.get(path))
    for _ in range(2):
        await heard(contact_told(company.id, who, "", version=9, verb="erased"))
        assert await dump.places_of(*SAID) == []
    left = await ok(await admin.get(path))
    for name in ("number", "status", "priority", "kind", "created_at", "sla", "first_responded_at"):
        assert left[name] == was[name], name
    assert (left["subject"], left["description"], left["tags"], left["custom"]) == (
        "",
        None,
        [],
        {},
    )
    assert await _everything(admin, other) == untouched
    [answer] = await listed(admin, ANSWERS)
    assert (answer["score"], answer["answers"]) == (1, {"score": 1})
    loop = (await ok(await admin.get(f"{path}/loop")))["data"][-1]
    assert (loop["lesson"], loop["steps"]["listen"]["state"]) == ("Ask first", "done")
    assert await _found(admin, WORDS) == await _found(admin, NAME) == []
    row = await service_database.fetchrow(
        company.id, "SELECT counts::text FROM erasures WHERE organisation_id = $2", company.id
    )
    assert row is not None
    for place in ("tickets", "events", "ticket_comments", "ticket_files", "ticket_drafts"):
        assert f'"{place}"' in row["counts"]


async def test_history_feed_and_states_of_the_past_do_not_give_it_back(
    client: Clients, company: Organisation, person: Known, heard: Heard
) -> None:
    admin, who = client(company.admin), await person(NAME)
    ticket = await made(admin, WORDS, requester_id=who, description=WORDS)
    path = f"{PATH}/{ticket['id']}"
    await ok(await admin.patch(path, json={"subject": f"{WORDS}, changed"}))
    await moved(admin, ticket, "open")
    moment = datetime.now(UTC).isoformat()
    assert WORDS in (await admin.get(path, params={"as_of": moment})).text
    await heard(contact_told(company.id, who, "", version=9, verb="erased"))
    for url, query in (
        (path, {"as_of": moment}), (f"{path}/history", {}), ("/v1/events", {"limit": "1000"})
    ):  # fmt: skip
        answer = await admin.get(url, params=query)
        assert answer.is_success
        assert WORDS not in answer.text, url
        assert NAME not in answer.text, url
    history = (await ok(await admin.get(f"{path}/history")))["data"]
    assert "moved" in str([each["type"] for each in history]) or len(history) >= 4


async def _found(user: httpx.AsyncClient, query: str) -> list[Any]:
    found: list[Any] = (await ok(await user.post(f"{PATH}/search", json={"query": query})))["data"]
    return found


async def _everything(user: httpx.AsyncClient, ticket: Ticket) -> list[Any]:
    path = f"{PATH}/{ticket['id']}"
    return [await ok(await user.get(f"{path}{part}")) for part in ("", "/comments", "/history")]
