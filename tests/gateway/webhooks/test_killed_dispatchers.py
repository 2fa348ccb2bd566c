"""Every event is delivered at least once, under one id and in order, though dispatchers are killed anywhere."""

from collections import Counter

from tests.gateway.identity.people import Company
from tests.gateway.webhooks.dying import die_dispatching
from tests.gateway.webhooks.receiver import Receiver
from tests.gateway.webhooks.subscribing import deliveries, renamed, subscribed
from tests.prepared import Clone

COMMITS = ("before commit", "after commit")
SENDING = ("before sending", "after sending")
CHANGES = 30


async def test_a_killed_dispatcher_loses_nothing_wherever_it_dies(
    company: Company, receiver: Receiver, environment: dict[str, str], database: Clone
) -> None:
    webhook = await subscribed(company.admin, receiver.url, ordering="endpoint")
    team = await company.team("Killed")
    for n in range(CHANGES - 1):
        await renamed(company, team, f"Killed {n}")
    places = [(where, n) for n in (1, 2, 3, 4, 5, 6) for where in COMMITS]
    places += [(where, n) for n in (1, 3) for where in SENDING]
    killed = await die_dispatching(
        places,
        environment,
        owner_url=database.admin_url,
        webhooks=[webhook["id"]],
        expected=CHANGES,
    )
    assert set(killed) == {*COMMITS, *SENDING}
    found = await deliveries(company.admin, webhook)
    assert Counter(each["status"] for each in found) == {"delivered": CHANGES}
    counts = Counter(receiver.ids)
    assert set(counts) == {each["event_id"] for each in found}
    repeated = sum(counts.values()) - CHANGES
    assert 1 <= repeated <= len(killed)  # "after sending" cannot know that it was sent
    firsts = list(dict.fromkeys(got.json["data"]["version"] for got in receiver.got))
    assert firsts == list(range(1, CHANGES + 1))


async def test_several_dispatchers_share_the_endpoints_and_send_nothing_twice(
    company: Company, receiver: Receiver, environment: dict[str, str], database: Clone
) -> None:
    hooks = [await subscribed(company.admin, f"{receiver.url}/{n}") for n in range(6)]
    team = await company.team("Shared")
    for n in range(9):
        await renamed(company, team, f"Shared {n}")
    ids = [hook["id"] for hook in hooks]
    await die_dispatching(
        [], environment, owner_url=database.admin_url, webhooks=ids, expected=60, at_once=3
    )
    versions: dict[str, list[int]] = {}
    for got in receiver.got:
        versions.setdefault(got.path, []).append(got.json["data"]["version"])
    assert list(versions.values()) == [list(range(1, 11))] * 6
