"""Tickets that are loaded stand as the service would have put them, and their policy is one it takes."""

import asyncpg

from guanxi_tickets.business_calendars.schemas import CalendarCreate
from guanxi_tickets.sla_policies.schemas import PolicyCreate
from tests.bench.loading import load_tickets, superuser
from tests.bench.stock import TICKETS
from tests.bench.test_arithmetic import organisation_of
from tests.bench.ticket_stock import calendar, policy
from tests.prepared import Clone

COUNT = 200


def test_the_service_takes_the_calendar_and_the_policy() -> None:
    CalendarCreate.model_validate(calendar())
    PolicyCreate.model_validate(policy())


async def test_tickets_are_loaded_whole_and_anew(own_database: Clone) -> None:
    organisation, url = organisation_of(mates=4), own_database.admin_url
    for count in (COUNT, COUNT // 2):
        await load_tickets(url, organisation, count)
        async with superuser(url, TICKETS) as connection:
            await demand_whole(connection, count)


async def demand_whole(connection: asyncpg.Connection, count: int) -> None:
    rows = await connection.fetch("SELECT * FROM tickets")
    assert len(rows) == count
    assert all(row["as_shown"] and row["sla_next_at"] for row in rows)
    assert await connection.fetchval("SELECT count(*) FROM tickets_search") == count
    assert await connection.fetch("SELECT * FROM due_sla_timers(5)") == []
