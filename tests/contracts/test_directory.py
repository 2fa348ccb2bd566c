"""The directory shape that services read, held against what the gateway really publishes."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from guanxi_gateway.edge import FrontDoor
from guanxi_shared.auth import sign_service_token
from guanxi_shared.calls import House
from guanxi_shared.consumers import START, Consumer
from guanxi_shared.db import Database
from guanxi_shared.directory import TYPES, directory_consumer
from guanxi_shared.edge import Edge
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id
from tests.gateway.identity.people import Company, Person
from tests.gateway.identity.test_roles_keys_and_shares import contacts_saying
from tests.stand_in import SECRET

Check = Callable[[Any], bool]


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and str(UUID(value)) == value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_id, value))


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


# What `guanxi_shared.directory` reads of each noun, and contacts of a user's role; whatever else is published, nobody hears.
SHAPE: dict[str, dict[str, Check]] = {
    "organisation": {
        "id": _is_id, "name": _is_text, "time_zone": _is_text,
        "currency": lambda v: isinstance(v, str) and len(v) == 3,
        "region": lambda v: isinstance(v, str) and len(v) == 2,
    },
    "user": {
        "id": _is_id, "name": _is_text, "email": lambda v: "@" in v, "is_active": lambda v: isinstance(v, bool),
        "sees_team": _are_ids, "sees_subtree": _are_ids, "teams": _are_ids, "subtree_teams": _are_ids,
        "heads": lambda v: isinstance(v, bool), "role": _is_text,
    },
    "team": {"id": _is_id, "name": _is_text, "parent_id": _or_none(_is_id)},
    "share": {
        "id": _is_id, "resource": _is_text, "record_id": _is_id, "user_id": _or_none(_is_id),
        "team_id": _or_none(_is_id), "access": lambda v: v in ("read", "write"),
        "until": _or_none(lambda v: datetime.fromisoformat(v).tzinfo is not None),
    },
}  # fmt: skip
TABLES = {
    "directory_state": "version, name, time_zone, currency, region",
    "directory_users": "id, name, email, active, sees_team, sees_subtree, teams, subtree_teams, heads",
    "directory_teams": "id, name, parent_id",
    "directory_shares": "id, resource, record_id, user_id, team_id, access, until",
}


@pytest.fixture
def gateway_feed(door: FrontDoor) -> Any:
    """The gateway's feed as a service reads it: over HTTP, with a service's token."""
    transport = httpx.ASGITransport(app=door)

    async def read(
        *, epoch: UUID | None, after: int, types: Sequence[str], limit: int, wait: float
    ) -> tuple[UUID, int, list[Event]]:
        token = sign_service_token(SECRET, issuer="library", audience="gateway", now=time.time())
        params: dict[str, Any] = {"after": after, "limit": limit, "types": ",".join(types)}
        if epoch is not None:
            params["epoch"] = str(epoch)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            answer = await client.get(
                "/internal/events", params=params, headers={"authorization": f"Bearer {token}"}
            )
        found = orjson.loads(answer.content)
        return UUID(found["epoch"]), found["reached"], found["events"]

    return read


async def _live(company: Company, house: House) -> None:
    """Everything that can happen to a directory."""
    north, south = await company.team("North"), await company.team("South")
    local = await company.team("Local", north)
    manager = await company.hire("manager", teams=(north,))
    rep = await company.hire("sales", teams=(local,))
    agent = await company.hire("agent", teams=(south, local))
    gone = await company.hire("sales", teams=(south,))
    closed = await company.team("Closed", south)
    for method, path, body in (
        ("PATCH", f"/v1/teams/{local}", {"parent_id": south, "name": "Further south"}),
        ("PATCH", f"/v1/users/{rep.id}", {"role": "manager", "name": "李雷"}),
        ("PATCH", f"/v1/users/{agent.id}", {"team_ids": [north]}),
        ("PATCH", f"/v1/users/{gone.id}", {"is_active": False}),
        ("DELETE", f"/v1/teams/{closed}", None),
        ("PATCH", "/v1/organisation", {"name": "远方有限公司", "time_zone": "Europe/Berlin"}),
    ):
        sent = {"json": body} if body is not None else {}
        answer = await company.admin.request(method, path, **sent)
        assert answer.status_code == 200, (method, path, answer.text)
    records = {id: {"id": id, "owner_id": rep.id} for id in (str(uuid4()), str(uuid4()))}
    async with contacts_saying(house, records):
        await _share(rep, manager, list(records))


async def _share(owner: Person, receiver: Person, records: Sequence[str]) -> None:
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    shares = []
    for record in records:
        body = {"resource": "accounts", "record_id": record, "user_id": receiver.id, "until": until}
        answer = await owner.post("/v1/shares", body)
        assert answer.status_code == 201, answer.text
        shares.append(answer.json()["id"])
    assert (await owner.patch(f"/v1/shares/{shares[0]}", {"access": "write"})).status_code == 200
    assert (await owner.delete(f"/v1/shares/{shares[1]}")).status_code == 200


async def _events(gateway_feed: Any, company: Company) -> list[Event]:
    found: list[Event] = []
    after = 0
    while True:
        _, reached, events = await gateway_feed(
            epoch=None, after=after, types=TYPES, limit=500, wait=0
        )
        found += [event for event in events if event["organisation_id"] == company.id]
        if reached == after:
            return found
        after = reached


async def test_every_event_has_the_fields_that_services_read(
    company: Company, gateway_feed: Any, house: House
) -> None:
    await _live(company, house)
    events = await _events(gateway_feed, company)
    assert {event["type"].split(".")[1] for event in events} == set(SHAPE)
    for event in events:
        noun = event["type"].split(".")[1]
        for name, holds in SHAPE[noun].items():
            assert holds(event["after"][name]), (event["type"], name, event["after"])
        assert event["version"] >= 1
        assert event["subject_id"] == event["after"]["id"]


async def test_the_last_event_of_a_change_counts_the_directory_up(
    company: Company, gateway_feed: Any, house: House
) -> None:
    await _live(company, house)
    events = await _events(gateway_feed, company)
    versions = [
        e["after"]["directory_version"] for e in events if "directory_version" in e["after"]
    ]
    assert versions == sorted(set(versions))
    assert "directory_version" in events[-1]["after"]


async def _copy(database: Database, organisation: str, table: str) -> list[dict[str, Any]]:
    sql = f"SELECT {TABLES[table]} FROM {table} WHERE organisation_id = $2 ORDER BY 1, 2"
    rows = [dict(row) for row in await database.fetch(UUID(organisation), sql, UUID(organisation))]
    return [{n: sorted(v) if isinstance(v, list) else v for n, v in row.items()} for row in rows]


async def test_a_service_that_hears_it_all_knows_what_the_gateway_knows(
    company: Company, gateway_feed: Any, house: House, library: Edge
) -> None:
    await _live(company, house)
    theirs: Database = library.state.house.db
    consumer = _renamed(directory_consumer(gateway_feed, library.state.house.directory))
    async with theirs.transaction(None) as connection:
        await connection.execute(START, consumer.name)
    while await consumer.step(theirs, wait=0):
        pass
    for table in TABLES:
        copied = await _copy(theirs, company.id, table)
        assert copied, table
        assert copied == await _copy(house.db, company.id, table), table


def _renamed(consumer: Consumer) -> Consumer:
    """With a cursor of its own: the library's own consumer has one already."""
    consumer.name = f"directory-{new_id()}"
    return consumer


async def test_the_claims_of_a_real_token_are_those_that_services_read(
    company: Company, house: House
) -> None:
    rep = await company.hire("sales", teams=(await company.team("North"),))
    principal = await house.verifier.verify(rep.tokens["access_token"])
    assert str(principal.user_id) == rep.id
    assert str(principal.organisation_id) == company.id
    assert (principal.role, principal.time_zone) == ("sales", "Asia/Shanghai")
    assert principal.sees("accounts") == "own"
    assert principal.may("accounts:create")
    assert not principal.may("users:create")
    assert principal.directory_version > 0
    assert principal.session_id is not None
