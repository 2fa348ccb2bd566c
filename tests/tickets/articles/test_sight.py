"""Who sees which articles: whoever may not see one is not told that it is there."""

import pytest

from tests.factories import Clients, Organisation, User
from tests.tickets.articles.writing import ARTICLES, published, told, written
from tests.tickets.company import in_role, made

SECRET = "绝密文章Canary"


def people_of(company: Organisation) -> dict[str, User]:
    partner = in_role(company.other_rep, "partner")
    customer = company.other_rep.but(permissions=("articles:read", "events:read"))
    return {"staff": company.read_only, "partner": partner, "customer": customer}


@pytest.mark.parametrize(
    ("visibility", "seeing"),
    [
        ("public", {"staff", "partner", "customer"}),
        ("partner", {"staff", "partner"}),
        ("internal", {"staff"}),
        ("draft", set()),
        ("archived", set()),
    ],
)
async def test_an_article_is_there_for_those_it_is_for(
    client: Clients, company: Organisation, visibility: str, seeing: set[str]
) -> None:
    admin = client(company.admin)
    sent = {"body": SECRET, "summary": SECRET, "tags": [SECRET], "external_id": SECRET}
    if visibility == "draft":
        article = await written(admin, SECRET, visibility="public", **sent)
    else:
        shown = "public" if visibility == "archived" else visibility
        article = await published(admin, SECRET, visibility=shown, **sent)
    if visibility == "archived":
        await told(admin, article, "archive")
    await admin.patch(f"{ARTICLES}/{article['id']}", json={"body": f"{SECRET} next"})
    for name, user in people_of(company).items():
        asked, path = client(user), f"{ARTICLES}/{article['id']}"
        is_seen = name in seeing
        answers = [
            await asked.get(path), await asked.get(f"{ARTICLES}?total=exact"),
            await asked.get(f"{ARTICLES}?q=Canary"), await asked.get(f"{ARTICLES}?q=密"),
            await asked.post(f"{ARTICLES}/search", json={"query": "绝密文章"}),
            await asked.post(f"{ARTICLES}/suggest", json={"text": "绝密文章"}),
        ]  # fmt: skip
        assert [SECRET in answer.text for answer in answers] == [is_seen] * 6, (name, answers)
        assert answers[1].json()["page"]["total"] == int(is_seen)
        snapshot = await asked.post("/v1/tickets/snapshot")
        assert (SECRET in snapshot.text) == is_seen, name
        assert f"{SECRET} next" not in snapshot.text
        feed = (await asked.get("/v1/events?limit=1000")).text
        assert (SECRET in feed) == (is_seen or visibility == "archived"), name
        assert f"{SECRET} next" not in feed
        for part in ("history", "versions", "versions/1", "draft", "feedback"):
            assert (await asked.get(f"{path}/{part}")).status_code == 403, part
        assert (await asked.get(path, params={"as_of": article["updated_at"]})).status_code in (403, 404)  # fmt: skip
        usefulness = await asked.get(f"{path}/usefulness")
        assert usefulness.status_code == (200 if is_seen else 404)
        for verb in ("feedback", "view"):
            answer = await asked.post(f"{path}/{verb}", json={"helpful": True})
            assert answer.status_code == (200 if is_seen else 404), (name, verb, answer.text)


async def test_of_what_was_internal_nothing_is_told_when_it_becomes_public(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    article = await published(admin, "Title", body=SECRET, visibility="internal")
    path = f"{ARTICLES}/{article['id']}"
    await admin.patch(path, json={"body": "Clean"})
    await told(admin, article, "publish")
    await admin.patch(path, json={"visibility": "public"})
    customer = client(people_of(company)["customer"])
    assert (await customer.get(path)).json()["body"] == "Clean"
    assert SECRET not in (await customer.get("/v1/events?limit=1000")).text
    await admin.patch(path, json={"visibility": "internal"})
    assert (await customer.get(path)).status_code == 404


async def test_others_than_those_who_write_change_nothing(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    admin = client(company.admin)
    article = await published(admin, visibility="public")
    path = f"{ARTICLES}/{article['id']}"
    for user, refused in ((company.read_only, {403}), (people_of(company)["partner"], {403}), (other_organisation.admin, {404})):  # fmt: skip
        asked = client(user)
        answers = [
            await asked.patch(path, json={"title": "x"}), await asked.delete(path),
            await asked.post(f"{path}/publish", json={}), await asked.post(f"{path}/archive"),
            await asked.patch(f"{path}/draft", json={"title": "x"}),
        ]  # fmt: skip
        assert {answer.status_code for answer in answers} <= refused, (user.name, answers)
    assert (await admin.get(path)).json()["version"] == article["version"]


async def test_a_writer_of_what_is_public_writes_nothing_internal(
    client: Clients, company: Organisation
) -> None:
    writer = client(company.rep.but(permissions=("articles:*",)))
    hidden = await published(client(company.admin), SECRET)
    body = {"title": "x", "body": "x", "language": "en"}
    refused = await writer.post(ARTICLES, json=body)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["visibility"])
    assert (await writer.post(ARTICLES, json={**body, "visibility": "public"})).status_code == 201
    assert (
        await writer.patch(f"{ARTICLES}/{hidden['id']}", json={"title": "x"})
    ).status_code == 404


async def test_a_link_to_an_internal_article_is_shown_to_nobody_outside(
    client: Clients, company: Organisation
) -> None:
    admin, partner = client(company.admin), client(people_of(company)["partner"])
    ticket = await made(partner, "Canary question")
    hidden, shown = await published(admin, SECRET), await published(admin, visibility="partner")
    path = f"/v1/tickets/{ticket['id']}/articles"
    for article in (hidden, shown):
        assert (await admin.post(path, json={"article_id": article["id"]})).status_code == 200
    assert len((await admin.get(path)).json()["data"]) == 2
    assert [row["article_id"] for row in (await partner.get(path)).json()["data"]] == [shown["id"]]
    assert (await partner.post(path, json={"article_id": hidden["id"]})).status_code == 422
    assert (await partner.delete(f"{path}/{hidden['id']}")).status_code == 404
    other = await made(admin, "Of others")
    await admin.post(f"/v1/tickets/{other['id']}/articles", json={"article_id": shown["id"]})
    seen = (await partner.get(f"{ARTICLES}/{shown['id']}/tickets")).json()["data"]
    assert [row["ticket_id"] for row in seen] == [ticket["id"]]
