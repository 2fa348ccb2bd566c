"""`make torture ARGS="--seconds 60 --seed 7"`: kill -9 under load, then look for anything lost.

Prints what was done and what was found, and exits with 1 on any difference.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter

import httpx

from tests.suite import Admin, Suite, database_of, is_ready, running_suite
from tests.torture import checks
from tests.torture.storm import storm
from tests.torture.workload import PATHS, Client, Ledger, write_until

SETTLE_SECONDS = 60
PAUSE_SECONDS = 0.2


def main() -> int:
    parser = argparse.ArgumentParser(prog="make torture ARGS=…", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--clients", type=int, default=12)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"torture: seed {seed}, {options.seconds:.0f} s, {options.clients} clients", flush=True)
    with running_suite(GUANXI_JOB_HEARTBEAT_SECONDS="3") as suite:
        wrong = asyncio.run(
            _torture(suite, seconds=options.seconds, seed=seed, clients=options.clients)
        )
    for sentence in wrong[:50]:
        print(f"  WRONG: {sentence}")
    print(
        f"torture: {len(wrong)} differences"
        if wrong
        else "torture: nothing lost, nothing twice, no hole"
    )
    return 1 if wrong else 0


async def _torture(suite: Suite, *, seconds: float, seed: int, clients: int) -> list[str]:
    admins = [suite.new_organisation(name) for name in ("Alpha", "Beta")]
    ledgers = [Ledger("CanaryAlpha"), Ledger("CanaryBeta")]
    until = asyncio.Event()
    stages = [await _stages(admin) for admin in admins]
    async with asyncio.TaskGroup() as group:
        for index in range(clients):
            mine = index % 2
            group.create_task(
                _client(
                    admins[mine], ledgers[mine], ledgers[1 - mine].canary,
                    seed + index, until, stages=stages[mine],
                )
            )  # fmt: skip
        faults = await storm(suite, seconds=seconds, seed=seed)
        until.set()
        _show(faults, ledgers)
    await _settled(suite)
    found = [await _check(a, ledger) for a, ledger in zip(admins, ledgers, strict=True)]
    rows = await checks.check_rows(database_of(suite))
    rows += await _copied(suite)
    return [*rows, *(sentence for sentences in found for sentence in sentences)]


async def _client(
    admin: Admin,
    ledger: Ledger,
    foreign: str,
    seed: int,
    until: asyncio.Event,
    *,
    stages: list[str],
) -> None:
    async def sign_in() -> str:
        return await asyncio.to_thread(admin.token)

    async with httpx.AsyncClient(base_url=admin.suite.url, timeout=10) as http:
        client = Client(http, sign_in, ledger, foreign, random.Random(seed), stages)
        await write_until(client, until)


async def _stages(admin: Admin) -> list[str]:
    """Of the organisation's own pipeline, those that ask for nothing; it comes with the feed's news,
    and is asked for before anything is killed."""
    headers = {"authorization": f"Bearer {await asyncio.to_thread(admin.token)}"}
    async with httpx.AsyncClient(base_url=admin.suite.url, headers=headers, timeout=10) as http:
        for _ in range(int(SETTLE_SECONDS / PAUSE_SECONDS)):
            found = (await http.get("/v1/pipelines")).json()["data"]
            if found:
                return [s["id"] for s in found[0]["stages"] if not s["required_fields"]]
            await asyncio.sleep(PAUSE_SECONDS)
    raise RuntimeError("the organisation never got its pipeline")


async def _copied(suite: Suite) -> list[str]:
    """What still differs when the feed has had its time."""
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while differing := await checks.copies_differ(database_of(suite)):
        if asyncio.get_running_loop().time() > deadline:
            return differing
        await asyncio.sleep(PAUSE_SECONDS)
    return []


def _show(faults: Counter[str], ledgers: list[Ledger]) -> None:
    print("  faults: " + ", ".join(f"{what} {count}×" for what, count in sorted(faults.items())))
    for ledger in ledgers:
        print(
            f"  {ledger.canary}: {ledger.acknowledged} writes acknowledged, {len(ledger.versions)} records, "
            f"{ledger.retried} retries, {ledger.replayed} delivered twice"
        )


async def _settled(suite: Suite) -> None:
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while not await asyncio.to_thread(is_ready, suite):
        if asyncio.get_running_loop().time() > deadline:
            raise RuntimeError("the suite did not become ready again after the storm")
        await asyncio.sleep(0.2)


async def _check(admin: Admin, ledger: Ledger) -> list[str]:
    token = await asyncio.to_thread(admin.token)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=admin.suite.url, headers=headers, timeout=30) as http:
        kinds = {path: await checks.all_records(http, path) for path in PATHS}
        print(f"  {ledger.canary}: {sum(map(len, kinds.values()))} records stored")
        together = {id: record for records in kinds.values() for id, record in records.items()}
        found = [*ledger.wrong, *await checks.check_records(http, ledger)]
        found += checks.check_keys(ledger, together)
        for path, records in kinds.items():
            found += await checks.check_feed(http, path, records)
        return found


if __name__ == "__main__":
    sys.exit(main())
