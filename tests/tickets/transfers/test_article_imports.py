"""Articles out of files: as they stood elsewhere, translated, published, and worked on here."""

from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.transfers.test_product_imports import counts, refused
from tests.tickets.articles.writing import ARTICLES, ids_of, published, told, written
from tests.tickets.company import in_role
from tests.tickets.promising import sent
from tests.tickets.transfers.elsewhere import as_there, exported_for, people_of

BY_NUMBER = {"key": "external_id", "duplicates": "update"}
BY_ID = {"key": "id", "duplicates": "update"}
HEAD = "external_id,title,body,language,state,visibility,translation_of,category,tags\n"


@pytest.fixture
def articles(send: Sender) -> Sender:
    return send.of("articles")


async def category(user: Any, name: str = "Sign-in") -> str:
    return str((await sent(user, "/v1/article-categories", {"name": name}))["id"])


async def test_articles_come_back_elsewhere_as_they_were(
    articles: Sender, client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    admin, there = client(organisation.admin), articles.by(client(other_organisation.admin))
    here, over_there = await category(admin), await category(there.client)
    first = await published(
        admin, "重置密码", language="zh-CN", body="=打开\n“登录”; 页", visibility="public", category_id=here,
        tags=["a", "b"], kinds=["question"], review_every_days=30, external_id="KB-1",
    )  # fmt: skip
    await admin.patch(f"{ARTICLES}/{first['id']}/draft", json={"body": "=打开\n“登录”; 页 newer"})
    await told(admin, first, "publish")
    await written(
        admin, "Reset", translation_of=first["id"], summary="How", owner_id=str(organisation.rep.id)
    )
    gone = await published(admin, "Old", visibility="partner", team_id=str(organisation.teams["a"]))
    await told(admin, gone, "archive")
    table = await exported_for(admin, ARTICLES, of=organisation, to=other_organisation)
    assert counts(await there(table, **BY_ID, dry_run=True)) == {"created": 3}
    assert await there.records() == []
    done = await there(table, **BY_ID)
    assert counts(done) == {"created": 3}, await refused(there, done)
    own = (await admin.get(f"{ARTICLES}?sort=id")).json()["data"]
    renamed = people_of(organisation, other_organisation) | {here: over_there}
    assert as_there(await there.records(), {}) == as_there(own, renamed)
    assert counts(await there(table, **BY_ID)) == {"unchanged": 3}
    versions = (await there.client.get(f"{ARTICLES}/{first['id']}/versions")).json()["data"]
    assert [(each["number"], each["note"]) for each in versions] == [(2, "Imported.")]
    # Found by its words and suggested, as one that was published here.
    assert await ids_of(there.client, "q=登录") == [first["id"]]
    asked = await there.client.post("/v1/articles/suggest", json={"text": "打开登录页 重置密码"})
    assert [each["article_id"] for each in asked.json()["data"]] == [first["id"]], asked.text


async def test_translations_name_what_they_translate_further_up(articles: Sender) -> None:
    rows = HEAD + (
        "E-1,Reset,Open it,en,published,public,,,\nE-2,重置,打开,zh-CN,,public,E-1,,\n"
        "E-3,Zurück,Auf,de,,public,E-1,,\nE-4,Again,No,en,,public,E-1,,\n"
        "E-5,Of nothing,No,fr,,public,E-99,,\n"
    )
    done = await articles(rows, **BY_NUMBER)
    assert counts(done) == {"created": 3, "refused": 2}
    assert await refused(articles, done) == [
        "5: language: Another translation has this language.",
        "6: translation_of: There is no such article.",
    ]
    found = await articles.records()
    assert len({each["translation_group_id"] for each in found}) == 1
    again = await articles(rows, **BY_NUMBER)
    assert counts(again) == {"unchanged": 3, "refused": 2}


async def test_what_is_out_changes_through_its_draft_unless_the_file_publishes(
    articles: Sender,
) -> None:
    row = "E-1,Reset,Open it,en,{},public,,,x\n"
    await articles(HEAD + row.format("published"), **BY_NUMBER)
    (made,) = await articles.records()
    newer = HEAD + row.replace("Open it", "Open that").format("")
    assert counts(await articles(newer, **BY_NUMBER)) == {"unchanged": 1}
    one = f"{ARTICLES}/{made['id']}"
    assert (await articles.client.get(one)).json()["body"] == "Open it"
    assert (await articles.client.get(f"{one}/draft")).json()["body"] == "Open that"
    newest = HEAD + row.replace("Open it", "Open all").format("published")
    held = await articles(newest, **BY_NUMBER)
    assert "Somebody works on its next text." in (await refused(articles, held))[0]
    assert (await articles.client.delete(f"{one}/draft")).status_code == 200
    assert counts(await articles(newest, **BY_NUMBER)) == {"updated": 1}
    shown = (await articles.client.get(one)).json()
    assert (shown["body"], shown["edition"]) == ("Open all", 2)
    versions = (await articles.client.get(f"{one}/versions")).json()["data"]
    assert [each["number"] for each in versions] == [2, 1]
    archived = HEAD + row.replace("Open it", "Open all").format("archived")
    assert counts(await articles(archived, **BY_NUMBER)) == {"updated": 1}
    back = await articles(newest, **BY_NUMBER)
    assert "state: " in (await refused(articles, back))[0]


async def test_articles_that_cannot_be_are_refused_by_line_and_field(articles: Sender) -> None:
    bad = HEAD.replace("\n", ",review_every_days,published_at,edition,kinds\n") + (
        "E-1,No body,,en,,,,,,,,,\nE-2,T,B,not a language,,,,,,,,,\nE-3,T,B,en,lost,,,,,,,,\n"
        "E-4,T,B,en,,secret,,,,,,,\nE-5,T,B,en,,,,Nowhere,,,,,\nE-6,T,B,en,,,,,,0,,,\n"
        "E-7,T,B,en,published,,,,,,2099-01-01,,\nE-8,T,B,en,,,,,,,,-1,\nE-9,T,B,en,,,,,,,,,party\n"
    )
    done = await articles(bad, **BY_NUMBER)
    said = await refused(articles, done)
    assert counts(done) == {"refused": 9}, said
    expected = [
        "2: A new article needs a title", "3: language: ", "4: state: is none of: draft",
        "5: visibility: ", "6: category: 'Nowhere': there is no such category", "7: review_every_days: ",
        "8: published_at: is still to come", "9: edition: ", "10: kinds: ",
    ]  # fmt: skip
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []


async def test_nobody_publishes_or_writes_by_a_file_what_they_may_not(
    articles: Sender, client: Clients, company: Organisation
) -> None:
    agent = in_role(company.rep, "agent")
    may = (*agent.grant.permissions, "imports:create", "imports:read", "jobs:read")
    rows = HEAD + "E-1,T,B,en,published,public,,,\nE-2,T,B,en,in_review,public,,,\n"
    theirs = articles.by(client(agent.but(permissions=may)))
    done = await theirs(rows, **BY_NUMBER)
    assert counts(done) == {"created": 1, "refused": 1}
    assert "you may not publish" in (await refused(theirs, done))[0]
    hidden = "internal-articles:read", "internal-articles:update"
    fewer = tuple(each for each in may if each not in hidden and not each.startswith("internal"))
    blind = articles.by(client(agent.but(permissions=fewer)))
    await written(articles.client, "Inside", external_id="E-9")
    tried = await blind(HEAD + "E-9,Other,B,en,,public,,,\nE-10,T,B,en,,internal,,,\n", **BY_NUMBER)
    said = await refused(blind, tried)
    assert counts(tried) == {"refused": 2}
    assert "that you may not change" in said[0]
    assert "visibility: " in said[1]
