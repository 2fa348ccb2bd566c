"""Many requests of many organisations over few connections: nothing leaks, nothing locks up."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from guanxi_shared.edge import Edge
from tests.conftest import running, settle_environment
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_events,
    new_organisation,
)
from tests.library.app import create as create_library
from tests.library.books import book, ids
from tests.prepared import Clone
from tests.stand_in import GatewayStandIn

ORGANISATIONS = 20
REQUESTS = 2000


@pytest.fixture(scope="module")
async def narrow(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """A library with three connections and room for every request at once."""
    with pytest.MonkeyPatch.context() as patch:
        more = {
            "LIBRARY_POOL_SIZE": "3",
            "GUANXI_MAX_IN_FLIGHT": str(REQUESTS + 10),
            "LIBRARY_STATEMENT_TIMEOUT_MS": "30000",  # who waits for whom is tested, not how long
        }
        files: Path = tmp_path_factory.mktemp("narrow")
        settle_environment(patch, database, "library", gateway_stand_in, files, **more)
        app = create_library()
    async with running(app):
        yield app


async def test_two_thousand_requests_at_once_never_meet_another_organisations_rows(
    narrow: Edge, gateway_stand_in: GatewayStandIn
) -> None:
    client = Clients(narrow, gateway_stand_in)
    organisations = [new_organisation(also=("books",)) for _ in range(ORGANISATIONS)]
    for organisation in organisations:
        await apply_to_directory(narrow.state.house.db, directory_events(organisation))
    clients = {o.id: client(o.rep) for o in organisations}
    own = {o.id: await book(clients[o.id], title=str(o.id)) for o in organisations}
    chance = random.Random(5)

    async def one() -> tuple[str, int]:
        mine, other = chance.sample(organisations, 2)
        kind = chance.choice(["get", "get", "list", "search", "foreign", "change", "create"])
        return kind, await _ask(kind, clients[mine.id], mine, own[mine.id], own[other.id])

    answers = Counter(await asyncio.gather(*(one() for _ in range(REQUESTS))))
    assert {status for _, status in answers} <= {200, 201, 404, 503}
    assert {kind for kind, status in answers if status == 503} <= {"change", "create"}
    refused = sum(count for (_, status), count in answers.items() if status == 503)
    assert refused < REQUESTS / 2


async def _ask(
    kind: str, client: Any, mine: Organisation, own: dict[str, Any], foreign: dict[str, Any]
) -> int:
    if kind == "get":
        answer = await client.get(f"/v1/books/{own['id']}")
        assert answer.json()["title"] == str(mine.id)
    elif kind in ("list", "search"):
        params = {"q": str(mine.id)[:8]} if kind == "search" else {}
        answer = await client.get("/v1/books", params=params)
        assert {record["title"] for record in answer.json()["data"]} == {str(mine.id)}
    elif kind == "foreign":
        answer = await client.get(f"/v1/books/{foreign['id']}")
        assert answer.status_code == 404
    elif kind == "change":
        answer = await client.patch(f"/v1/books/{own['id']}", json={"pages": random.randrange(9)})
    else:
        answer = await client.post("/v1/books", json={"title": str(mine.id)})
    status: int = answer.status_code
    return status


@pytest.mark.parametrize("method", ["create", "change", "batch"])
async def test_writers_of_organisations_met_for_the_first_time_do_not_wait_for_each_other_forever(
    narrow: Edge, gateway_stand_in: GatewayStandIn, method: str
) -> None:
    """Each needs the directory and the custom fields of its organisation, and a connection."""
    client = Clients(narrow, gateway_stand_in)
    organisations = [new_organisation(also=("books",)) for _ in range(12)]
    for organisation in organisations:
        await apply_to_directory(narrow.state.house.db, directory_events(organisation))
    made = [await book(client(o.rep)) for o in organisations]
    for organisation in organisations:
        narrow.state.house.custom_fields.forget(organisation.id)
    narrow.state.house.directory._known.clear()

    async def write(organisation: Organisation, known: dict[str, Any]) -> int:
        rep = client(organisation.rep)
        if method == "create":
            return (await rep.post("/v1/books", json={"title": "x", "custom": {}})).status_code
        if method == "change":
            return (await rep.patch(f"/v1/books/{known['id']}", json={"custom": {}})).status_code
        operation = {"op": "create", "data": {"title": "x"}}
        return (await rep.post("/v1/books/batch", json={"operations": [operation]})).status_code

    pairs = zip(organisations, made, strict=True)
    statuses = await asyncio.wait_for(asyncio.gather(*(write(o, m) for o, m in pairs)), 20)
    assert set(statuses) <= {200, 201}, Counter(statuses)


async def test_a_request_that_is_given_up_leaves_its_connection_clean(
    narrow: Edge, gateway_stand_in: GatewayStandIn
) -> None:
    client = Clients(narrow, gateway_stand_in)
    organisation, other = new_organisation(also=("books",)), new_organisation(also=("books",))
    for each in (organisation, other):
        await apply_to_directory(narrow.state.house.db, directory_events(each))
    made = await book(client(organisation.rep))
    for _ in range(30):
        task = asyncio.create_task(
            client(organisation.rep).patch(
                f"/v1/books/{made['id']}", json={"pages": random.randrange(99)}
            )
        )
        await asyncio.sleep(random.random() / 200)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert ids((await client(other.rep).get("/v1/books")).json()["data"]) == []
    assert (await client(organisation.rep).get(f"/v1/books/{made['id']}")).status_code == 200
