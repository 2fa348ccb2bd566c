"""Whatever is merged: undone in turn, all is as it was, in the tables, in the feed and in the past."""

from random import Random
from typing import Any

import pytest

from tests.contacts.merges.following import followed
from tests.contacts.merges.merging import everything, make, merge, undo
from tests.factories import Clients, Organisation, User

CITIES = [{"city": "北京", "latitude": 39.9, "longitude": 116.3}, {"city": "上海"}]


def some_account(random: Random, others: list[str]) -> dict[str, Any]:
    choices: dict[str, Any] = {
        "name": random.choice(["北京未来科技有限公司", "中兴通讯", "Acme Inc"]),
        "industry": random.choice([None, "software", "education"]),
        "domain": random.choice([None, "weilai.example", "zte.example"]),
        "revenue": random.choice([None, {"amount": "1.50", "currency": "CNY"}]),
        "credit_limit": random.choice([None, {"amount": "9.00", "currency": "EUR"}]),
        "phones": [{"number": f"1380013800{random.randrange(4)}"}] * random.randrange(2),
        "emails": [
            {"address": f"{c}@w.example"} for c in random.sample("abc", random.randrange(3))
        ],
        "addresses": random.sample(CITIES, random.randrange(3)),
        "tags": random.sample(["a", "b", "c"], random.randrange(3)),
        "key_account": random.choice([None, {"plan": random.choice("pq")}, {"honours": "h"}]),
        "custom": random.choice([{}, {"vat": "1"}, {"vat": "2"}]),
        "parent_id": random.choice([None, *others]),
        "referred_by_id": random.choice([None, *others]),
    }
    return {name: value for name, value in choices.items() if value is not None}


def some_person(random: Random, accounts: list[str], others: list[str]) -> dict[str, Any]:
    places = [
        {"account_id": each, "role": random.choice([None, "buyer", "user"]),
         "stance": random.choice([None, "neutral"]), "is_primary": random.random() < 0.5}
        for each in random.sample(accounts, random.randrange(4))
    ]  # fmt: skip
    choices: dict[str, Any] = {
        "name": random.choice(["张三", "Zhang San"]),
        "given_name": random.choice([None, "三"]),
        "birthday": random.choice([None, "--03-15", "1980-03-15"]),
        "hobbies": random.sample(["围棋", "tea"], random.randrange(3)),
        "accounts": places,
        "reports_to_id": random.choice([None, *others]),
    }
    return {name: value for name, value in choices.items() if value is not None}


async def a_world(client: Clients, user: User, random: Random) -> tuple[list[str], list[str]]:
    """Seven accounts and seven people who belong, report and refer to each other; two are deleted."""
    kind = {"resource": "accounts", "key": "vat", "label": {"en": "VAT"}, "kind": "text"}
    await client(user).post("/v1/fields", json=kind)
    accounts: list[str] = []
    people: list[str] = []
    for _ in range(7):
        accounts.append((await make(client, user, **some_account(random, accounts)))["id"])
    for _ in range(7):
        fields = some_person(random, accounts, people)
        people.append((await make(client, user, "contacts", **fields))["id"])
    await client(user).delete(f"/v1/accounts/{accounts.pop()}")
    await client(user).delete(f"/v1/contacts/{people.pop(random.randrange(7))}")
    return accounts, people


def some_merge(random: Random, resource: str, alive: list[str]) -> tuple[dict[str, Any], list[Any]]:
    survivor, *sources = random.sample(alive, random.randint(2, 3))
    fields = [
        "name",
        "industry",
        "phones",
        "custom.vat",
        "revenue",
        "credit_limit",
        "parent_id",
        "tags",
    ]
    if resource == "contacts":
        fields = ["name", "birthday", "reports_to_id", "hobbies", "owner_id"]
    chosen = {f: random.choice([survivor, *sources]) for f in random.sample(fields, 2)}
    for source in sources:
        alive.remove(source)
    return {"fields": chosen}, [{"id": survivor}, *({"id": source} for source in sources)]


@pytest.mark.parametrize("seed", range(6))
async def test_merges_undone_in_turn_leave_everything_as_it_was(
    client: Clients, organisation: Organisation, seed: int
) -> None:
    admin, random = organisation.admin, Random(seed)
    accounts, people = await a_world(client, admin, random)
    begin = await everything(client, admin)
    before, done = [], []
    for _ in range(5):
        resource = random.choice(["accounts", "contacts"])
        alive = accounts if resource == "accounts" else people
        if len(alive) < 3:
            continue
        before.append(await everything(client, admin))
        more, records = some_merge(random, resource, alive)
        answer = await merge(client, admin, *records, resource=resource, **more)
        assert answer.status_code == 201, answer.text
        done.append(answer.json())
        now = await everything(client, admin)
        assert await followed(client, admin) == now
        assert not {each["id"] for each in records[1:]} & _named(now)
    assert len(done) > 2
    for each in reversed(done):
        answer = await undo(client, admin, each)
        assert answer.status_code == 200, answer.text
        assert await everything(client, admin) == before.pop()
        assert await followed(client, admin) == await everything(client, admin)
    assert await everything(client, admin) == begin
    await the_past_is_whole(client, admin)
    await the_deleted_come_back(client, admin)


def _named(world: dict[str, Any]) -> set[str]:
    """Every id that a record is or names."""
    found = set(world)
    for row in world.values():
        found |= {row[n] for n in ("parent_id", "referred_by_id", "reports_to_id") if row.get(n)}
        found |= {link["account_id"] for link in row.get("accounts", ())}
    return found


async def the_past_is_whole(client: Clients, user: User) -> None:
    """Each record's history has every version once, and ends with what it is."""
    for resource in ("accounts", "contacts"):
        for row in (await client(user).get(f"/v1/{resource}", params={"limit": 200})).json()[
            "data"
        ]:
            path = f"/v1/{resource}/{row['id']}/history"
            entries = (await client(user).get(path, params={"limit": 200})).json()["data"]
            assert [e["version"] for e in entries] == list(range(row["version"], 0, -1))
            assert entries[0]["after"] == row


async def the_deleted_come_back(client: Clients, user: User) -> None:
    """Children that were deleted when their records were merged name the same ones as at first."""
    events = (await client(user).get("/v1/events", params={"limit": 1000})).json()
    alive = await everything(client, user)
    created = {
        e["data"]["id"]: e["data"]["state"] for e in events if e["type"].endswith(".created")
    }
    gone = [id for id, state in created.items() if id not in alive and "label" not in state]
    assert len(gone) == 2
    for id in gone:
        resource = "contacts" if "reports_to_id" in created[id] else "accounts"
        answer = await client(user).post(f"/v1/{resource}/{id}/restore")
        assert answer.status_code == 200, answer.text
        for name in ("accounts", "parent_id", "referred_by_id", "reports_to_id"):
            assert answer.json().get(name) == created[id].get(name)
