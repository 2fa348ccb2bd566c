"""Offers run out with their last day, told once however many workers come by."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi_pipeline.jobs import SCHEDULES
from guanxi_pipeline.quotes.expiring import expire_quotes
from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.pipeline.quotes.offering import act, sent_quote, told


async def move(database: Database, organisation: Organisation, quote_id: str, day: date) -> None:
    async with database.transaction(organisation.id) as connection:
        sql = "UPDATE quotes SET valid_until = $2 WHERE id = $1"
        await connection.execute(sql, UUID(quote_id), day)


async def test_what_is_over_expires_once_under_several_workers_and_the_rest_stays(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep, today = client(organisation.rep), datetime.now(ZoneInfo("Asia/Shanghai")).date()
    over = [await sent_quote(rep) for _ in range(6)]
    last_day, answered = await sent_quote(rep), await sent_quote(rep)
    await act(rep, answered, "accept", name="X")
    for each in (*over, answered):
        await move(service_database, organisation, each["id"], today - timedelta(days=1))
    await move(service_database, organisation, last_day["id"], today)
    await asyncio.gather(*(expire_quotes.duty(service_database) for _ in range(3)))
    await expire_quotes.duty(service_database)
    for each in over:
        assert await told(rep, each) == ["created", "sent", "expired"]
        assert (await rep.get(f"/v1/quotes/{each['id']}")).json()["status"] == "expired"
    assert await told(rep, last_day) == ["created", "sent"]
    assert await told(rep, answered) == ["created", "sent", "accepted"]
    again = await act(rep, over[0], "revise", 201)
    assert (again["valid_until"], again["revision"]) == (None, 2)


def test_the_worker_comes_by() -> None:
    assert expire_quotes in SCHEDULES
