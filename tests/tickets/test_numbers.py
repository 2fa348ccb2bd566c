"""Numbers without gaps or doubles, whoever makes tickets at once, gives up or dies in between."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import httpx

from guanxi_shared.consumers import bind
from guanxi_tickets.tickets.numbering import NEXT, number_of
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.tickets.company import PATH, made

FAIL = {"op": "create", "data": {"subject": "x", "status": "nowhere"}}
WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%ticket_numbers%'
"""
MAKE = {"op": "create", "data": {"subject": "x"}}


def one_after_the_other(numbers: Sequence[str]) -> None:
    assert sorted(numbers) == [number_of(n) for n in range(1, len(numbers) + 1)]


async def numbers_of(user: httpx.AsyncClient) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = (await user.get(f"{PATH}?limit=200&fields=number{cursor}")).json()
        found += [row["number"] for row in page["data"]]
        if not page["page"]["has_more"]:
            return found
        cursor = f"&cursor={page['page']['next_cursor']}"


async def test_many_at_once_with_batches_that_are_taken_back_leave_no_gap_and_no_double(
    client: Clients, company: Organisation
) -> None:
    agents = [client(company.users[name]) for name in ("rep", "rep2", "junior", "other_rep")]

    async def batch(user: httpx.AsyncClient, operations: list[Any], mode: str) -> int:
        sent = {"mode": mode, "operations": operations}
        return (await user.post(f"{PATH}/batch", json=sent)).status_code

    work = []
    for n in range(24):
        user = agents[n % len(agents)]
        work += [
            made(user),
            batch(user, [MAKE, MAKE, FAIL], "all_or_nothing"),  # two numbers, given back
            batch(user, [MAKE, FAIL, MAKE], "independent"),  # two kept
        ]
    results = await asyncio.gather(*work)
    assert results[1::3] == [422] * 24
    assert results[2::3] == [200] * 24
    numbers = await numbers_of(client(company.admin))
    assert len(numbers) == 24 * 3
    one_after_the_other(numbers)


async def test_a_connection_that_dies_with_a_number_in_its_hand_gives_it_back(
    client: Clients, company: Organisation, database: Clone
) -> None:
    rep = client(company.rep)
    await made(rep)
    holder = await asyncpg.connect(database.urls["tickets"].request)
    transaction = holder.transaction()
    await transaction.start()
    await bind(holder, str(company.id))
    assert await holder.fetchval(NEXT, company.id) == 2
    waiting = asyncio.gather(*(made(rep) for _ in range(5)))
    backend = holder.get_server_pid()
    admin = await asyncpg.connect(database.admin_url)
    try:
        await until(lambda: admin.fetchval(WAITING))
        assert await admin.fetchval("SELECT pg_terminate_backend($1)", backend)
    finally:
        await admin.close()
    await waiting
    holder.terminate()
    one_after_the_other(await numbers_of(rep))


async def test_every_organisation_counts_for_itself(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    await asyncio.gather(
        *(made(client(who.admin)) for who in (company, other_organisation) for _ in range(10))
    )
    for who in (company, other_organisation):
        one_after_the_other(await numbers_of(client(who.admin)))


async def test_a_repeated_create_takes_one_number(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    answers = await asyncio.gather(
        *(
            rep.post(PATH, json={"subject": "Once"}, headers={"idempotency-key": "k"})
            for _ in range(8)
        )
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert await numbers_of(rep) == ["TK-000001"]
    assert (await made(rep))["number"] == "TK-000002"
