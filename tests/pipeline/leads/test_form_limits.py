"""Web forms: whoever fills in too many has to wait, whatever address they say they have."""

import asyncio
from uuid import UUID

import httpx

from guanxi_pipeline.lead_forms.taking import COUNTED
from guanxi_shared.db import Database
from guanxi_shared.web_forms.limits import seconds_left
from tests.factories import Clients, Organisation
from tests.pipeline.leads.forming import FILLED, Formed, at, counts_of, leads_of


async def test_the_limit_holds_for_each_address_however_many_come_at_once(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    form = await formed(hourly_limit=3)

    async def send(address: str) -> httpx.Response:
        return await client().post(at(form), json=FILLED, headers={"x-forwarded-for": address})

    answers = await asyncio.gather(*(send("203.0.113.7") for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [201] * 3 + [429] * 5
    limited = next(a for a in answers if a.status_code == 429)
    # A third of an hour until there is room for one more.
    assert 1190 <= int(limited.headers["retry-after"]) <= 1200
    # What a visitor claims of others before the last address counts nothing; a neighbour is another.
    assert (await send("198.51.100.1, 203.0.113.7")).status_code == 429
    assert (await send("203.0.113.8")).status_code == 201
    # In IPv6 a household has 64 bits of its own.
    assert [(await send(f"2001:db8::{n}")).status_code for n in range(4)] == [201, 201, 201, 429]
    assert (await send("2001:db8:0:1::1")).status_code == 201
    assert await counts_of(client, organisation, form) == [(8, 0, 7)]


async def test_lines_of_a_visitors_own_hide_nobody(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    form, consent = (
        await formed(hourly_limit=1, consent_text="You may write to me."),
        {"consent": "on"},
    )

    async def send(*lines: str) -> int:
        headers = [("x-forwarded-for", line) for line in lines]
        answer = await client().post(at(form), json=FILLED | consent, headers=headers)
        return answer.status_code

    assert await send("198.51.100.1", "203.0.113.7") == 201
    assert await send("198.51.100.2", "203.0.113.7") == 429
    assert await send("198.51.100.3, 198.51.100.4", "::ffff:203.0.113.7") == 429
    (lead,) = await leads_of(client, organisation)
    assert [each["address"] for each in lead["consents"]] == ["203.0.113.7"]


async def test_whoever_began_first_and_was_overtaken_still_finds_the_room_that_is_left(
    client: Clients, organisation: Organisation, formed: Formed, service_database: Database
) -> None:
    form = await formed(hourly_limit=3)
    limit = (COUNTED, organisation.id, UUID(form["id"]), "203.0.113.7", 3)
    async with service_database.transaction(organisation.id) as early:
        await early.execute("SELECT now(), pg_sleep(0.02)")  # its now() is behind from here on
        for _ in range(2):
            async with service_database.transaction(organisation.id) as late:
                assert await seconds_left(late, *limit) is None
        assert await seconds_left(early, *limit) is None
    async with service_database.transaction(organisation.id) as one_more:
        assert 1190 <= (await seconds_left(one_more, *limit) or 0) <= 1200


async def test_room_comes_back_with_time(
    client: Clients, organisation: Organisation, formed: Formed, service_database: Database
) -> None:
    form = await formed(hourly_limit=2)
    assert [(await client().post(at(form), json=FILLED)).status_code for _ in range(3)] == [
        201,
        201,
        429,
    ]
    later = "UPDATE lead_form_hits SET used_up_to = used_up_to - interval '30 minutes'"
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(later)
    assert [(await client().post(at(form), json=FILLED)).status_code for _ in range(2)] == [
        201,
        429,
    ]
