"""What else than tickets stands in tables: as much of it as its reader sees, and nothing that runs."""

import orjson

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.transfers.test_exports import exported, table
from tests.tickets.articles.writing import ARTICLES, published, written
from tests.tickets.company import in_role, made
from tests.tickets.conftest import Known
from tests.tickets.entitlements.test_entitlements import ENTITLEMENTS, granted
from tests.tickets.queueing import AGENTS, NEVER, QUEUES, agent, queue
from tests.tickets.surveys.asking import ANSWERS, invited, submitted, survey

RUNS = "=1+1"


async def test_articles_are_exported_to_those_whom_they_are_for(
    send: Sender, client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    for visibility in ("public", "partner", "internal"):
        await published(admin, f"{visibility} out", visibility=visibility, body=RUNS)
        await written(admin, f"{visibility} draft", visibility=visibility)
    partner = in_role(company.other_rep, "partner")
    reading = (*partner.grant.permissions, "exports:create", "exports:read", "jobs:read")
    asked = client(partner.but(permissions=reading))
    rows = table((await asked.get(f"{ARTICLES}/export?sort=title")).content)
    assert [row["title"] for row in rows] == ["partner out", "public out"]
    assert rows[0]["body"] == f"'{RUNS}"
    by_job = await exported(Sender(asked, resource="articles"), resource="articles", format="csv")
    assert {row["title"] for row in table(by_job)} == {"partner out", "public out"}
    assert len(table((await admin.get(f"{ARTICLES}/export")).content)) == 6


async def test_answers_are_exported_with_the_tickets_that_the_reader_sees(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin, asking = client(company.admin), await survey(client(company.admin))
    for who in (company.rep, company.other_rep):
        ticket = await made(admin, assignee_id=str(who.id), requester_id=await person("Ann"))
        link = await invited(admin, asking, ticket_id=ticket["id"])
        answer = await submitted(client(None), link["path"], score=4, why=f"{RUNS} {who.name}")
        assert answer.status_code < 300, answer.text
    seen = table((await client(company.rep).get(f"{ANSWERS}/export")).content)
    assert [row["owner"][:4] for row in seen] == ["rep@"]
    assert seen[0]["answers"] == f"score: 4; why: {RUNS} {company.rep.name}"
    assert len(table((await admin.get(f"{ANSWERS}/export")).content)) == 2


async def test_settings_of_queues_and_agents_are_readable_in_a_table(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    groups = [{"filters": [{"field": "tags", "operator": "has", "value": "x"}]}]
    skills = [{"skill": "billing", "level": 4}, {"skill": "电池", "level": 1}]
    await queue(admin, company, name=RUNS, filter_groups=groups, skills=skills)
    await agent(admin, company.rep, skills=skills, languages=["de", "zh"], shifts=NEVER)
    (shown,) = table((await admin.get(f"{QUEUES}/export")).content)
    assert (shown["name"], shown["skills"]) == (f"'{RUNS}", "billing: 4; 电池: 1")
    assert orjson.loads(shown["filter_groups"])[0]["filters"][0]["value"] == "x"
    (person,) = table((await admin.get(f"{AGENTS}/export")).content)
    assert (person["user"][:4], person["languages"]) == ("rep@", "de; zh")
    assert orjson.loads(person["shifts"])["time_zone"] == "UTC"
    book = await admin.get(f"{AGENTS}/export?format=xlsx")
    assert book.content.startswith(b"PK")


async def test_entitlements_are_exported_with_the_names_that_the_reader_sees(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    admin = client(organisation.admin)
    hidden = await account("Hidden", owner=organisation.other_rep)
    await granted(admin, hidden, name="Theirs", owner_id=str(organisation.rep.id))
    await granted(admin, hidden, name="Not theirs", owner_id=str(organisation.other_rep.id))
    rows = table((await client(organisation.rep).get(f"{ENTITLEMENTS}/export")).content)
    assert [(row["name"], row["account"], row["remaining"]) for row in rows] == [
        ("Theirs", "", "5.0")
    ]
    shown = table((await admin.get(f"{ENTITLEMENTS}/export?sort=name")).content)
    assert [row["account"] for row in shown] == ["Hidden", "Hidden"]
