"""How many statements a hot request costs: one to read, at most three to create."""

from typing import Any

import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.library.books import book
from tests.statements import heard_on, statements_of

pytestmark = pytest.mark.usefixtures("remembered")


async def _warmed(client: Clients, organisation: Organisation) -> tuple[Any, dict[str, Any]]:
    """What is remembered for a second (scope, definitions) is known."""
    rep = client(organisation.rep)
    made = await book(rep)
    for path in ("/v1/books", f"/v1/books/{made['id']}"):
        await rep.get(path)
    return rep, made


READS = [
    ("/v1/books/{id}", 1),
    ("/v1/books", 1),
    ("/v1/books?sort=-updated_at&pages[gte]=1&fields=id,title", 1),
    ("/v1/books?q=walden", 1),
    ("/v1/books?total=exact", 2),
    ("/v1/books/{id}/history", 2),
]


@pytest.mark.parametrize(("path", "count"), READS)
async def test_a_read_costs(
    client: Clients, organisation: Organisation, service_database: Database, path: str, count: int
) -> None:
    rep, made = await _warmed(client, organisation)
    with statements_of(service_database) as seen:
        answer = await rep.get(path.replace("{id}", made["id"]))
    assert answer.status_code == 200
    assert len(seen) == count, seen


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
async def test_a_create_costs_at_most_three(
    client: Clients, organisation: Organisation, service_database: Database, headers: dict[str, str]
) -> None:
    rep, _ = await _warmed(client, organisation)
    with statements_of(service_database) as seen:
        answer = await rep.post("/v1/books", json={"title": "x"}, headers=headers)
    assert answer.status_code == 201
    assert 1 <= len(seen) <= 3, seen


async def test_an_update_costs_a_look_and_a_write(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """In a tiny table too, which a plan may read from end to end: the binding comes first."""
    rep, made = await _warmed(client, organisation)
    with statements_of(service_database) as seen:
        answer = await rep.patch(
            f"/v1/books/{made['id']}", json={"pages": 2}, headers={"If-Match": '"1"'}
        )
    assert answer.status_code == 200
    assert len(seen) == 2, seen
    assert "FOR NO KEY UPDATE" not in seen[0]


async def test_what_the_driver_asks_about_types_is_not_counted(service_database: Database) -> None:
    """On a connection that has not met the type; which tests run before this one decides that."""
    asked: list[str] = []
    async with service_database.transaction(None) as connection:
        await connection.reload_schema_state()
        with heard_on(connection, lambda record: asked.append(record.query)):
            await connection.fetch("SELECT $1::regclass[]", [])
    assert asked == ["SELECT $1::regclass[]"]


async def test_a_connection_that_is_opened_meanwhile_is_counted(service_database: Database) -> None:
    pool = service_database.pool
    await pool.expire_connections()
    with statements_of(service_database) as seen:
        await pool.fetchval("SELECT 1")
    assert seen == ["SELECT 1"]
