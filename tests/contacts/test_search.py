"""Text search: any script, pinyin, parts of numbers, typing mistakes, and nobody else's records."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation

PEOPLE = [
    {"name": "张三", "phones": [{"number": "+86 138 0013 8000"}]},
    {"name": "张伟"},
    {"name": "單曉明"},
    {"name": "Jürgen Müller", "emails": [{"address": "jm@weilai.example"}]},
    {"name": "Ann Lee"},
]
FINDS = [
    ("张", {"张三", "张伟"}),
    ("三", {"张三"}),
    ("张三", {"张三"}),
    ("張三", {"张三"}),
    ("zhangsan", {"张三"}),
    ("zhang san", {"张三"}),
    ("zs", {"张三"}),
    ("shan", {"單曉明"}),
    ("单晓明", {"單曉明"}),
    ("muller", {"Jürgen Müller"}),
    ("ＡＮＮ", {"Ann Lee"}),
    ("0013800", {"张三"}),
    ("138 0013", {"张三"}),
    ("jm@weilai", {"Jürgen Müller"}),
    ("Jurgen Mulller", {"Jürgen Müller"}),
    ("三张", set()),
    ("nobody here", set()),
]


@pytest.fixture
async def people(client: Clients, organisation: Organisation) -> Organisation:
    rep = client(organisation.rep)
    for person in PEOPLE:
        assert (await rep.post("/v1/contacts", json=person)).status_code == 201
    account = {"name": "北京未来科技有限公司", "domain": "weilai.example"}
    assert (await rep.post("/v1/accounts", json=account)).status_code == 201
    return organisation


async def test_names_are_found_by_every_way_of_writing_them(
    client: Clients, people: Organisation
) -> None:
    rep = client(people.rep)
    wrong = []
    for text, names in FINDS:
        listed = (await rep.get("/v1/contacts", params={"q": text})).json()["data"]
        posted = (await rep.post("/v1/contacts/search", json={"query": text})).json()["data"]
        assert posted == listed
        if {row["name"] for row in listed} != names:
            wrong.append((text, {row["name"] for row in listed}, names))
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("张三", ("contact", "张三")),
        ("beijing", ("account", "北京未来科技有限公司")),
        ("北京", ("account", "北京未来科技有限公司")),
    ],
)
async def test_one_box_finds_accounts_and_people_best_first(
    client: Clients, people: Organisation, text: str, first: tuple[str, str]
) -> None:
    found: list[dict[str, Any]] = (
        await client(people.rep).get("/v1/search", params={"q": text})
    ).json()["data"]
    assert (found[0]["type"], found[0]["name"]) == first
    assert [entry["rank"] for entry in found] == sorted((e["rank"] for e in found), reverse=True)


async def test_a_search_finds_nothing_of_others(
    client: Clients, people: Organisation, other_organisation: Organisation
) -> None:
    for user in (people.rep2, people.other_rep, other_organisation.admin):
        for text in ("张三", "zs", "0013800", "Jurgen Mulller", "weilai"):
            found = await client(user).get("/v1/search", params={"q": text})
            assert found.json() == {"data": []}


async def test_a_ranked_search_pages_through_every_match_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for index in range(7):
        await rep.post("/v1/contacts", json={"name": f"张{index}号"})
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (
            await rep.get("/v1/contacts", params={"q": "张", "limit": 3, "cursor": cursor})
        ).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["page"]["next_cursor"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    "query", ["", "limit=5", "q=", "q=x&limit=0", "q=x&limit=51", "q=x&more=1", "q=%00"]
)
async def test_a_search_that_says_nothing_is_refused(
    client: Clients, organisation: Organisation, query: str
) -> None:
    answer = await client(organisation.rep).get(f"/v1/search?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"]
