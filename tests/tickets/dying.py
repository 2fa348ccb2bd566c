"""Real workers that are killed by SIGKILL around every commit, one after the other, until one is left alive.

A process loads the service once and forks a worker for each place where one dies, so that a whole row of
deaths costs one start. Each is killed by the signal itself: nothing of it runs any more, and Postgres finds
out by itself.
"""

import asyncio
import os
import signal
import sys
from typing import Any

import orjson

from tests.prepared import Clone
from tests.stand_in import SECRET

# `midway`: behind the nth statement that writes; `before` and `after`: the nth commit.
WORKER = """
import asyncio, importlib, json, os, signal, sys
import asyncpg
from guanxi_shared.db import Database, Kept

module, name, prefix = sys.argv[1:4]
duty = getattr(importlib.import_module(module), name)
MOST = 12

def dying(where, number):
    counted = {"before": 0, "after": 0, "midway": 0}

    def die_at(place):
        counted[place] += 1
        if place == where and counted[place] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(named):
        called = getattr(asyncpg.Connection, named)

        async def call(self, query, *args, **more):
            is_end = query == "COMMIT"
            if is_end:
                die_at("before")
            found = await called(self, query, *args, **more)
            if is_end:
                die_at("after")
            elif "INSERT INTO" in query or "UPDATE " in query.replace("FOR UPDATE", ""):
                die_at("midway")
            return found

        return call

    for named in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        setattr(Kept, named, watched(named))

async def work():
    database = Database(os.environ[prefix + "_DATABASE_URL"], pool_size=4)
    await database.open()
    await duty.duty(database)
    await database.close()

def forked(where, number):
    process = os.fork()
    if process == 0:
        dying(where, number)
        asyncio.run(work())
        os._exit(0)
    return os.waitpid(process, 0)[1]

killed = []
for number in range(1, MOST):
    ends = {where: forked(where, number) for where in ("midway", "before", "after")}
    wrong = {where: end for where, end in ends.items() if end not in (0, signal.SIGKILL)}
    assert not wrong, wrong
    killed += [[where, number] for where, end in ends.items() if end == signal.SIGKILL]
    if not any(ends.values()):
        break
assert forked("none", 0) == 0
print(json.dumps(killed))
"""


async def die_working(duty: str, database: Clone, *, service: str = "tickets") -> set[str]:
    """`duty`: `module:name`. Where workers were killed; one that ended otherwise is an error. The last one
    finished what was left."""
    environment = os.environ | database.environment(service)
    environment |= {"GUANXI_SERVICE_SECRET": SECRET, "GUANXI_LOG_LEVEL": "warning"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    module, name = duty.split(":")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, module, name, service.upper(), env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        out, told = await asyncio.wait_for(process.communicate(), 120)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, told.decode()
    killed: list[tuple[Any, Any]] = orjson.loads(out.splitlines()[-1])
    return {where for where, _ in killed}
