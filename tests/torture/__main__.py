"""`make torture SEED=7 SECS=60`: kill -9 and broken lines under load, then look for anything lost.

Prints what was done and what was found, and exits with 1 on any difference. `--plant NAME` plants a bug,
which it then has to find, without any other fault (`--plants` lists them).
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from tests.gateway.webhooks.receiver import Receiver, receiving
from tests.suite import Admin, Suite, database_of, is_ready
from tests.torture import checks
from tests.torture.hearing import HEARS, Hearing, register
from tests.torture.inside.plants import PLANTS
from tests.torture.people import Person, people_of
from tests.torture.storm import storm
from tests.torture.tortured import Tortured, tortured_suite
from tests.torture.workload import PATHS, Client, Ledger, make_shared, write_until

SETTLE_SECONDS = 60
SETTLE_PLANTED_SECONDS = 6  # what is lost does not come back
PLANTED_WRITES, PLANTED_SECONDS = 200, 60
PAUSE_SECONDS = 0.2
SHARED = 2
SIDES = ("Alpha", "Beta")


class Unheard(Exception):
    """An event was lost before the storm began."""


def main() -> int:
    options = _options()
    if options.plants:
        print("\n".join(f"{name:24} {plant.sentence}" for name, plant in PLANTS.items()))
        return 0
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    planted = f", planted: {options.plant}" if options.plant else ""
    print(
        f"torture: seed {seed}, {options.seconds:.0f} s, {options.clients} clients{planted}",
        flush=True,
    )
    try:
        wrong = asyncio.run(_run(options, seed))
    except Unheard as error:
        wrong = [str(error)]
    for sentence in wrong[:50]:
        print(f"  WRONG: {sentence}")
    print(
        f"torture: {len(wrong)} differences"
        if wrong
        else "torture: nothing lost, nothing twice, no hole"
    )
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--plant", choices=PLANTS, default=None, help="a bug that must be found")
    parser.add_argument("--plants", action="store_true", help="list the bugs that can be planted")
    return parser.parse_args()


async def _run(options: argparse.Namespace, seed: int) -> list[str]:
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(receiving()) for _ in SIDES]
        tortured = await stack.enter_async_context(tortured_suite(plant=options.plant))
        return await _torture(tortured, receivers, options, seed)


@dataclass
class Side:
    """One of two organisations that must never see anything of each other."""

    admin: Admin
    ledger: Ledger
    people: list[Person]
    stages: list[str]
    hearing: Hearing

    def client(self, http: httpx.AsyncClient, foreign: str, index: int, seed: int) -> Client:
        person = self.people[index % len(self.people)]
        return Client(http, person, self.ledger, foreign, random.Random(seed + index), self.stages)


async def _torture(
    tortured: Tortured, receivers: list[Receiver], options: argparse.Namespace, seed: int
) -> list[str]:
    suite = tortured.suite
    sides = [await _side(suite, *each) for each in zip(SIDES, receivers, strict=True)]
    until, faults = asyncio.Event(), Counter[str]()
    async with asyncio.TaskGroup() as group:
        for index in range(options.clients):
            mine, other = sides[index % 2], sides[1 - index % 2]
            group.create_task(_write(mine, other.ledger.canary, index // 2, seed, until))
        tortured.begin()
        if options.plant:
            await _written([side.ledger for side in sides], options.seconds)
        else:
            faults = await storm(suite, tortured.lines, seconds=options.seconds, seed=seed)
        tortured.end()
        until.set()
        _show(faults, [side.ledger for side in sides])
    await _settled(suite)
    url = database_of(suite)
    found = await checks.check_rows(url)
    seconds = SETTLE_PLANTED_SECONDS if options.plant else SETTLE_SECONDS
    found += await _once_heard(lambda: checks.copies_differ(url), seconds)
    for side in sides:
        found += await _check(side, url, seconds)
    return found + await checks.check_connections(url)


async def _written(ledgers: list[Ledger], seconds: float) -> None:
    """So long, and as much as a bug needs to show itself, however slow the machine is."""
    began = asyncio.get_running_loop().time()
    while (passed := asyncio.get_running_loop().time() - began) < PLANTED_SECONDS:
        if passed >= seconds and sum(each.acknowledged for each in ledgers) >= PLANTED_WRITES:
            return
        await asyncio.sleep(PAUSE_SECONDS)


async def _side(suite: Suite, name: str, receiver: Receiver) -> Side:
    admin = await asyncio.to_thread(suite.new_organisation, name)
    people, stages = await people_of(admin), await _stages(admin)
    async with _http(suite, await asyncio.to_thread(admin.token)) as http:
        hearing = await register(http, receiver)
    side = Side(admin, Ledger(f"Canary{name}"), people, stages, hearing)
    async with _http(suite) as http:
        await make_shared(side.client(http, "nobody else's", 0, 0), SHARED)
    return side


async def _write(side: Side, foreign: str, index: int, seed: int, until: asyncio.Event) -> None:
    async with _http(side.admin.suite) as http:
        await write_until(side.client(http, foreign, index, seed), until)


def _http(suite: Suite, token: str | None = None) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=suite.url, headers=headers, timeout=30 if token else 10)


async def _stages(admin: Admin) -> list[str]:
    """Of the organisation's own pipeline, those that ask for nothing; it comes with the feed's news,
    and is asked for before anything is killed."""
    async with _http(admin.suite, await asyncio.to_thread(admin.token)) as http:
        for _ in range(int(SETTLE_SECONDS / PAUSE_SECONDS)):
            found = (await http.get("/v1/pipelines")).json()["data"]
            if found:
                return [s["id"] for s in found[0]["stages"] if not s["required_fields"]]
            await asyncio.sleep(PAUSE_SECONDS)
    raise Unheard(f"pipeline never heard of the organisation {admin.organisation_id}")


async def _once_heard(differ: Callable[[], Awaitable[list[str]]], seconds: float) -> list[str]:
    """What still differs when the feed has had its time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while differing := await _asked(differ):
        if asyncio.get_running_loop().time() > deadline:
            return differing
        await asyncio.sleep(PAUSE_SECONDS)
    return []


async def _asked(differ: Callable[[], Awaitable[list[str]]]) -> list[str]:
    try:
        return await differ()
    except httpx.HTTPError as error:  # what was killed last may only just be back
        return [f"not answered: {error}"]


def _show(faults: Counter[str], ledgers: list[Ledger]) -> None:
    if faults:
        told = (f"{what} {count}×" for what, count in sorted(faults.items()))
        print(f"  {faults.total()} faults: {', '.join(told)}")
    for ledger in ledgers:
        print(
            f"  {ledger.canary}: {ledger.acknowledged} writes acknowledged, {len(ledger.versions)} records, "
            f"{ledger.retried} retries, {ledger.replayed} delivered twice",
            flush=True,
        )


async def _settled(suite: Suite) -> None:
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while not await asyncio.to_thread(is_ready, suite):
        if asyncio.get_running_loop().time() > deadline:
            raise RuntimeError("the suite did not become ready again after the storm")
        await asyncio.sleep(0.2)


async def _check(side: Side, url: str, seconds: float) -> list[str]:
    admin, ledger = side.admin, side.ledger
    async with _http(admin.suite, await asyncio.to_thread(admin.token)) as http:
        kinds = {path: await checks.all_records(http, path) for path in PATHS}
        print(f"  {ledger.canary}: {sum(map(len, kinds.values()))} records stored")
        together = {id: record for records in kinds.values() for id, record in records.items()}
        found = [*ledger.wrong, *await checks.check_records(http, ledger)]
        found += [*checks.check_keys(ledger, together), *checks.check_versions(ledger)]
        for path, records in kinds.items():
            found += await checks.check_feed(http, path, records)
        found += await checks.check_audit(http)
        found += await _once_heard(
            lambda: checks.sums_differ(http, url, admin.organisation_id), seconds
        )
        told = await checks.events_by_id(http, HEARS)
    found += await _once_heard(lambda: side.hearing.wrong_when_tried(told, url), seconds)
    print(f"  {ledger.canary}: {len(told)} events, {len(side.hearing.receiver.got)} deliveries")
    return found + side.hearing.unsigned()


if __name__ == "__main__":
    sys.exit(main())
