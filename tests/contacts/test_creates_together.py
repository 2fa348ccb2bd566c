"""Creates that arrive at once: written together, and each as if it had come alone."""

import asyncio
import itertools
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi_shared import deferred
from guanxi_shared.grouped.gathering import Own
from guanxi_shared.grouped.inserts import insert_together
from guanxi_shared.grouped.rows import Row, Shape
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.replaying import Consumer, listed

pytestmark = pytest.mark.usefixtures("remembered")

PERSON = {
    "name": 'Zoë "Z" 张三\\',
    "given_name": "三",
    "emails": [{"address": "Zoe@Example.com", "kind": "work"}],
    "phones": [{"number": "+86 138 0013 8000"}],
    "addresses": [{"city": "北京", "country": "CN", "latitude": 39.9042, "longitude": 116.4074}],
    "hobbies": ["chess", 'tea, "oolong"', "\\"],
    "tags": ["vip", "北"],
    "birthday": "--02-29",
    "language": "zh-CN",
    "description": "first\nsecond\t{}",
}
# What differs between two creates of the same, whichever way they went.
TIMES = re.compile(r'"(created|updated)_at": ?"[^"]+"')
OF_EACH = {
    "id",
    "created_at",
    "updated_at",
    "occurred_at",
    "seq",
    "position",
    "subject_id",
    "request_id",
    "trace_id",
    "key",
}
TABLES = {
    "contacts": "SELECT * FROM contacts.contacts WHERE organisation_id = $1 ORDER BY id",
    "contacts_search": "SELECT * FROM contacts.contacts_search WHERE organisation_id = $1 ORDER BY id",
    "events": "SELECT * FROM contacts.events WHERE organisation_id = $1 ORDER BY subject_id",
    "idempotency": "SELECT * FROM contacts.idempotency WHERE organisation_id = $1 ORDER BY body",
}  # fmt: skip


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each statement for several had."""
    sizes: list[int] = []

    async def noting(
        pool: asyncpg.Pool, organisation: Any, shape: Shape, rows: Sequence[Row]
    ) -> list[bool | Own]:
        sizes.append(len(rows))
        return await insert_together(pool, organisation, shape, rows)

    monkeypatch.setattr(deferred, "insert_together", noting)
    return sizes


async def create(user: httpx.AsyncClient, body: Any, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return await user.post("/v1/contacts", json=body, headers=headers)


async def known_to_the_service(user: httpx.AsyncClient) -> None:
    """Scope and definitions are remembered from here, so that all of a turn arrive in it."""
    assert (await create(user, {"name": "first"})).status_code == 201


async def rows_of(database: Clone, organisation: Organisation) -> dict[str, list[dict[str, Any]]]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return {
            name: [dict(row) for row in await connection.fetch(sql, organisation.id)]
            for name, sql in TABLES.items()
        }
    finally:
        await connection.close()


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """Without what differs in any two creates, their ids and times within the texts too."""
    ids = {str(row[name]) for name in ("id", "subject_id") if row.get(name) is not None}
    kept = {name: value for name, value in row.items() if name not in OF_EACH}
    for name, value in kept.items():
        if isinstance(value, str):
            kept[name] = TIMES.sub("TIME", re.sub("|".join(ids), "ID", value))
    return kept


async def test_what_is_written_together_is_what_is_written_alone(
    client: Clients, organisation: Organisation, database: Clone, groups: list[int]
) -> None:
    rep = client(organisation.rep)
    await create(rep, PERSON, str(uuid4()))
    assert groups == []
    alone = await rows_of(database, organisation)
    answers = await asyncio.gather(*(create(rep, PERSON, str(uuid4())) for _ in range(5)))
    assert groups == [5]
    assert {answer.status_code for answer in answers} == {201}
    rows = await rows_of(database, organisation)
    kept = {row["body"] for row in rows.pop("idempotency")}
    assert kept == {answer.content for answer in answers} | {alone["idempotency"][0]["body"]}
    for name, found in rows.items():
        assert [comparable(row) for row in found] == 6 * [comparable(alone[name][0])], name


async def test_each_is_found_told_and_answered_for_itself(
    client: Clients, organisation: Organisation, groups: list[int]
) -> None:
    rep = client(organisation.rep)
    await known_to_the_service(rep)
    names = [f"Ada {n} Lovelace" for n in range(40)]
    answers = await asyncio.gather(*(create(rep, {"name": name}) for name in names))
    assert groups == [8, 8, 8, 8, 8]
    for name, answer in zip(names, answers, strict=True):
        assert (answer.status_code, answer.json()["name"]) == (201, name)
        read = await rep.get(answer.headers["location"])
        assert (read.content, read.headers["etag"]) == (answer.content, answer.headers["etag"])
        found = (await rep.get("/v1/contacts", params={"q": name})).json()["data"]
        assert answer.json()["id"] in [each["id"] for each in found]
    admin = client(organisation.admin)
    told = await Consumer().follow(admin, page=1000)
    assert await listed(admin, "/v1/contacts") == told.of("contact")
    assert len(told.of("contact")) == 41


async def test_one_key_makes_one_record_and_its_neighbours_theirs(
    client: Clients, organisation: Organisation, groups: list[int]
) -> None:
    rep, key = client(organisation.rep), str(uuid4())
    await known_to_the_service(rep)
    same = [create(rep, {"name": "Same"}, key) for _ in range(6)]
    others = [create(rep, {"name": f"Other {n}"}, str(uuid4())) for n in range(6)]
    asked = [each for pair in zip(same, others, strict=True) for each in pair]
    answers = await asyncio.gather(*asked)
    assert groups, "nothing was written together"
    ours, theirs = answers[0::2], answers[1::2]
    assert {answer.status_code for answer in theirs} == {201}
    assert len({answer.json()["id"] for answer in theirs}) == 6
    made = [answer for answer in ours if answer.status_code == 201]
    assert made
    assert {answer.status_code for answer in ours} <= {201, 409}
    assert len({answer.content for answer in made}) == 1
    assert [a.headers.get("idempotent-replayed") for a in made].count(None) == 1
    again = await create(rep, {"name": "Same"}, key)
    assert again.content == made[0].content


async def test_a_key_that_stands_stops_its_own_row_only(
    client: Clients, organisation: Organisation, groups: list[int]
) -> None:
    rep, key = client(organisation.rep), str(uuid4())
    first = await create(rep, {"name": "First"}, key)
    answers = await asyncio.gather(
        create(rep, {"name": "A"}, str(uuid4())),
        create(rep, {"name": "First"}, key),
        create(rep, {"name": "Another"}, key),
        create(rep, {"name": "B"}, str(uuid4())),
    )
    assert groups
    assert [answer.status_code for answer in answers] == [201, 201, 422, 201]
    assert answers[1].content == first.content
    listed = (await rep.get("/v1/contacts")).json()["data"]
    assert sorted(each["name"] for each in listed) == ["A", "B", "First"]


async def test_an_id_that_is_taken_refuses_its_own_create_only(
    client: Clients, organisation: Organisation, groups: list[int]
) -> None:
    rep, taken = client(organisation.rep), str(uuid4())
    assert (await create(rep, {"id": taken, "name": "There"})).status_code == 201
    bodies = [{"id": str(uuid4()), "name": f"New {n}"} for n in range(3)]
    bodies += [{"id": taken, "name": "There"}, {"id": taken, "name": "Other"}]
    answers = await asyncio.gather(*(create(rep, body) for body in bodies))
    assert groups == [5]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 200, 409]
    assert answers[4].json()["code"] == "id_taken"


async def test_of_one_new_id_one_is_made(
    client: Clients, organisation: Organisation, groups: list[int]
) -> None:
    rep, new = client(organisation.rep), str(uuid4())
    await known_to_the_service(rep)
    names = ["Mine", "Mine", "Yours", "Yours"]
    answers = await asyncio.gather(*(create(rep, {"id": new, "name": name}) for name in names))
    assert groups == [4]
    [made] = [answer for answer in answers if answer.status_code == 201]
    for name, answer in zip(names, answers, strict=True):
        is_same = name == made.json()["name"]
        assert answer is made or answer.status_code == (200 if is_same else 409)
    assert (await rep.get(made.headers["location"])).content == made.content


async def test_two_organisations_are_written_apart(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    groups: list[int],
) -> None:  # fmt: skip
    ours, theirs = client(organisation.rep), client(other_organisation.rep)
    await known_to_the_service(ours)
    await known_to_the_service(theirs)
    asked = [
        (create(ours, {"name": f"Ours {n}"}), create(theirs, {"name": f"Theirs {n}"}))
        for n in range(5)
    ]
    answers = await asyncio.gather(*itertools.chain(*asked))
    assert groups == [5, 5]
    assert {answer.status_code for answer in answers} == {201}
    for user, word in ((ours, "Ours"), (theirs, "Theirs")):
        listed = (await user.get("/v1/contacts")).json()["data"]
        assert sum(each["name"].startswith(word) for each in listed) == 5
        assert len(listed) == 6


async def test_a_holder_of_a_key_keeps_nobody_else_waiting(
    client: Clients, organisation: Organisation, database: Clone, groups: list[int]
) -> None:
    """Another transaction, still open, has claimed the key of one of them."""
    rep, key = client(organisation.rep), str(uuid4())
    await known_to_the_service(rep)
    holder = await asyncpg.connect(database.urls["contacts"].request)
    try:
        claim = f"{organisation.id}{organisation.rep.id}{key}"
        await holder.execute("BEGIN")
        await holder.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", claim)
        answers = await asyncio.wait_for(
            asyncio.gather(
                create(rep, {"name": "A"}, str(uuid4())),
                create(rep, {"name": "Held"}, key),
                create(rep, {"name": "B"}, str(uuid4())),
            ),
            timeout=3,
        )
    finally:
        await holder.close()
    assert groups == [3]
    assert [answer.status_code for answer in answers] == [201, 409, 201]
    assert answers[1].json()["code"] == "still_running"


TEXT = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bodies=st.lists(
        st.fixed_dictionaries(
            {
                "name": st.text(TEXT, min_size=1).filter(str.strip),
                "description": st.text(TEXT, min_size=1).filter(str.strip).map(lambda text: f"{text}\n\t{text}"),
                "tags": st.lists(st.sampled_from(["vip", "a b", "é", '"', "\\", "NULL", "{}"]), unique=True),
                "title": st.sampled_from(["CEO", "null", "0"]),
            },
        ),
        min_size=2, max_size=8,
    ),
)  # fmt: skip
async def test_whatever_is_sent_together_reads_back_as_it_was_answered(
    client: Clients, organisation: Organisation, groups: list[int], bodies: list[dict[str, Any]]
) -> None:
    rep = client(organisation.rep)
    await known_to_the_service(rep)
    groups.clear()
    answers = await asyncio.gather(*(create(rep, body, str(uuid4())) for body in bodies))
    assert groups == [len(bodies)]
    for answer in answers:
        assert answer.status_code == 201, answer.text
        assert (await rep.get(answer.headers["location"])).content == answer.content


async def test_money_written_together_keeps_every_digit(
    client: Clients, organisation: Organisation, database: Clone, groups: list[int]
) -> None:
    """More digits than a double has: what is read out of the state must not be one."""
    rep = client(organisation.rep)
    amounts = [f"12345678901234567{n}.1" for n in range(5)]
    for _ in range(2):  # the second time everything is known, and all arrive in one turn
        groups.clear()
        bodies = [
            {"name": f"Firm {a}", "revenue": {"amount": a, "currency": "CNY"}} for a in amounts
        ]
        answers = await asyncio.gather(*(rep.post("/v1/accounts", json=body) for body in bodies))
        assert {answer.status_code for answer in answers} == {201}, answers[0].text
    assert groups == [5]
    connection = await asyncpg.connect(database.admin_url)
    try:
        sql = "SELECT revenue_amount::text FROM contacts.accounts WHERE organisation_id = $1"
        stored = [row[0] for row in await connection.fetch(sql, organisation.id)]
    finally:
        await connection.close()
    assert sorted(Decimal(each) for each in stored) == sorted(Decimal(a) for a in amounts * 2)
