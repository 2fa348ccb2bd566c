"""Reports by the clock: to their owner, with their owner's eyes, each time once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from guanxi_analytics.facts.marks import forget_answers
from guanxi_analytics.press.beside import Press
from guanxi_analytics.schedules.due_rules import next_attempt, next_due
from guanxi_analytics.schedules.keeping import forget_report_files
from guanxi_analytics.schedules.sending import send_due
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.mail import Letter, NotDelivered
from tests.analytics.asking import account_made, sold
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation

SCHEDULES = "/v1/analytics/report-schedules"
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKLY = {"report": "sales-by-region", "cadence": "weekly", "format": "csv", "language": "en"}


@dataclass
class Post:
    """Takes letters, and does `then` when it has one."""

    taken: list[Letter] = field(default_factory=list)
    then: list[Exception] = field(default_factory=list)

    async def send(self, letter: Letter) -> None:
        self.taken.append(letter)
        if self.then:
            raise self.then.pop()

    @property
    def text(self) -> str:
        return self.taken[-1].attached[0].body.decode("utf-8-sig")


class Killed(Exception):
    """As if the worker had ended here."""


@pytest.fixture(scope="module")
async def press() -> AsyncIterator[Press]:
    made = Press()
    yield made
    await made.close()


@pytest.fixture
async def story(
    everywhere: Organisation, sales: Clients, customers: Clients, hear: Hear
) -> Organisation:
    for who, region in (("rep", "华东"), ("other_rep", "华北")):
        user = everywhere.users[who]
        account = await account_made(customers(user), sales(user), region, region=region)
        await sold(sales(user), account, datetime.now(UTC).date().isoformat(), "100.00")
    await hear()
    return everywhere


async def scheduled(client: httpx.AsyncClient, **more: Any) -> str:
    answer = await client.post(SCHEDULES, json={**WEEKLY, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def make_due(database: Database, organisation: Organisation) -> None:
    async with database.transaction(organisation.id) as connection:
        await connection.execute("UPDATE report_schedules SET due_at = clock_timestamp()")


async def make_free(database: Database, organisation: Organisation) -> None:
    """Whatever was put off is to be taken now."""
    async with database.transaction(organisation.id) as connection:
        await connection.execute("UPDATE report_letters SET again_at = clock_timestamp()")


async def letters(client: httpx.AsyncClient, id: str) -> list[tuple[str, str | None]]:
    found = (await client.get(f"{SCHEDULES}/{id}/letters")).json()["data"]
    return [(each["status"], each["reason"]) for each in found]


async def test_it_goes_to_its_owner_with_what_they_see(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    id, post = await scheduled(client(story.rep)), Post()
    assert await send_due(service.state.house, story.id, mail=post, press=press) == 0
    await make_due(service_database, story)
    assert await send_due(service.state.house, story.id, mail=post, press=press) == 1
    [letter] = post.taken
    assert letter.to.startswith("rep")
    assert "华东" in post.text
    assert "华北" not in post.text
    assert await letters(client(story.rep), id) == [("sent", None)]
    assert await send_due(service.state.house, story.id, mail=post, press=press) == 0
    shown = (await client(story.rep).get(f"{SCHEDULES}/{id}")).json()
    assert datetime.fromisoformat(shown["due_at"]) > datetime.now(UTC)


async def test_two_workers_send_it_once(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    await scheduled(client(story.rep))
    await make_due(service_database, story)
    post = Post()
    await asyncio.gather(
        *(send_due(service.state.house, story.id, mail=post, press=press) for _ in range(4))
    )
    assert len(post.taken) == 1


async def test_a_worker_that_dies_behind_the_post_office_has_the_same_letter_sent(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    id, post = await scheduled(client(story.rep)), Post(then=[Killed()])
    await make_due(service_database, story)
    with pytest.raises(Killed):
        await send_due(service.state.house, story.id, mail=post, press=press)
    assert await send_due(service.state.house, story.id, mail=post, press=press) == 0
    await make_free(service_database, story)
    assert await send_due(service.state.house, story.id, mail=post, press=press) == 1
    first, second = post.taken
    assert first == second
    assert first.name is not None
    assert await letters(client(story.rep), id) == [("sent", None)]


async def test_what_is_not_taken_goes_again_and_is_given_up_in_the_end(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    id = await scheduled(client(story.rep))
    post = Post(then=[NotDelivered("busy", is_final=False) for _ in range(5)])
    await make_due(service_database, story)
    for _ in range(5):
        await send_due(service.state.house, story.id, mail=post, press=press)
        await make_free(service_database, story)
    assert await send_due(service.state.house, story.id, mail=post, press=press) == 0
    assert await letters(client(story.rep), id) == [("failed", "not_taken")]


async def test_who_has_gone_gets_nothing(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    id, post = await scheduled(client(story.rep)), Post()
    await make_due(service_database, story)
    async with service_database.transaction(story.id) as connection:
        await connection.execute(
            "UPDATE directory_users SET active = false WHERE id = $1", story.rep.id
        )
    await send_due(service.state.house, story.id, mail=post, press=press)
    assert post.taken == []
    assert await letters(client(story.admin), id) == [("dropped", "owner_gone")]


async def test_a_report_that_was_taken_away_is_not_sent(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    admin, rep = client(story.admin), client(story.rep)
    document = {"measures": ["revenue"], "dimensions": ["region"]}
    body = {"name": "Shared", "document": document, "shared_with": "all"}
    report = (await admin.post("/v1/analytics/reports", json=body)).json()["id"]
    id, post = await scheduled(rep, report=report), Post()
    await admin.patch(f"/v1/analytics/reports/{report}", json={"shared_with": "nobody"})
    await make_due(service_database, story)
    await send_due(service.state.house, story.id, mail=post, press=press)
    assert post.taken == []
    assert await letters(rep, id) == [("failed", "not_found")]


async def test_pages_go_as_pdf(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    await scheduled(client(story.rep), report="monthly-report", format="pdf", cadence="monthly")
    await make_due(service_database, story)
    post = Post()
    await send_due(service.state.house, story.id, mail=post, press=press)
    assert post.taken[0].attached[0].body.startswith(b"%PDF")
    assert "Monthly report" in post.taken[0].subject


class DyingPress(Press):
    """The worker ends where the file would be made."""

    async def make(self, *_: Any, **__: Any) -> bytes:
        raise Killed


async def ready(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The events that tell of files, as a webhook's owner hears them."""
    answer = await client.get("/v1/events", params={"types": "analytics.report.ready"})
    assert answer.status_code == 200, answer.text
    return [event["data"]["state"] for event in answer.json()]


async def test_a_webhook_is_told_once_of_a_file_that_its_owner_fetches(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    rep, post = client(story.rep), Post()
    id = await scheduled(rep, deliver="webhook")
    await make_due(service_database, story)
    await asyncio.gather(
        *(send_due(service.state.house, story.id, mail=post, press=press) for _ in range(3))
    )
    [told] = await ready(rep)
    assert (told["id"], told["report"], told["format"]) == (id, "sales-by-region", "csv")
    assert await letters(rep, id) == [("sent", None)]
    assert post.taken == []
    answer = await rep.get(told["url"])
    assert answer.status_code == 200, answer.text
    assert sha256(answer.content).hexdigest() == told["sha256"]
    assert len(answer.content) == told["size_bytes"]
    assert "华东" in answer.text
    assert "华北" not in answer.text
    listed = (await rep.get(f"{SCHEDULES}/{id}/letters")).json()["data"]
    assert [each["url"] for each in listed] == [told["url"]]


async def test_a_file_is_its_owners_alone(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    rep, other = client(story.rep), client(story.users["other_rep"])
    await scheduled(rep, deliver="webhook")
    await make_due(service_database, story)
    await send_due(service.state.house, story.id, mail=Post(), press=press)
    [told] = await ready(rep)
    assert await ready(other) == []
    for who in (other, client(story.admin)):
        answer = await who.get(told["url"])
        assert answer.status_code == 404, answer.text
    missing = await rep.get(told["url"].replace(told["letter_id"], told["id"]))
    assert missing.status_code == 404


async def test_a_worker_that_dies_over_a_file_has_one_event_told_by_the_next(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    rep = client(story.rep)
    id = await scheduled(rep, deliver="webhook", format="png")
    await make_due(service_database, story)
    with pytest.raises(Killed):
        await send_due(service.state.house, story.id, mail=Post(), press=DyingPress())
    assert await ready(rep) == []
    for _ in range(3):
        await make_free(service_database, story)
        await send_due(service.state.house, story.id, mail=Post(), press=press)
    assert len(await ready(rep)) == 1
    assert await letters(rep, id) == [("sent", None)]


async def test_who_is_erased_is_in_no_kept_file(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    rep = client(story.rep)
    await scheduled(rep, deliver="webhook", report="top-customers")
    await make_due(service_database, story)
    await send_due(service.state.house, story.id, mail=Post(), press=press)
    [told] = await ready(rep)
    assert "华东" in (await rep.get(told["url"])).text
    async with service_database.transaction(story.id) as connection:
        await forget_answers(connection, story.id)
    assert (await rep.get(told["url"])).status_code == 404


async def test_files_are_kept_for_a_month(
    story: Organisation, client: Clients, service_database: Database, press: Press, service: Edge
) -> None:
    rep = client(story.rep)
    await scheduled(rep, deliver="webhook")
    await make_due(service_database, story)
    await send_due(service.state.house, story.id, mail=Post(), press=press)
    [told] = await ready(rep)
    await forget_report_files.duty(service_database)
    assert (await rep.get(told["url"])).status_code == 200
    async with service_database.transaction(story.id) as connection:
        await connection.execute("UPDATE report_letters SET ended_at = now() - interval '31 days'")
    await forget_report_files.duty(service_database)
    assert (await rep.get(told["url"])).status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"report": "no-such"}, "report"), ({"format": "pdf"}, "format"), ({"hour": 24}, "hour"),
        ({"report": "monthly-report"}, "format"), ({"cadence": "hourly"}, "cadence"),
        ({"day": 31}, "day"), ({"deliver": "fax"}, "deliver"), ({"weekday": 0}, "weekday"), ({"to": "x@example.com"}, "to"),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_by_its_field(
    sent: dict[str, Any], field: str, client: Clients, everywhere: Organisation
) -> None:
    answer = await client(everywhere.rep).post(SCHEDULES, json={**WEEKLY, **sent})
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"], answer.text


async def test_others_schedules_are_not_seen(client: Clients, everywhere: Organisation) -> None:
    rep, other = client(everywhere.rep), client(everywhere.users["other_rep"])
    id = await scheduled(rep)
    assert (await other.get(f"{SCHEDULES}/{id}")).status_code == 404
    assert (await other.get(f"{SCHEDULES}/{id}/letters")).status_code == 404
    changed = await rep.patch(f"{SCHEDULES}/{id}", json={"is_active": False, "hour": 8})
    assert changed.json()["hour"] == 8
    assert (await rep.delete(f"{SCHEDULES}/{id}")).status_code == 200
    assert (await rep.post(f"{SCHEDULES}/{id}/restore")).status_code == 200


def due(cadence: str, after: str, zone: ZoneInfo = SHANGHAI, **more: int) -> str:
    given = {"hour": 7, "weekday": 1, "day": 1} | more
    found = next_due(cadence, zone=zone, after=datetime.fromisoformat(after), **given)
    return found.isoformat()


def test_it_comes_round_by_the_clock_on_the_wall() -> None:
    assert due("daily", "2026-11-28T22:59:00+00:00") == "2026-11-28T23:00:00+00:00"
    assert due("daily", "2026-11-28T23:00:00+00:00") == "2026-11-29T23:00:00+00:00"
    assert due("weekly", "2026-11-29T12:00:00+00:00", weekday=7) == "2026-12-05T23:00:00+00:00"
    assert due("monthly", "2026-01-31T00:00:00+00:00", day=28) == "2026-02-27T23:00:00+00:00"
    berlin = ZoneInfo("Europe/Berlin")
    assert due("daily", "2026-03-28T12:00:00+00:00", berlin) == "2026-03-29T05:00:00+00:00"
    assert due("daily", "2026-03-29T00:30:00+00:00", berlin, hour=2) == "2026-03-29T01:00:00+00:00"


def test_pauses_grow_and_end() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    waits = [found - now for n in range(1, 6) if (found := next_attempt(n, now)) is not None]
    assert waits == sorted(waits)
    assert len(waits) == 4
    assert waits[0] == timedelta(minutes=5)
