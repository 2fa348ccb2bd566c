"""Real dispatchers that are killed by SIGKILL: around each of their commits and each of their requests.

A process loads the gateway's worker once and forks a dispatcher for each place where one dies, so that a whole
row of deaths costs one start.
"""

import asyncio
import os
import signal
import sys
from typing import Any

import orjson

WORKER = """
import asyncio, json, os, signal, sys
import asyncpg
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.webhooks import dispatching, sending
from guanxi_shared.db import Kept

SECONDS = 30

def dying(where, number):
    counted = {}

    def die_at(place):
        counted[place] = counted.get(place, 0) + 1
        if place == where and counted[place] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    execute, send = Kept.execute, sending.Sender.send

    own = set()  # connections in a transaction of an organisation: looking whose turn it is is none

    async def executing(self, query, *args, **more):
        if query.startswith("BEGIN; SELECT set_config"):
            own.add(id(self))
        is_end = query == "COMMIT" and id(self) in own
        if is_end:
            die_at("before commit")
        found = await execute(self, query, *args, **more)
        if is_end:
            die_at("after commit")
            own.discard(id(self))
        return found

    async def sent(self, *args):
        die_at("before sending")
        outcome = await send(self, *args)
        if outcome.is_success:
            die_at("after sending")
        return outcome

    Kept.execute, sending.Sender.send = executing, sent


async def work(expected):
    settings, stopping = GatewaySettings(), asyncio.Event()
    database = dispatching.PatientDatabase(settings.database_url, pool_size=2, statement_timeout_ms=5000)
    await database.open()
    owner = await asyncpg.connect(os.environ["OWNER_URL"], server_settings={"search_path": "gateway"})
    ids = os.environ["WEBHOOKS"].split(",")
    sql = "SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered' AND webhook_id::text = ANY($1)"
    async with dispatching.posting(database, settings, stopping) as post:
        task = asyncio.create_task(dispatching.Dispatcher(post).run())
        async with asyncio.timeout(SECONDS):
            while await owner.fetchval(sql, ids) < expected:
                await asyncio.sleep(0.05)
        stopping.set()
        await task
    await database.close()

def forked(where, number, expected):
    process = os.fork()
    if process == 0:
        dying(where, number)
        try:
            asyncio.run(work(expected))
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(3)
        os._exit(0)
    return process

def ended(process):
    return os.waitpid(process, 0)[1]

places, expected, at_once = json.loads(sys.argv[1])
killed = []
for where, number in places:
    end = ended(forked(where, number, expected))
    assert end in (0, signal.SIGKILL), (where, number, end)
    killed += [where] if end == signal.SIGKILL else []
last = [forked("nowhere", 0, expected) for _ in range(at_once)]
assert [ended(process) for process in last] == [0] * at_once
print(json.dumps(killed))
"""


async def die_dispatching(
    places: list[tuple[str, int]], environment: dict[str, str], *, owner_url: str,
    webhooks: list[str], expected: int, at_once: int = 1,
) -> list[str]:  # fmt: skip
    """Where dispatchers were killed, one after the other; then so many `at_once` deliver what is left."""
    told = os.environ | environment | {"OWNER_URL": owner_url, "WEBHOOKS": ",".join(webhooks)}
    told["PYTHONPATH"] = os.pathsep.join(sys.path)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, orjson.dumps([places, expected, at_once]).decode(), env=told,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), 150)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, err.decode()
    found: list[Any] = orjson.loads(out.splitlines()[-1])
    return found
