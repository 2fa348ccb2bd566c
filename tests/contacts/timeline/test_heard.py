"""What other services tell, through the machinery that reads their feeds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from guanxi_contacts.heard import apply_told
from guanxi_contacts.timeline.heard import TYPES, apply_timeline_events
from guanxi_contacts.timeline.heard_rules import entries_of, source_of, subjects_of
from guanxi_shared import consumers
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Database
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id
from tests.contacts.timeline.test_timeline import made, timeline
from tests.factories import Clients, Organisation


def told(
    organisation: Organisation, type: str, *, of: UUID, version: int = 1, owner: Any = None,
    **after: Any,
) -> dict[str, Any]:  # fmt: skip
    """An event as `/internal/events` gives it."""
    owner_id = str(owner.id) if owner is not None else None
    return {
        "organisation_id": str(organisation.id), "id": str(new_id()), "type": type,
        "subject_type": type.split(".")[1], "subject_id": str(of), "version": version,
        "actor_id": owner_id, "owner_id": owner_id, "team_id": None,
        "changed": after.pop("changed", []), "before": None, "after": after,
        "occurred_at": f"2026-11-0{version}T00:00:00Z",
    }  # fmt: skip


async def hear(database: Database, *events: Event, name: str | None = None) -> str:
    """All of them, by a consumer that starts at the beginning of this feed."""

    async def source(**asked: Any) -> tuple[UUID, int, Sequence[Event]]:
        return uuid4(), len(events), events

    consumer = Consumer(
        name or f"timeline-{new_id()}", TYPES, source, None, apply_many=apply_timeline_events
    )  # type: ignore[arg-type]
    async with database.transaction(None) as connection:
        await connection.execute(consumers.START, consumer.name)
    assert await consumer.step(database, wait=0) == len(events)
    return consumer.name


@pytest.fixture
async def account(client: Clients, organisation: Organisation) -> dict[str, Any]:
    return await made(client(organisation.rep), "/v1/accounts", name="Weilai")


async def titles(client: Any, account: dict[str, Any], noun: str = "account") -> list[str]:
    path = f"/v1/{noun}s/{account['id']}"
    return [entry["title"] for entry in await timeline(client, path, kind="external")]


async def test_an_opportunity_is_told_on_its_account_and_its_people_once(
    client: Clients, organisation: Organisation, service_database: Database, account: dict[str, Any]
) -> None:
    rep, deal = client(organisation.rep), uuid4()
    person = await made(rep, "/v1/contacts", name="王芳")
    about = {"account_id": account["id"], "contacts": [{"contact_id": person["id"]}], "name": "500"}
    created = told(
        organisation, "pipeline.opportunity.created", of=deal, owner=organisation.rep, **about
    )
    quiet = told(
        organisation,
        "pipeline.opportunity.updated",
        of=deal,
        owner=organisation.rep,
        version=2,
        **about,
    )
    won = told(organisation, "pipeline.opportunity.won", of=deal, owner=organisation.rep, version=3,
               amount={"amount": "5.00", "currency": "CNY"}, **about)  # fmt: skip
    name = await hear(service_database, created, quiet, won)
    await hear(service_database, created, quiet, won, name=name)  # the peer was restored
    assert await titles(rep, account) == ["Opportunity won: 500", "Opportunity created: 500"]
    assert await titles(rep, person, "contact") == await titles(rep, account)
    (newest, _) = await timeline(rep, f"/v1/accounts/{account['id']}", kind="external")
    assert newest["data"]["amount"] == {"amount": "5.00", "currency": "CNY"}
    assert newest["subject"] == {"type": "opportunity", "id": str(deal)}
    assert newest["actor"] == {"id": str(organisation.rep.id), "name": "rep"}


async def test_only_readers_of_the_source_see_it_and_a_new_owner_takes_all_along(
    client: Clients, organisation: Organisation, service_database: Database, account: dict[str, Any]
) -> None:
    rep, manager, deal = client(organisation.rep), client(organisation.manager), uuid4()
    about = {"account_id": account["id"]}
    created = told(
        organisation, "pipeline.order.created", of=deal, owner=organisation.rep2, **about
    )
    await hear(service_database, created)
    assert await titles(rep, account) == []
    assert await titles(manager, account) == ["Order created"]
    given = told(
        organisation, "pipeline.order.updated", of=deal, owner=organisation.rep, version=2, **about
    )
    await hear(service_database, given)
    await hear(service_database, created)  # an old version takes nothing back
    assert await titles(rep, account) == ["Order created"]
    without = organisation.rep.but(permissions=("accounts:read", "tickets:read"))
    assert await titles(client(without), account) == []


async def test_what_is_deleted_comes_back_and_what_is_erased_does_not(
    client: Clients, organisation: Organisation, service_database: Database, account: dict[str, Any]
) -> None:
    rep, ticket = client(organisation.rep), uuid4()
    about = {"of": ticket, "owner": organisation.rep, "account_id": account["id"]}
    await hear(service_database, told(organisation, "tickets.ticket.created", **about))
    shown = []
    for version, verb in enumerate(("deleted", "restored", "erased"), start=2):
        event = told(organisation, f"tickets.ticket.{verb}", version=version, **about)
        await hear(service_database, event)
        shown.append(await titles(rep, account))
    assert shown == [[], ["Ticket created"], []]


async def test_a_merge_gives_entries_to_the_survivor_and_later_ones_go_there_too(
    client: Clients, organisation: Organisation, service_database: Database, account: dict[str, Any]
) -> None:
    rep, deal = client(organisation.rep), uuid4()
    twin = await made(rep, "/v1/accounts", name="Twin")
    about = {"of": deal, "owner": organisation.rep, "account_id": twin["id"]}
    first = told(organisation, "pipeline.opportunity.created", **about)
    both = told(organisation, "pipeline.opportunity.moved", version=2, **about,
                account_ids=[account["id"]])  # fmt: skip
    await hear(service_database, first, both)
    asked = {"resource": "accounts", "survivor_id": account["id"], "source_ids": [twin["id"]]}
    merge = await made(rep, "/v1/merges", **asked)
    later = told(organisation, "pipeline.opportunity.won", version=3, **about)
    await hear(service_database, first, both, later)
    verbs = ["Opportunity won", "Opportunity moved", "Opportunity created"]
    assert await titles(rep, account) == verbs
    undone = await rep.post(f"/v1/merges/{merge['id']}/undo", json={})
    assert undone.status_code == 200, undone.text
    assert await titles(rep, twin) == verbs[1:]
    assert await titles(rep, account) == verbs[:2]


async def test_an_erased_person_takes_what_was_told_of_them_along(
    client: Clients, organisation: Organisation, service_database: Database, account: dict[str, Any]
) -> None:
    admin, deal = client(organisation.admin), uuid4()
    person = await made(admin, "/v1/contacts", name="Canary Person")
    about = {"of": deal, "owner": organisation.rep, "contact_id": person["id"]}
    about |= {"account_id": account["id"]}
    naming = told(organisation, "pipeline.opportunity.created", name="For Canary Person", **about)
    plain = told(organisation, "pipeline.opportunity.won", version=2, name="500", **about)
    await hear(service_database, naming, plain)
    path = f"/v1/contacts/{person['id']}"
    erased = await admin.post(f"{path}/erase", json={"reason": "subject_request"})
    assert erased.status_code == 200, erased.text
    await hear(service_database, plain)
    assert await titles(admin, account) == ["Opportunity won: 500"]
    assert (await admin.get(f"{path}/timeline")).status_code == 410
    left = await service_database.fetchrow(
        organisation.id, "SELECT count(*) AS n FROM timeline_entries WHERE subject_id = $2",
        UUID(person["id"]),
    )  # fmt: skip
    assert left is not None
    assert left["n"] == 0


def test_a_breach_is_called_by_its_clock() -> None:
    event = {
        "type": "tickets.sla.breached", "changed": [], "subject_id": str(uuid4()), "version": 1,
        "occurred_at": "2026-11-01T00:00:00Z",
        "after": {"account_id": str(uuid4()), "clock": "first_response", "number": 1},
    }  # fmt: skip
    assert [entry.title for entry in entries_of(event)] == ["Sla breached: first_response"]


def test_an_event_says_whom_it_is_about() -> None:
    one, two, three = (str(uuid4()) for _ in range(3))
    state = {
        "account_id": one,
        "contact_ids": [two],
        "requester_id": two,
        "contacts": [{"contact_id": three}],
    }
    assert subjects_of(state) == [
        ("account", UUID(one)), ("contact", UUID(two)), ("contact", UUID(three)),
    ]  # fmt: skip
    assert subjects_of({"account_id": None, "name": "x"}) == []


@pytest.mark.parametrize(
    ("type", "changed", "count"),
    [
        ("pipeline.opportunity.updated", ["name"], 0), ("pipeline.opportunity.updated", ["stage_id"], 1),
        ("tickets.sla.breached", [], 1), ("pipeline.order.deleted", [], 0), ("gateway.user.created", [], 0),
        ("tickets.comment.created", [], 0), ("tickets.promise.made", [], 1), ("tickets.promise.updated", ["account_id"], 0),
    ],
)  # fmt: skip
def test_some_events_are_worth_an_entry(type: str, changed: list[str], count: int) -> None:
    event = {
        "type": type, "changed": changed, "subject_id": str(uuid4()), "version": 1,
        "occurred_at": "2026-11-01T00:00:00Z", "after": {"account_id": str(uuid4())},
    }  # fmt: skip
    assert len(entries_of(event)) == count
    assert (source_of(event) is None) == type.startswith(("gateway", "tickets.comment"))


async def test_a_deal_that_was_won_is_a_fact_of_its_account(
    organisation: Organisation, service_database: Database, account: dict[str, Any]
) -> None:
    """Rules of pools ask for it ("never won in N days"); a deal may begin as won, and what is older
    takes nothing back."""
    about = {"account_id": account["id"], "name": "500"}

    async def apply(*events: Event) -> Any:
        async with service_database.transaction(organisation.id) as connection:
            await apply_told(connection, organisation.id, events)
            return await connection.fetchval(
                "SELECT last_won_at FROM account_dealings WHERE organisation_id = $1 AND account_id = $2",
                organisation.id, UUID(account["id"]),
            )  # fmt: skip

    still_open = told(
        organisation, "pipeline.opportunity.created", of=uuid4(), status="open", **about
    )
    assert await apply(still_open) is None
    begun = told(
        organisation, "pipeline.opportunity.created", of=uuid4(), status="won",
        closed_at="2026-03-01T00:00:00Z", **about,
    )  # fmt: skip
    assert await apply(begun) == datetime(2026, 3, 1, tzinfo=UTC)
    older = told(
        organisation, "pipeline.opportunity.won", of=uuid4(), status="won",
        closed_at="2026-02-01T00:00:00Z", **about,
    )  # fmt: skip
    assert await apply(older) == datetime(2026, 3, 1, tzinfo=UTC)


class Counted:
    """A connection that counts what is asked of it."""

    def __init__(self, connection: Any) -> None:
        self._connection, self.asked = connection, 0

    async def execute(self, *asked: Any) -> Any:
        self.asked += 1
        return await self._connection.execute(*asked)

    async def fetch(self, *asked: Any) -> Any:
        self.asked += 1
        return await self._connection.fetch(*asked)


def many_told(
    organisation: Organisation, accounts: Sequence[UUID], dice: Random
) -> list[dict[str, Any]]:
    """Of a few deals and tickets, each with what happens to records, old versions among them."""
    nouns = ("pipeline.opportunity", "pipeline.order", "tickets.ticket")
    records, events = [(uuid4(), noun) for noun in (*nouns, *nouns)], []
    for _ in range(80):
        verb = dice.choice(("created", "updated", "won", "deleted", "restored", "erased", "won"))
        record, noun = dice.choice(records)
        events.append(
            told(
                organisation, f"{noun}.{verb}", of=record, version=dice.randint(1, 9),
                owner=dice.choice((organisation.rep, organisation.rep2)),
                account_ids=[str(each) for each in dice.sample(accounts, 2)],
                changed=dice.choice(([], ["status"])),
            )
        )  # fmt: skip
    return events


async def test_events_at_once_leave_what_one_after_the_other_leaves(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep, names = client(organisation.rep), ("kept", "survivor", "source", "erased")
    ids = [(await made(rep, "/v1/accounts", name=name))["id"] for name in names]
    await made(rep, "/v1/merges", resource="accounts", survivor_id=ids[1], source_ids=[ids[2]])
    accounts = [*map(UUID, ids), uuid4()]  # one is not known here yet

    async def left(events: Sequence[Event], *, at_once: bool) -> tuple[Any, int]:
        """Taken away again."""
        async with service_database.transaction(organisation.id) as connection:
            await connection.execute(
                "UPDATE accounts SET erased_at = now() WHERE id = $1", accounts[3]
            )
            counted: Any = Counted(connection)
            for each in [events] if at_once else [[event] for event in events]:
                await apply_timeline_events(counted, organisation.id, each)
            rows = await connection.fetch(
                "SELECT to_jsonb(e) - 'id' FROM timeline_entries e ORDER BY event_id, subject_id"
            )
            rows += await connection.fetch("SELECT to_jsonb(s) FROM timeline_sources s ORDER BY id")
            found = [row[0] for row in rows], counted.asked
            await connection.execute("DELETE FROM timeline_entries")
            await connection.execute("DELETE FROM timeline_sources")
            await connection.execute(
                "UPDATE accounts SET erased_at = NULL WHERE id = $1", accounts[3]
            )
        return found

    for seed in range(8):
        events = many_told(organisation, accounts, Random(seed))
        one_by_one, _ = await left(events, at_once=False)
        at_once, _ = await left(events, at_once=True)
        assert at_once == one_by_one
        assert at_once
    plain = [event for event in events if not event["type"].endswith("erased")]
    assert (await left(plain, at_once=True))[1] <= 4  # accounts, where those went, sources, entries
