"""Text search as a list sees it: any script, any form, ranked, forgiving, within what one may see."""

import pytest

from tests.factories import Clients, Organisation
from tests.library.books import book, ids, shelve

TITLES = {
    "dream": "红楼梦",
    "kingdoms": "三国演义",
    "zhang": "张三",
    "walden": "Walden, or Life in the Woods",
    "emile": "Émile",
    "kafka": "Der Prozeß",
    "percent": "100% Wool",
    "traditional": "紅樓夢續",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("红", {"dream", "traditional"}),
        ("红楼", {"dream", "traditional"}),
        ("紅樓夢", {"dream", "traditional"}),
        ("张三", {"zhang"}),
        ("zhangsan", {"zhang"}),
        ("zs", {"zhang"}),
        ("ZhangSan", {"zhang"}),
        ("sgyy", {"kingdoms"}),
        ("walden", {"walden"}),
        ("WALDEN life", {"walden"}),
        ("life walden", {"walden"}),
        ("wood", {"walden"}),
        ("emile", {"emile"}),
        ("prozess", {"kafka"}),
        ("100%", {"percent"}),
        ("%", set()),  # no letter and no digit: nothing to look for
        ("_", set()),
        ("nothing like it", set()),
        ("ｗａｌｄｅｎ", {"walden"}),
    ],
)
async def test_a_text_finds(
    client: Clients, organisation: Organisation, text: str, found: set[str]
) -> None:
    rep = client(organisation.rep)
    made = await shelve(rep, [{"title": title} for title in TITLES.values()])
    names = dict(zip(ids(made), TITLES, strict=True))
    for answer in (
        await rep.get("/v1/books", params={"q": text}),
        await rep.post("/v1/books/search", json={"query": text}),
    ):
        assert answer.status_code == 200, answer.text
        assert {names[id] for id in ids(answer.json()["data"])} == found


@pytest.mark.parametrize("text", ["waldne", "waldenn", "wolden"])
async def test_a_typing_mistake_is_forgiven_when_nothing_fits_as_written(
    client: Clients, organisation: Organisation, text: str
) -> None:
    rep = client(organisation.rep)
    made = await shelve(rep, [{"title": "Walden"}, {"title": "Faust"}])
    answer = await rep.get("/v1/books", params={"q": text, "total": "exact"})
    assert ids(answer.json()["data"]) == [made[0]["id"]]
    assert answer.json()["page"]["total"] == 1


@pytest.mark.parametrize("digits", ["978-3-16", "9783161", "3161484", "484100"])
async def test_part_of_a_number_finds_it(
    client: Clients, organisation: Organisation, digits: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, title="x", isbn="978-3-16-148410-0")
    await book(rep, title="y", isbn="111-1-11-111111-1")
    assert ids((await rep.get("/v1/books", params={"q": digits})).json()["data"]) == [made["id"]]


async def test_the_best_comes_first(client: Clients, organisation: Organisation) -> None:
    rep = client(organisation.rep)
    titles = ["On walden pond and other very long titles", "Walden", "walden two"]
    made = dict(zip(titles, ids(await shelve(rep, [{"title": t} for t in titles])), strict=True))
    answer = await rep.get("/v1/books", params={"q": "walden"})
    assert ids(answer.json()["data"])[0] == made["Walden"]
    assert ids(answer.json()["data"])[-1] == made[titles[0]]


async def test_a_search_is_narrowed_by_filters_and_may_be_sorted(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await shelve(rep, [{"title": "walden", "pages": n} for n in (3, 1, 2)])
    answer = await rep.get("/v1/books", params={"q": "walden", "pages[lt]": 3, "sort": "pages"})
    assert ids(answer.json()["data"]) == [made[1]["id"], made[2]["id"]]


async def test_a_change_of_name_is_found_and_the_old_one_is_not(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, title="红楼梦")
    await rep.patch(f"/v1/books/{made['id']}", json={"title": "石头记"})
    assert ids((await rep.get("/v1/books", params={"q": "shitouji"})).json()["data"]) == [
        made["id"]
    ]
    assert ids((await rep.get("/v1/books", params={"q": "hongloumeng"})).json()["data"]) == []


@pytest.mark.parametrize(
    "text", ["'", '"', "\\", "a\\", "((", "a & b", "\u200b", "  ", "👍", "ﷺ", "a" * 200, "的" * 200]
)
async def test_no_text_is_more_than_not_found(
    client: Clients, organisation: Organisation, text: str
) -> None:
    rep = client(organisation.rep)
    await book(rep, title="x")
    answer = await rep.get("/v1/books", params={"q": text})
    assert answer.status_code == 200, answer.text


async def test_words_come_before_their_beginnings_and_those_before_parts(
    client: Clients, organisation: Organisation
) -> None:
    """Whatever is longer; and of what a word stands in, the shorter first."""
    rep = client(organisation.rep)
    titles = [
        "of a den", "x den y and more than that", "x denim", "x walden", "x garden and more",
    ]  # fmt: skip
    made = dict(zip(ids(await shelve(rep, [{"title": t} for t in titles])), titles, strict=True))
    found = ids((await rep.get("/v1/books", params={"q": "den"})).json()["data"])
    assert [made[id] for id in found] == titles


async def test_words_in_another_order_are_found_and_ranked(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    titles = ["life walden", "walden or life", "walden life"]
    made = dict(zip(ids(await shelve(rep, [{"title": t} for t in titles])), titles, strict=True))
    found = ids((await rep.get("/v1/books", params={"q": "walden life"})).json()["data"])
    assert len(found) == 3
    assert made[found[0]] == "walden life"
