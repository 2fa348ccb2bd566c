"""Orders found by words: by whom, by what, by number, in any script, however they came to be."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from guanxi_pipeline.orders.placing import place_many
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.contacts.standing.test_standing_migration import migrate
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known, Stages
from tests.pipeline.orders.ordering import PATH, acted, line, made, order
from tests.pipeline.privacy.test_erasure import erased
from tests.pipeline.quotes.offering import act, sent_quote
from tests.pipeline.quotes.offering import line as offered
from tests.pipeline.telling import account_told
from tests.pipeline.test_references import merged_told
from tests.prepared import Clone
from tests.statements import statements_of

ACTOR = Actor(id=None, kind="service", channel="test")
WORDS = "SELECT search_text, search_grams, owner_id, tags FROM orders_search WHERE organisation_id = $1 AND id = $2"


async def found(user: httpx.AsyncClient, words: str) -> set[str]:
    """By the list, and by the search alike."""
    listed = await user.get(PATH, params={"q": words})
    searched = await user.post(f"{PATH}/search", json={"query": words})
    assert (listed.status_code, searched.status_code) == (200, 200), (listed.text, searched.text)
    ids = [[row["id"] for row in answer.json()["data"]] for answer in (listed, searched)]
    assert ids[0] == ids[1]
    return set(ids[0])


@pytest.mark.parametrize(
    "words",
    [
        "张三", "zhangsan", "zs", "zhangsna", "贸易", "GX-100", "gx 100", "高级打印机", "打印", "dyj", "gaoji",
        "PO-77/x", "77/x", "po", "展会", "zhanhui", "加急", "jiaji", "周五前", "zhouwu", "张 打印机", "SO-4711",
        "so-4711", "4711", "SO",
    ],
)  # fmt: skip
async def test_an_order_is_found_by(
    client: Clients, organisation: Organisation, account: Known, words: str
) -> None:
    rep = client(organisation.rep)
    wanted = await made(
        rep,
        order(
            await account("张三贸易"), line("GX-100", name="高级打印机"), line("B", name="Toner"),
            number="SO-4711", external_id="PO-77/x", source="展会", tags=["加急"], description="周五前送到",
        ),
    )  # fmt: skip
    await made(rep, order(await account("Acme"), line("A-9", name="Paper"), number="Other 1"))
    assert await found(rep, words) == {wanted["id"]}


async def test_a_number_is_found_with_and_without_what_leads_it(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep, account_id = client(organisation.rep), await account("Acme")
    orders = [await made(rep, order(account_id)) for _ in range(2)]
    number = orders[0]["number"]
    bare = number.removeprefix("SO-")
    for words in (number, number.lower(), bare, bare.lstrip("0"), f"so {bare}"):
        assert orders[0]["id"] in await found(rep, words), words
    assert await found(rep, number) == {orders[0]["id"]}


async def test_words_follow_what_is_changed(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep = client(organisation.rep)
    acme, beta = await account("Acme"), await account("未来科技")
    mine = await made(rep, order(acme, line("OLD", name="Oldies")))
    steps: list[tuple[dict[str, Any], str, str]] = [
        ({"lines": [line("NEW-1", name="新品")]}, "xinpin", "oldies"),
        ({"account_id": beta}, "wlkj", "acme"),
        ({"external_id": "ERP-1"}, "erp-1", "acme"),
        ({"external_id": None, "tags": ["vip"]}, "vip", "erp-1"),
        ({"tags": [], "description": "morgen"}, "morgen", "vip"),
        ({"description": None, "source": "fair"}, "fair", "morgen"),
        ({"account_id": None, "contact_id": None, "source": None}, "新品", "未来"),
    ]
    for patch, now, before in steps:
        answer = await rep.patch(f"{PATH}/{mine['id']}", json=patch)
        assert answer.status_code == 200, answer.text
        assert await found(rep, now) == {mine["id"]}, (patch, now)
        assert await found(rep, before) == set(), (patch, before)
    assert await found(rep, "new-1") == {mine["id"]}
    admin = client(organisation.admin)
    assert (await admin.delete(f"{PATH}/{mine['id']}")).status_code == 200
    assert await found(rep, "xinpin") == set()
    assert (await admin.post(f"{PATH}/{mine['id']}/restore")).status_code == 200
    assert await found(rep, "xinpin") == {mine["id"]}


@pytest.mark.usefixtures("remembered")
async def test_verbs_and_what_is_sent_again_write_no_words(
    client: Clients, organisation: Organisation, account: Known, service_database: Database
) -> None:
    rep, account_id = client(organisation.rep), await account("Acme")
    mine = await made(rep, order(account_id, status="placed"))
    path = f"{PATH}/{mine['id']}"
    with statements_of(service_database) as seen:
        for verb in ("confirm", "fulfil"):
            await acted(rep, mine["id"], verb)
        lines = (await rep.get(path)).json()["lines"]
        await rep.patch(path, json={"lines": lines, "account_id": account_id})
        await rep.patch(path, json={"custom": {}, "owner_id": str(organisation.rep.id)})
    assert not [sql for sql in seen if "search_text" in sql], seen
    with statements_of(service_database) as seen:
        await rep.patch(path, json={"description": "x"})
    assert [sql for sql in seen if "search_text" in sql], seen
    assert await found(rep, "acme") == {mine["id"]}


async def test_tags_filter_by_the_search_row(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep, account_id = client(organisation.rep), await account("Acme")
    both = await made(rep, order(account_id, tags=["a", "b"]))
    one = await made(rep, order(account_id, tags=["a"]))
    await made(rep, order(account_id))
    for tags, ids in (("a", [both, one]), ("b", [both]), ("c", [])):
        listed = (await rep.get(PATH, params={"tags": tags})).json()["data"]
        assert {row["id"] for row in listed} == {each["id"] for each in ids}
    await rep.patch(f"{PATH}/{one['id']}", json={"tags": ["c"]})
    assert [row["id"] for row in (await rep.get(PATH, params={"tags": "c"})).json()["data"]] == [
        one["id"]
    ]


async def test_nobody_finds_what_they_may_not_see(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep, other, admin = (
        client(user) for user in (organisation.rep, organisation.rep2, organisation.admin)
    )
    mine = await made(rep, order(await account("张三贸易"), tags=["急"]))
    assert await found(admin, "张三") == await found(rep, "张三") == {mine["id"]}
    assert await found(other, "张三") == await found(other, "急") == set()
    given = await admin.patch(f"{PATH}/{mine['id']}", json={"owner_id": str(organisation.rep2.id)})
    assert given.status_code == 200, given.text
    assert await found(rep, "张三") == set()
    assert await found(other, "张三") == {mine["id"]}


async def test_words_follow_the_name_of_the_account_and_its_merges(
    client: Clients, organisation: Organisation, account: Known, heard: Heard
) -> None:
    rep, owner = client(organisation.rep), organisation.rep.id
    a, b = await account("Alpha"), await account("Beta")
    mine = await made(rep, order(a, line("GX", name="打印机"), tags=["vip"]))
    gone = await made(rep, order(a))
    admin = client(organisation.admin)
    assert (await admin.delete(f"{PATH}/{gone['id']}")).status_code == 200
    await heard(
        account_told(
            organisation.id,
            a,
            "李四商行",
            owner_id=owner,
            version=2,
            verb="updated",
            changed=["name"],
        )
    )
    assert await found(rep, "alpha") == set()
    for words in ("lisi", "打印机", "vip", "gx", mine["number"]):
        assert await found(rep, words) == {mine["id"]}, words
    merge = str(new_id())
    for event in merged_told(organisation, "account", merge, [a], b, "Beta", version=3):
        await heard(event)
    assert await found(rep, "beta") == await found(rep, "dayinji") == {mine["id"]}
    assert await found(rep, "lisi") == set()
    assert (await admin.post(f"{PATH}/{gone['id']}/restore")).status_code == 200
    assert await found(rep, "beta") == {mine["id"], gone["id"]}
    for event in merged_told(
        organisation, "account", merge, [a], b, "Beta", version=4, verb="unmerged"
    ):
        await heard(event)
    assert await found(rep, "beta") == set()
    assert await found(rep, f"source {a[-4:]}") == {mine["id"], gone["id"]}


async def test_orders_that_others_place_are_found(
    client: Clients, organisation: Organisation, account: Known, stages: Stages,
    service_database: Database,
) -> None:  # fmt: skip
    """Of an accepted quote, and by the many."""
    rep, account_id = client(organisation.rep), await account("张三贸易")
    quote = await sent_quote(rep, offered(name="扫描仪"), account_id=account_id)
    await act(rep, quote, "accept", name="Mr Li")
    order_id = (await rep.get(f"/v1/quotes/{quote['id']}")).json()["order_id"]
    assert await found(rep, "张三 saomiaoyi") == {order_id}
    many = [order(account_id, line(f"M-{n}"), owner_id=str(organisation.rep.id)) for n in range(3)]
    async with service_database.transaction(organisation.id) as connection:
        states = await place_many(connection, organisation.id, many, actor=ACTOR)
    assert await found(rep, "张三 m-1") == {str(states[1]["id"])}


async def test_whoever_is_erased_is_found_no_more(
    client: Clients, organisation: Organisation, account: Known, person: Known, heard: Heard
) -> None:
    rep = client(organisation.rep)
    buyer, ann = await account("李小龙"), await person("Anneliese Muster")
    own = await made(rep, order(buyer, line("GX-1", name="Seats"), source="fair", number="LL-1"))
    named = await made(
        rep,
        order(
            await account("Acme"), line("GX-2", name="For Anneliese Muster"), contact_id=ann,
            description="Call Anneliese Muster", tags=["anneliese muster"],
        ),
    )  # fmt: skip
    assert await found(rep, "lixiaolong") == {own["id"]}
    assert await found(rep, "anneliese") == {named["id"]}
    await heard(erased(organisation, "account", buyer))
    await heard(erased(organisation, "contact", ann))
    assert await found(rep, "lixiaolong") == await found(rep, "anneliese") == set()
    assert await found(rep, "LL-1 seats fair") == {own["id"]}
    assert await found(rep, "acme gx-2") == {named["id"]}


async def test_those_that_were_there_before_get_their_words(own_database: Clone) -> None:
    """The migration enters them for all organisations, and the policies hold again."""
    await migrate(own_database, "downgrade", "0070", service="pipeline")
    organisations, account_id = [new_id(), new_id()], new_id()
    connection = await asyncpg.connect(own_database.admin_url)
    try:
        await connection.execute("SET search_path = pipeline")
        ids = {each: await written_before(connection, each, account_id) for each in organisations}
        await migrate(own_database, "upgrade", "head", service="pipeline")
        for organisation, order_id in ids.items():
            row = await connection.fetchrow(WORDS, organisation, order_id)
            assert row is not None
            for word in ("so-000042", "张三贸易", "zhangsan", "gx-1", "打印机", "dayinji", "fair"):
                assert word in row["search_text"], word
            assert {"张三", "42", "打印"} <= set(row["search_grams"])
            assert (row["owner_id"], row["tags"]) == (account_id, ["vip"])
        counted = await connection.fetchval("SELECT count(*) FROM orders_search")
        assert counted == len(organisations)
        forced = "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname = ANY($1) AND relnamespace = 'pipeline'::regnamespace"
        tables = ["orders", "order_lines", "known_accounts", "orders_search"]
        assert await connection.fetchval(forced, tables) is True
    finally:
        await connection.close()


async def written_before(
    connection: asyncpg.Connection, organisation: UUID, account_id: UUID
) -> UUID:
    order_id = new_id()
    await connection.execute(
        "INSERT INTO known_accounts (organisation_id, id, version, name) VALUES ($1, $2, 1, '张三贸易')",
        organisation, account_id,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO orders (organisation_id, id, number, account_id, owner_id, tags, source, currency,"
        " subtotal_amount, tax_amount, shipping_amount, total_amount, costed_amount, refunded_amount)"
        " VALUES ($1, $2, 'SO-000042', $3, $3, '{vip}', 'fair', 'CNY', 0, 0, 0, 0, 0, 0)",
        organisation, order_id, account_id,
    )  # fmt: skip
    await connection.executemany(
        "INSERT INTO order_lines (organisation_id, id, order_id, position, sku, name, quantity, amount, tax)"
        " VALUES ($1, $2, $3, $4, $5, $6, 1, 0, 0)",
        [(organisation, new_id(), order_id, at, sku, name) for at, (sku, name) in enumerate((("GX-1", None), (None, "打印机")))],
    )  # fmt: skip
    return order_id
