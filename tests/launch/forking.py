"""Run as a process of its own, with `guanxi_alpha` on the path: forks a server and a worker of it ahead,
sets them off, and prints what they said and what became of them.
"""

import asyncio
import json
import os
import sys

import psutil

from guanxi_shared.launch import loading
from guanxi_shared.launch.forked import Forked, fork_ahead
from tests.launch.until import eventually

loading.PARTS = {"alpha_server": "app", "alpha_worker": "jobs"}
loading.COMMON = ("json",)
COMMANDS = [(sys.executable, "-m", module, "guanxi_alpha") for module in loading.PARTS]
SECONDS = 20.0


async def told_by(process: Forked) -> dict[str, object] | None:
    if not await process.is_there():
        return None
    await process.go({"TOLD": "yes"})
    assert process.stdout is not None
    said = await process.stdout.read()
    return json.loads(said) | {"pid": process.pid, "code": await process.wait()}


async def main(processes: list[Forked]) -> None:
    async with asyncio.timeout(SECONDS):
        said = await asyncio.gather(*map(told_by, processes))
    # Neither a loader nor anything that has ended and is not waited for.
    await eventually(lambda: not psutil.Process().children(), "nobody is left")
    print(json.dumps({"pid": os.getpid(), "said": said}))


if sys.argv[1:] == ["die"]:
    fork_ahead(COMMANDS)
    os._exit(0)
asyncio.run(main(list(fork_ahead(COMMANDS).values())))
