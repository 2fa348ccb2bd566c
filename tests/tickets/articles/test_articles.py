"""Articles: written, published, worked on while they are shown, found, put in a tree of categories."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from guanxi_shared.db import Database
from guanxi_tickets.articles.reviewing import tell_reviews
from tests.factories import Clients, Organisation
from tests.tickets.articles.writing import ARTICLES, ids_of, published, told, written
from tests.tickets.company import told_of

CATEGORIES = "/v1/article-categories"


async def test_what_is_published_stays_shown_while_its_next_text_is_written(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    article = await written(rep, "First", body="One", visibility="public")
    assert (article["state"], article["edition"]) == ("draft", 0)
    path = f"{ARTICLES}/{article['id']}"
    assert (await rep.post(f"{path}/publish", json={})).status_code == 403
    await told(rep, article, "submit")
    assert (await rep.post(f"{path}/submit")).status_code == 409
    out = await admin.post(f"{path}/publish", json={"note": "new"})
    assert (out.json()["state"], out.json()["edition"]) == ("published", 1)
    changed = await rep.patch(path, json={"body": "Two", "tags": ["a"]})
    assert (changed.json()["body"], changed.json()["tags"]) == ("One", ["a"])
    draft = (await rep.get(f"{path}/draft")).json()
    assert (draft["title"], draft["body"]) == ("First", "Two")
    stale = await rep.patch(f"{path}/draft", json={"body": "x"}, headers={"if-match": '"9"'})
    assert stale.status_code == 412
    await rep.patch(f"{path}/draft", json={"title": "Second"})
    assert (await rep.get(path)).json()["title"] == "First"
    again = await admin.post(f"{path}/publish", json={"note": "better"})
    assert (again.json()["title"], again.json()["edition"]) == ("Second", 2)
    assert (await admin.post(f"{path}/publish", json={})).json()["code"] == "nothing_to_publish"
    assert (await rep.get(f"{path}/draft")).status_code == 404
    versions = (await rep.get(f"{path}/versions")).json()["data"]
    assert [(v["number"], v["note"]) for v in versions] == [(2, "better"), (1, "new")]
    assert (await rep.get(f"{path}/versions/1")).json()["body"] == "One"
    assert (await rep.get(f"{path}/versions/3")).status_code == 404
    assert (await rep.post(f"{path}/versions/1/restore")).json()["body"] == "Two"
    assert (await rep.get(f"{path}/draft")).json()["body"] == "One"
    types = await told_of(client(company.admin), article["id"])
    assert types == [
        f"tickets.article.{verb}"
        for verb in ("created", "submitted", "published", "updated", "published")
    ]
    as_of = await rep.get(path, params={"as_of": article["created_at"]})
    assert as_of.json()["state"] == "draft"
    assert len((await rep.get(f"{path}/history")).json()["data"]) == 5


async def test_an_archived_article_is_shown_no_more_and_comes_back_as_a_draft(
    client: Clients, company: Organisation
) -> None:
    admin, reader = client(company.admin), client(company.read_only)
    article = await published(admin, visibility="internal")
    path = f"{ARTICLES}/{article['id']}"
    assert (await reader.get(path)).status_code == 200
    await admin.patch(path, json={"body": "Next"})
    await told(admin, article, "archive")
    assert (await reader.get(path)).status_code == 404
    assert (await told(admin, article, "reopen"))["body"] == "Next"
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.post(f"{path}/restore")).json()["state"] == "draft"


async def test_translations_belong_together_one_a_language(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    first = await written(rep, language="ZH-cn")
    assert first["language"] == "zh-CN"
    english = await written(rep, language="en", translation_of=first["id"])
    assert english["translation_group_id"] == first["translation_group_id"]
    found = await ids_of(rep, f"translation_group_id={first['translation_group_id']}")
    assert set(found) == {first["id"], english["id"]}
    body = {"title": "x", "body": "x", "language": "fr", "translation_of": first["id"]}
    answers = await asyncio.gather(*(rep.post(ARTICLES, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (await rep.patch(f"{ARTICLES}/{english['id']}", json={"language": "zh-CN"})).status_code == 409  # fmt: skip
    for wrong in ("english", "e", "zh_CN", ""):
        answer = await rep.post(ARTICLES, json={**body, "language": wrong})
        assert (answer.status_code, "language" in answer.json()["errors"]) == (422, True), wrong


async def test_bad_articles_are_refused_by_the_name_of_the_field(
    client: Clients, company: Organisation
) -> None:
    rep, nobody = client(company.rep), "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
    good = {"title": "x", "body": "x", "language": "en"}
    for name, value in (
        ("body", ""), ("body", "x" * 50_001), ("title", " "), ("visibility", "secret"),
        ("category_id", nobody), ("owner_id", nobody), ("team_id", nobody), ("translation_of", nobody),
        ("review_every_days", 0), ("kinds", ["x"]), ("state", "published"), ("body", "\x00"),
    ):  # fmt: skip
        answer = await rep.post(ARTICLES, json={**good, name: value})
        assert answer.status_code == 422, (name, answer.text)
        assert any(key.startswith(name) for key in answer.json()["errors"]), (name, answer.text)


async def test_categories_are_a_tree(client: Clients, company: Organisation) -> None:
    admin = client(company.admin)
    ids = []
    for number in range(3):
        body: dict[str, Any] = {"name": f"C{number}", "parent_id": ids[-1] if ids else None}
        made = await admin.post(CATEGORIES, json=body)
        assert made.status_code == 201, made.text
        ids.append(made.json()["id"])
    for parent in (ids[0], ids[2]):
        answer = await admin.patch(f"{CATEGORIES}/{ids[0]}", json={"parent_id": parent})
        assert answer.json()["code"] == "category_cycle"
    await admin.patch(f"{CATEGORIES}/{ids[1]}", json={"parent_id": None})
    crossed = await asyncio.gather(
        admin.patch(f"{CATEGORIES}/{ids[0]}", json={"parent_id": ids[1]}),
        admin.patch(f"{CATEGORIES}/{ids[1]}", json={"parent_id": ids[0]}),
    )
    assert sorted(answer.status_code for answer in crossed) == [200, 422]
    await written(admin, category_id=ids[2])
    assert (await admin.delete(f"{CATEGORIES}/{ids[2]}")).json()["code"] == "category_in_use"
    assert (await client(company.rep).delete(f"{CATEGORIES}/{ids[2]}")).status_code == 403


async def test_articles_are_found_by_title_text_pinyin_and_with_mistakes(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    long = (
        "前言。" * 400 + "请联系客户经理张三核对增值税发票的税号。" + "The router blinks orange. "
    )
    article = await published(
        admin, "开具发票 Invoices", body=long, tags=["财务"], external_id="KB-7"
    )
    await published(admin, "Something else", body="Nothing of the kind")
    for asked in ("发票", "税", "税号", "增值税发票", "kaiju", "kjfp", "kj", "invoices", "invioces", "blinks orange", "caiwu"):  # fmt: skip
        assert article["id"] in await ids_of(admin, f"q={asked}"), asked
    rows = (await admin.get(f"{ARTICLES}?q=核对增值税")).json()["data"]
    assert "张三核对增值税发票" in rows[0]["snippet"]
    assert len(rows[0]["snippet"]) < 200
    found = await admin.post(f"{ARTICLES}/search", json={"query": "blinks orange"})
    assert "router blinks" in found.json()["data"][0]["snippet"]
    batch = {"mode": "independent", "operations": [
        {"op": "upsert", "match": {"field": "external_id", "value": "KB-7"}, "data": {"tags": ["x"]}}]}  # fmt: skip
    assert (await admin.post(f"{ARTICLES}/batch", json=batch)).json()["results"][0]["status"] == 200


async def test_a_review_that_is_due_is_told_once_however_many_work(
    client: Clients, company: Organisation, service_database: Database, database: Any
) -> None:
    admin = client(company.admin)
    article = await published(admin, review_every_days=30)
    due = datetime.fromisoformat(article["review_at"])
    assert timedelta(days=29) < due - datetime.now(UTC) < timedelta(days=31)
    async with service_database.transaction(company.id) as connection:
        await connection.execute("UPDATE articles SET review_at = now() - interval '1 day' WHERE organisation_id = $1", company.id)  # fmt: skip
    await asyncio.gather(*(tell_reviews.duty(service_database) for _ in range(4)))
    await tell_reviews.duty(service_database)
    types = await told_of(admin, article["id"])
    assert types.count("tickets.article.review_due") == 1
    reviewed = await told(admin, article, "review")
    assert datetime.fromisoformat(reviewed["review_at"]) > datetime.now(UTC)
    assert (await told_of(admin, article["id"]))[-1] == "tickets.article.reviewed"
