"""What was said elsewhere out of files: on tickets that came in, at its moment, followed by nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.transfers.test_exports import table
from tests.pipeline.transfers.test_product_imports import counts, refused
from tests.tickets.company import PATH, in_role, made
from tests.tickets.conftest import Known
from tests.tickets.promising import CALENDARS, clocks, policy, sent
from tests.tickets.queueing import ROUND_THE_CLOCK

LOG = """external id,subject,caller,status,changed at,sla policy
Z-1,Broken,Ann,new,2024-05-01 08:00,{policy}
Z-1,,,pending,2024-05-01 12:00,
Z-1,,,solved,2024-05-02 08:00,
"""
SAID = """ticket_external_id,author,author type,visibility,text,created at
Z-1,{agent},,,您好，已收到,2024-05-01 08:30
Z-1,Ann,customer,,谢谢,2024-05-01 09:00
Z-1,{agent},,internal,Ask finance,2024-05-01 09:10
Z-1,,agent,,By a colleague who left,2024-05-01 10:00
"""

ALWAYS = {
    "name": "Round the clock", "time_zone": "UTC",
    "hours": ROUND_THE_CLOCK["hours"],
}  # fmt: skip
TARGETS = {"normal": {"first_response": {"seconds": 3600}, "resolution": {"seconds": 7200}}}


def rep_of(organisation: Organisation) -> str:
    return f"{organisation.rep.name}@{organisation.id}.example"


async def gold(sender: Sender) -> dict[str, Any]:
    made_of = (await sent(sender.client, CALENDARS, ALWAYS))["id"]
    return await policy(sender.client, made_of, targets=TARGETS)


@pytest.fixture
def comments(send: Sender) -> Sender:
    return send.of("ticket-comments")


async def said_on(sender: Sender, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await sender.client.get(f"{PATH}/{ticket['id']}/comments")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def one_of(send: Sender, policy_name: str = "") -> dict[str, Any]:
    done = await send(LOG.format(policy=policy_name), key="external_id", time_zone="UTC")
    assert counts(done) == {"created": 1, "updated": 2}, await refused(send, done)
    (ticket,) = await send.records()
    return ticket


async def test_a_conversation_comes_in_with_its_moments_and_nothing_follows(
    send: Sender, comments: Sender, person: Known, organisation: Organisation,
    service_database: Database,
) -> None:  # fmt: skip
    ann = await person("Ann")
    ticket = await one_of(send)
    text = SAID.format(agent=rep_of(organisation))
    assert counts(await comments(text, time_zone="UTC", dry_run=True)) == {"created": 4}
    assert await said_on(send, ticket) == []
    done = await comments(text, time_zone="UTC")
    assert counts(done) == {"created": 4}, await refused(comments, done)
    said = await said_on(send, ticket)
    assert [(each["created_at"][11:16], each["visibility"], each["author_id"]) for each in said] == [
        ("08:30", "public", str(organisation.rep.id)), ("09:00", "public", ann),
        ("09:10", "internal", str(organisation.rep.id)), ("10:00", "public", None),
    ]  # fmt: skip
    (after,) = await send.records()
    assert after["first_responded_at"] == "2024-05-01T08:30:00Z"
    assert (after["status"], after["solved_at"]) == ("solved", ticket["solved_at"])
    letters = "SELECT count(*) FROM ticket_letters WHERE organisation_id = $2"
    assert (await service_database.fetch(organisation.id, letters, organisation.id))[0][
        "count"
    ] == 0
    told = (await send.client.get("/v1/events?limit=1000&types=tickets.comment.created")).json()
    assert [each["time"] for each in told] == [
        "2024-05-01T08:30:00Z", "2024-05-01T09:00:00Z", "2024-05-01T10:00:00Z",
    ]  # fmt: skip


async def test_the_same_file_again_says_nothing_twice(
    send: Sender, comments: Sender, person: Known, organisation: Organisation
) -> None:
    await person("Ann")
    ticket = await one_of(send)
    text = SAID.format(agent=rep_of(organisation))
    await comments(text, time_zone="UTC")
    again = await comments(
        text + f"Z-1,{rep_of(organisation)},,,One more,2024-05-01 11:00\n", time_zone="UTC"
    )
    assert counts(again) == {"unchanged": 4, "created": 1}
    said = await said_on(send, ticket)
    assert len(said) == 5
    exported = f"id,ticket_id,author,body,created at\n{said[0]['id']},{ticket['id']},{rep_of(organisation)},x,2024-05-01 09:00\n"
    refusing = await comments(exported, time_zone="UTC", key="id", duplicates="refuse")
    assert "with this id already" in (await refused(comments, refusing))[0]
    skipping = await comments(exported, time_zone="UTC", key="id", duplicates="skip")
    assert counts(skipping) == {"skipped": 1}


async def test_the_clocks_of_a_policy_that_the_file_names_count_what_was_said(
    send: Sender, comments: Sender, person: Known, organisation: Organisation
) -> None:
    """An hour until the first response, two until it is solved, round the clock."""
    await person("Ann")
    kept = await gold(send)
    ticket = await one_of(send, "Gold")
    assert ticket["sla_policy_id"] == kept["id"]
    assert ticket["sla"]["breached"] == ["first_response", "resolution"]
    alerts = await send.client.get("/v1/sla-alerts")
    assert alerts.json()["data"] == []
    await comments(SAID.format(agent=rep_of(organisation)), time_zone="UTC")
    (after,) = await send.records()
    assert after["sla"]["breached"] == ["resolution"]
    first = next(each for each in after["sla"]["clocks"] if each["kind"] == "first_response")
    assert (first["state"], first["met_at"]) == ("met", "2024-05-01T08:30:00Z")
    explained = await clocks(send.client, ticket)
    clock = next(each for each in explained["clocks"] if each["kind"] == "first_response")
    assert clock["elapsed_seconds"] == 1800, clock
    assert (await send.client.get("/v1/sla-alerts")).json()["data"] == []


async def test_what_is_wrong_is_said_by_row(
    send: Sender, comments: Sender, person: Known, organisation: Organisation, client: Clients
) -> None:
    await person("Ann")
    await one_of(send)
    here = await made(send.client)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    done = await comments(
        f"""id,ticket_external_id,ticket,author,author type,visibility,body,created at
,Z-9,,{rep_of(organisation)},,,x,2024-05-01 09:00
,,{here["number"]},{rep_of(organisation)},,,x,{here["created_at"]}
,Z-1,,{rep_of(organisation)},,,x,2024-04-30 09:00
,Z-1,,{rep_of(organisation)},,,x,{tomorrow.isoformat()}
,Z-1,,{rep_of(organisation)},,,x,
,Z-1,,,,,x,2024-05-01 09:00
,Z-1,,nobody@x.example,,,x,2024-05-01 09:00
,Z-1,,Ann,customer,internal,x,2024-05-01 09:00
,Z-1,,{rep_of(organisation)},,secret,x,2024-05-01 09:00
,Z-1,,{rep_of(organisation)},robot,,x,2024-05-01 09:00
,Z-1,,{rep_of(organisation)},,,,2024-05-01 09:00
7,Z-1,,{rep_of(organisation)},,,x,2024-05-01 09:00
,,,{rep_of(organisation)},,,x,2024-05-01 09:00
""",
        time_zone="UTC",
    )
    said = await refused(comments, done)
    assert counts(done) == {"refused": 13}
    wanted = (
        "There is no such ticket", "began here", "began only at", "still to come", "needs its moment", "says nobody",
        "is no user known", "requester says is public", "neither public nor internal", "neither agent nor requester",
        "body", "is no id", "needs its ticket",
    )  # fmt: skip
    assert [part in line for part, line in zip(wanted, said, strict=True)] == [True] * 13, said


async def test_a_policy_is_one_that_there_is_and_stays(
    send: Sender, person: Known, organisation: Organisation
) -> None:
    await person("Ann")
    wrong = await send(LOG.format(policy="Platinum"), key="external_id", time_zone="UTC")
    assert "there is no such sla policy" in " ".join(await refused(send, wrong))
    await one_of(send)
    await gold(send)
    later = await send(
        LOG.format(policy="Gold"), key="external_id", duplicates="update", time_zone="UTC"
    )
    assert "gets none later" in " ".join(await refused(send, later))


async def test_only_whoever_sees_the_ticket_and_may_note_brings_notes(
    send: Sender, comments: Sender, person: Known, company: Organisation, client: Clients
) -> None:
    await person("Ann")
    await one_of(send)
    text = SAID.format(agent=rep_of(company))
    reading = (*company.rep.grant.permissions, "imports:*", "jobs:read", "tickets:*")
    other = company.other_rep.but(permissions=tuple(p for p in reading if "notes" not in p))
    stranger = comments.by(client(other))
    done = await stranger(text, time_zone="UTC")
    assert counts(done) == {"refused": 4}
    said = await refused(stranger, done)
    wanted = ("whose records you see", "no such ticket", "no internal notes", "no such ticket")
    assert all(part in line for part, line in zip(wanted, said, strict=True)), said


async def test_rows_of_a_number_are_one_ticket_though_its_id_stands_in_one_alone(
    send: Sender,
) -> None:
    id = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f99"
    table = f"""id,external id,subject,status,changed at
{id},Z-7,Broken,new,2024-05-01 08:00
,Z-8,Other,new,2024-05-01 08:00
,Z-7,,solved,2024-05-02 08:00
"""
    for counted in ({"created": 2, "updated": 1}, {"created": 1, "skipped": 2}):
        done = await send(table, key="id", duplicates="skip", time_zone="UTC")
        assert counts(done) == counted, await refused(send, done)
    one = next(each for each in await send.records() if each["id"] == id)
    assert (one["external_id"], one["status"]) == ("Z-7", "solved")


async def test_they_are_exported_to_whoever_sees_their_tickets(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    for who in (company.rep, company.other_rep):
        ticket = await made(admin, assignee_id=str(who.id))
        for visibility in ("public", "internal"):
            sent = {"body": f"=1+1 {who.name}", "visibility": visibility}
            assert (await admin.post(f"{PATH}/{ticket['id']}/comments", json=sent)).is_success
    for name in ("ticket-comments", "ticket-notes"):
        seen = table((await client(company.rep).get(f"/v1/{name}/export")).content)
        assert [row["body"] for row in seen] == [f"'=1+1 {company.rep.name}"]
        assert len(table((await admin.get(f"/v1/{name}/export")).content)) == 2
    partner = in_role(company.rep, "partner")
    assert (await client(partner).get("/v1/ticket-notes/export")).status_code == 403
