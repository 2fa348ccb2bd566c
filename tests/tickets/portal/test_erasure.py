"""Whoever contacts erased: what they typed, their files and their links go, in the log as well."""

from typing import Any

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.files.storage import storage_of
from tests.factories import Clients, Organisation
from tests.pipeline.telling import contact_told
from tests.tickets.company import PATH, made
from tests.tickets.conftest import Heard, Known
from tests.tickets.files.conftest import listed, put
from tests.tickets.merging import said
from tests.tickets.portal.forming import at, formed, link_to, tickets_of

CANARY = "绝密Canary"
TYPED = {"name": CANARY, "email": "canary@example.com", "phone": "138 0013 8000", "consent": True}
EVERYTHING = """
SELECT coalesce(string_agg(to_jsonb(e)::text, ''), '') || coalesce((SELECT string_agg(to_jsonb(t)::text, '') FROM tickets t), '')
  || coalesce((SELECT string_agg(to_jsonb(s)::text, '') FROM tickets_search s), '')
  || coalesce((SELECT string_agg(to_jsonb(f)::text, '') FROM ticket_files f), '')
  || coalesce((SELECT string_agg(to_jsonb(f)::text, '') FROM ticket_note_files f), '')
  || coalesce((SELECT string_agg(to_jsonb(l)::text, '') FROM portal_links l), '') AS text
FROM events e
"""
JOBS = "SELECT params::text FROM jobs WHERE kind = 'erase-leftovers'"


async def test_nothing_of_what_they_typed_or_sent_stays(
    client: Clients, company: Organisation, person: Known, heard: Heard, tickets: Edge,
    service_database: Database,
) -> None:  # fmt: skip
    admin, visitor = client(company.admin), client()
    who = await person(CANARY)
    form = await formed(admin, takes_files=True, consent_text="Yes?")
    answer = await visitor.post(
        at(form), data={**TYPED, "consent": "on"}, files={"file": (f"{CANARY}.txt", b"text")}
    )
    assert answer.status_code == 201, answer.text
    [ticket] = await tickets_of(client, company)
    await admin.patch(f"{PATH}/{ticket['id']}", json={"requester_id": who})
    for visibility in ("public", "internal"):
        file = await put(admin, ticket, name=CANARY, visibility=visibility)
        reply = await said(admin, ticket, visibility=visibility, file_ids=[file["id"]])
    other = await made(admin, "Other")
    kept = await put(admin, other, b"kept")
    link = await link_to(admin, ticket)
    erased = contact_told(company.id, who, "", version=9, verb="erased")
    for _ in range(2):  # heard once more
        await heard(erased)
    now = (await admin.get(f"{PATH}/{ticket['id']}")).json()
    assert {now[name] for name in ("from_name", "from_email", "from_phone")} == {None}
    assert now["consent"] is None
    assert await listed(admin, ticket) == []
    comments = (await admin.get(f"{PATH}/{ticket['id']}/comments")).json()["data"]
    assert [each["file_ids"] for each in comments] == [[], []]
    assert reply["id"] in {each["id"] for each in comments}
    for path in (link, answer.json()["follow"]["path"]):
        assert (await visitor.get(path)).status_code == 404
    async with service_database.transaction(company.id) as connection:
        text: str = await connection.fetchval(EVERYTHING)
        jobs: list[Any] = [row["params"] for row in await connection.fetch(JOBS)]
    for trace in ("canary", "138 0013", "8613800138000", "127.0.0.1"):
        assert trace not in text.lower(), trace
    assert len(jobs) == 1
    assert jobs[0].count("local") == 3
    assert [each["id"] for each in await listed(admin, other)] == [kept["id"]]
    assert storage_of(tickets.state.house.settings, "local") is not None
