"""Clients that write without pause and remember every acknowledgement."""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.torture.people import Person

FORGIVEN = frozenset({401, 409, 429, 502, 503, 504})
GIVE_UP_SECONDS = 60
CONTACTS, DEALS, TICKETS = "/v1/contacts", "/v1/opportunities", "/v1/tickets"
PATHS = (CONTACTS, DEALS, TICKETS)
STATUSES = ("open", "pending", "on_hold")  # from each to each


@dataclass
class Ledger:
    """What one organisation's clients were told is done."""

    canary: str
    versions: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)  # by id, the list that a record is in
    keys: dict[str, str] = field(default_factory=dict)  # idempotency key → id of the record made
    # Records that everybody changes: the versions that were acknowledged, each to one writer.
    shared: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    acknowledged: int = 0
    replayed: int = 0
    retried: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Client:
    """One client with a connection of its own; repeats until it has a definite answer."""

    http: httpx.AsyncClient
    person: Person
    ledger: Ledger
    foreign: str
    random: random.Random
    stages: list[str] = field(default_factory=list)  # of the organisation's pipeline
    token: str = "none-yet"  # the first 401 fetches one, through whatever fault

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """The first answer that is not of a fault; None when none came in time."""
        deadline = asyncio.get_running_loop().time() + GIVE_UP_SECONDS
        headers = dict(request.pop("headers", {}))
        while asyncio.get_running_loop().time() < deadline:
            headers["authorization"] = f"Bearer {self.token}"
            try:
                answer = await self.http.request(method, path, headers=headers, **request)
            except httpx.HTTPError:
                self.ledger.retried += 1
                await asyncio.sleep(self.random.uniform(0.02, 0.3))
                continue
            self._look_at(answer, method, path)
            if answer.status_code == 401:
                self.token = await self._signed_in()
            if answer.status_code not in FORGIVEN or _is_verdict(answer):
                return answer
            self.ledger.retried += 1
            await asyncio.sleep(self.random.uniform(0.02, 0.3))
        return None

    async def once(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """Whatever comes of it."""
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            answer = await self.http.request(method, path, headers=headers, **request)
        except httpx.HTTPError:
            return None
        self._look_at(answer, method, path)
        return answer

    def _look_at(self, answer: httpx.Response, method: str, path: str) -> None:
        if answer.status_code == 500:
            self.ledger.wrong.append(f"500 for {method} {path}: {answer.text[:200]}")
        if self.foreign in answer.text:
            self.ledger.wrong.append(f"{method} {path} showed the other organisation's data")

    async def _signed_in(self) -> str:
        try:
            return await self.person.sign_in()
        except httpx.HTTPError:
            return self.token


def _is_verdict(answer: httpx.Response) -> bool:
    """A 409 that will not go away by itself."""
    return answer.status_code == 409 and answer.json().get("code") != "still_running"


async def write_until(client: Client, until: asyncio.Event) -> None:
    """Creates, changes and moves of records of one's own, and changes of what everybody changes, each
    acknowledged one noted; now and then a look at what is shown."""
    mine: list[str] = []
    paths = PATHS if client.person.own is None else (CONTACTS, DEALS)
    while not until.is_set():
        chance = client.random.random()
        if chance < 0.1:
            await _look_around(client, client.random.choice(paths))
        elif chance < 0.35 and client.person.own is None and client.ledger.shared:
            await _change_shared(client, client.random.choice(list(client.ledger.shared)))
        elif chance < 0.6 and mine:
            await _change(client, client.random.choice(mine))
        else:
            record_id = await _create(client, client.random.choice(paths))
            if record_id is not None:
                mine.append(record_id)


async def _look_around(client: Client, path: str) -> None:
    """A list and a search: nobody else's organisation, and nobody else's records to who sees their own."""
    found = [
        await client.send("GET", path, params={"limit": 100, "q": client.ledger.canary[:7]}),
        await client.send("POST", f"{path}/search", json={"limit": 100}),
    ]
    for answer in found:
        if answer is not None and answer.status_code == 200:
            client.ledger.wrong += not_to_be_seen(answer.json()["data"], client.person.own)


def not_to_be_seen(rows: list[dict[str, Any]], own: str | None) -> list[str]:
    return [
        f"{own} was shown {row['id']} of {row['owner_id']}"
        for row in rows
        if own is not None and row["owner_id"] != own
    ]


async def make_shared(client: Client, count: int) -> None:
    for _ in range(count):
        record_id = await _create(client, CONTACTS)
        if record_id is not None:
            client.ledger.shared[record_id].append(client.ledger.versions[record_id])


async def _change_shared(client: Client, record_id: str) -> None:
    """Whoever else changes it too: each change is one more version, and nobody's is another's. A change is
    not repeated here: whether the first one was done could not be told."""
    answer = await client.once(
        "PATCH", f"{CONTACTS}/{record_id}", json={"title": f"by {uuid4().hex[:8]}"}
    )
    if answer is not None and answer.status_code == 200:
        record = answer.json()
        client.ledger.shared[record_id].append(record["version"])
        client.ledger.versions[record_id] = max(
            client.ledger.versions[record_id], record["version"]
        )
        client.ledger.acknowledged += 1


async def _create(client: Client, path: str) -> str | None:
    key = uuid4().hex
    name = f"{client.ledger.canary} {key[:8]}"
    named = "subject" if path == TICKETS else "name"
    sent: dict[str, Any] = {named: name, "external_id": key}
    if path == DEALS:
        sent["amount"] = {"amount": f"{client.random.randrange(100_000)}.50", "currency": "CNY"}
    request = {"json": sent, "headers": {"Idempotency-Key": key}}
    answer = await client.send("POST", path, **request)
    if answer is None or answer.status_code not in (200, 201):
        if answer is not None:
            client.ledger.wrong.append(
                f"a create was answered {answer.status_code}: {answer.text[:200]}"
            )
        return None
    record = answer.json()
    client.ledger.paths[record["id"]] = path
    _note(client.ledger, record)
    client.ledger.keys[key] = record["id"]
    if client.random.random() < 0.1:  # deliver it twice
        again = await client.send("POST", path, **request)
        if again is not None and again.content != answer.content:
            client.ledger.wrong.append(
                f"a repeated create was answered differently: {again.text[:200]}"
            )
        client.ledger.replayed += 1
    return str(record["id"])


async def _change(client: Client, record_id: str) -> None:
    """Only this client changes this record, so a lost answer is recognised by reading."""
    path = f"{client.ledger.paths[record_id]}/{record_id}"
    said = f"v{client.ledger.versions[record_id] + 1}"
    if path.startswith(CONTACTS):
        answer = await client.send("PATCH", path, json={"title": said})
    elif client.random.random() < 0.5:
        field = "next_step" if path.startswith(DEALS) else "description"
        answer = await client.send("PATCH", path, json={field: said})
    else:
        key = {"Idempotency-Key": uuid4().hex}
        moved = _move(client, path)
        answer = await client.send("POST", f"{path}/move", json=moved, headers=key)
    if answer is not None and answer.status_code == 200:
        _note(client.ledger, answer.json())
    elif answer is not None:
        client.ledger.wrong.append(
            f"a change was answered {answer.status_code}: {answer.text[:200]}"
        )


def _move(client: Client, path: str) -> dict[str, str]:
    if path.startswith(TICKETS):
        return {"status": client.random.choice(STATUSES)}
    return {"stage_id": client.random.choice(client.stages), "position": "top"}


def name_of(record: dict[str, Any]) -> str:
    """A ticket is called by its subject."""
    return str(record.get("name") or record["subject"])


def _note(ledger: Ledger, record: dict[str, Any]) -> None:
    ledger.acknowledged += 1
    ledger.versions[record["id"]] = record["version"]
    ledger.names[record["id"]] = name_of(record)
