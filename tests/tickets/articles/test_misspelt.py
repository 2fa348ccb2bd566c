"""Articles found with typing mistakes: by the words that there are, in bodies too, within what one may see."""

from typing import Any
from uuid import uuid4

import pytest

from guanxi_shared.db import Database
from guanxi_tickets.articles.words import settle_words
from tests.factories import Clients, Organisation
from tests.tickets.articles.writing import ARTICLES, ids_of, published, written
from tests.tickets.company import in_role

WORDS = "SELECT word, article_id FROM article_words WHERE organisation_id = $1 ORDER BY word, article_id"
BODY = "First unplug the router. Then hold the recessed button for ten seconds. " * 30
CHINESE = "请先断开电源，然后按住复位按钮十秒钟。" * 40


@pytest.mark.parametrize(
    "asked",
    ["recesed", "recessde", "recesssed", "holf the recesed buton", "unpulg", "复位按扭十秒", "duankaidianyaun 复位按扭", "rotuer"],
)  # fmt: skip
async def test_a_word_of_a_long_body_is_found_with_a_typing_mistake(
    client: Clients, company: Organisation, asked: str
) -> None:
    admin = client(company.admin)
    one = await published(admin, "断开电源", body=BODY + CHINESE)
    await published(admin, "Warranty", body="Keep the receipt for two years.")
    assert await ids_of(admin, f"q={asked}") == [one["id"]]


async def test_names_come_before_bodies_and_every_page_is_read_once(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    bodies = [(await written(admin, f"Note {n}", body="About invoices."))["id"] for n in range(5)]
    named = [(await written(admin, f"Invoices {n}", body="Nothing."))["id"] for n in range(2)]
    for asked in ("invoices", "invioces"):
        seen: list[str] = []
        query: dict[str, Any] = {"q": asked, "limit": 3, "total": "exact"}
        while True:
            page = (await admin.get(ARTICLES, params=query)).json()
            assert page["page"]["total"] == 7
            seen += [row["id"] for row in page["data"]]
            if (cursor := page["page"]["next_cursor"]) is None:
                break
            query["cursor"] = cursor
        assert sorted(seen[:2]) == sorted(named)
        assert seen[2:] == bodies[::-1]
        narrowed = await admin.get(ARTICLES, params={"q": asked, "state": "draft", "sort": "id"})
        assert len(narrowed.json()["data"]) == 7


async def test_a_word_that_others_wrote_finds_nothing_that_one_may_not_see(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    admin = client(company.admin)
    await written(admin, "Sekret", body="The codename is zephyranthes.")
    for user in (in_role(company.other_rep, "partner"), other_organisation.admin):
        assert await ids_of(client(user), "q=zephyrantehs") == []
    assert len(await ids_of(admin, "q=zephyrantehs")) == 1


async def test_words_that_no_article_holds_go_at_night_and_missing_ones_come(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin = client(company.admin)
    article = await written(admin, "Kept", body="Zephyranthes bloom")
    other = await written(admin, "Kept too", body="bloom")
    await admin.patch(f"{ARTICLES}/{article['id']}", json={"body": "nothing here"})

    async def words() -> list[str]:
        async with service_database.transaction(company.id) as connection:
            return [row["word"] for row in await connection.fetch(WORDS, company.id)]

    assert "zephyranthes" in await words()
    async with service_database.transaction(company.id) as connection:
        add = "INSERT INTO article_words (organisation_id, word, article_id) VALUES ($1, $2, $3)"
        await connection.execute(add, company.id, "kept", other["id"])  # by two at once
        await connection.execute("DELETE FROM article_words WHERE word = 'too'")
    await settle_words.duty(service_database)
    assert await words() == ["bloom", "here", "kept", "nothing", "too"]
    await settle_words.duty(service_database)
    assert await words() == ["bloom", "here", "kept", "nothing", "too"]


async def test_nothing_odd_is_more_than_not_found(client: Clients, company: Organisation) -> None:
    admin = client(company.admin)
    await written(admin, "Kept", body="bloom" + "x" * 500 + " " + "y" * 39)
    for asked in ("%%%", "___", "a" * 200, "的" * 200, "bloo' OR 1=1", f"{uuid4()}", "xyzzy \\", "啊啊啊啊"):  # fmt: skip
        answer = await admin.get(ARTICLES, params={"q": asked})
        assert (answer.status_code, answer.json()["data"]) == (200, []), asked
