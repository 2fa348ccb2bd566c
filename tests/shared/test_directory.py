"""The copy of people, teams and shares: never older than what was applied, waited for by who asks."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from guanxi_shared import visibility
from guanxi_shared.db import Database
from guanxi_shared.directory import TYPES, directory_consumer
from guanxi_shared.edge import Edge
from guanxi_shared.feed.patterns import matches_type
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_event,
    directory_events,
    new_user,
    share_state,
    user_state,
)
from tests.library.books import book

READ = "SELECT * FROM directory_users WHERE organisation_id = $2 AND id = $3"


async def _row(database: Database, organisation: UUID, user: UUID) -> dict[str, Any]:
    row = await database.fetchrow(organisation, READ, organisation, user)
    assert row is not None
    return dict(row)


async def test_an_older_version_never_overwrites_a_newer_one(
    service_database: Database, organisation: Organisation
) -> None:
    user = organisation.rep
    for version, name in ((5, "five"), (3, "three"), (5, "again"), (6, "six")):
        state = user_state(user, organisation, name=name)
        event = directory_event(organisation.id, "user", state, version=version, verb="updated")
        await apply_to_directory(service_database, [event])
    assert (await _row(service_database, organisation.id, user.id))["name"] == "six"


async def test_applying_everything_twice_changes_nothing(
    service_database: Database, organisation: Organisation
) -> None:
    before = await _row(service_database, organisation.id, organisation.manager.id)
    await apply_to_directory(service_database, directory_events(organisation))
    assert await _row(service_database, organisation.id, organisation.manager.id) == before


async def test_somebody_who_was_deleted_is_no_longer_active(
    service_database: Database, organisation: Organisation
) -> None:
    state = user_state(organisation.rep, organisation)
    gone = directory_event(organisation.id, "user", state, version=2, verb="deleted")
    await apply_to_directory(service_database, [gone])
    assert (await _row(service_database, organisation.id, organisation.rep.id))["active"] is False


async def test_a_share_is_opened_widened_and_closed(
    client: Clients, organisation: Organisation, service_database: Database, service: Edge
) -> None:
    made = await book(client(organisation.rep))
    other, path = client(organisation.other_rep), f"/v1/books/{made['id']}"
    share = share_state(made["id"], resource="books", user=organisation.other_rep)
    expected = [("created", "read", 403), ("updated", "write", 200), ("deleted", "write", 404)]
    for version, (verb, access, status) in enumerate(expected, 1):
        event = directory_event(
            organisation.id, "share", share | {"access": access}, version=version, verb=verb
        )
        await apply_to_directory(service_database, [event])
        service.state.house.directory.moved(organisation.id, version)
        assert (await other.patch(path, json={"pages": version})).status_code == status, verb


async def test_the_directory_consumer_makes_a_change_count_at_once(
    client: Clients, organisation: Organisation, service: Edge
) -> None:
    """Through the consumer, which forgets what was resolved before."""
    made = await book(client(organisation.other_rep))
    manager, path = client(organisation.manager), f"/v1/books/{made['id']}"
    assert (await manager.get(path)).status_code == 404
    state = user_state(organisation.manager, organisation)
    state["sees_subtree"].append(str(organisation.other_rep.id))
    event = directory_event(organisation.id, "user", state, version=2, verb="updated")
    house = service.state.house

    async def source(**options: Any) -> tuple[UUID, int, list[Any]]:
        return organisation.id, 1, [event]

    consumer = directory_consumer(source, house.directory)
    consumer.name = f"directory-{organisation.id}"
    async with house.db.transaction(None) as connection:
        await connection.execute(
            "INSERT INTO feed_cursors (consumer, position) VALUES ($1, 0)", consumer.name
        )
    assert await consumer.step(house.db, wait=0) == 1
    assert (await manager.get(path)).status_code == 200


@pytest.mark.parametrize("how", ["token", "header"])
async def test_a_request_waits_until_the_copy_is_as_new_as_its_token(
    client: Clients, organisation: Organisation, service_database: Database, how: str
) -> None:
    made = await book(client(organisation.rep))
    newcomer = new_user(organisation.id, "new", "manager", also=("books",))
    user = newcomer.but(directory_version=7) if how == "token" else newcomer
    headers = {"x-directory-version": "7"} if how == "header" else {}
    asking = asyncio.create_task(client(user, **headers).get(f"/v1/books/{made['id']}"))
    await asyncio.sleep(0.3)
    assert not asking.done()
    seeing = user_state(
        newcomer, organisation, sees_subtree=[str(organisation.rep.id)], directory_version=7
    )
    await apply_to_directory(service_database, [directory_event(organisation.id, "user", seeing)])
    assert (await asyncio.wait_for(asking, 5)).status_code == 200


async def test_a_request_that_waits_in_vain_goes_on_and_holds_up_no_other(
    client: Clients, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visibility, "WAIT_FOR_DIRECTORY_SECONDS", 0.2)
    rep = client(organisation.rep.but(directory_version=99))
    start = time.monotonic()
    assert (await rep.get("/v1/books")).status_code == 200
    assert time.monotonic() - start >= 0.2
    monkeypatch.setattr(visibility, "WAIT_FOR_DIRECTORY_SECONDS", 60)
    assert (await asyncio.wait_for(rep.get("/v1/books"), 5)).status_code == 200


@pytest.mark.parametrize("version", ["-1", "x", "", "²", "1e9", "9" * 30])
async def test_a_version_that_is_none_delays_nobody_for_long(
    client: Clients, organisation: Organisation, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visibility, "WAIT_FOR_DIRECTORY_SECONDS", 0.1)
    headers = [(b"x-directory-version", version.encode("latin-1"))]
    answer = await client(organisation.rep).get("/v1/books", headers=headers)
    assert answer.status_code == 200


async def test_after_a_wait_in_vain_the_next_change_is_waited_for_again(
    client: Clients, organisation: Organisation, service_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(visibility, "WAIT_FOR_DIRECTORY_SECONDS", 0.1)
    await client(organisation.rep, **{"x-directory-version": str(10**9)}).get("/v1/books")
    monkeypatch.setattr(visibility, "WAIT_FOR_DIRECTORY_SECONDS", 5)
    asking = asyncio.create_task(client(organisation.rep.but(directory_version=3)).get("/v1/books"))
    await asyncio.sleep(0.2)
    assert not asking.done()
    state = user_state(organisation.rep, organisation, directory_version=3)
    event = directory_event(organisation.id, "user", state, version=2, verb="updated")
    await apply_to_directory(service_database, [event])
    assert (await asyncio.wait_for(asking, 5)).status_code == 200


def test_the_types_heard_cover_every_kind_of_change() -> None:
    for noun in ("organisation", "user", "team", "share"):
        for verb in ("created", "updated", "deleted"):
            assert matches_type(f"gateway.{noun}.{verb}", TYPES)
