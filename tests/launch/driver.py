"""Run as a process of its own: a supervisor over fake services, as `guanxi up` runs the real ones.

driver.py DATA_DIR POSTGRES(0|1) NAME=PORT …
"""

import asyncio
import sys
from pathlib import Path

from guanxi_shared.launch.board import Board
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.process import ProcessSpec
from guanxi_shared.launch.stopping import stops_on_signal
from guanxi_shared.launch.supervisor import Supervisor

FAKE = str(Path(__file__).with_name("fake_service.py"))


def say(line: str) -> None:
    print(line, flush=True)


async def main() -> None:
    data_dir = Path(sys.argv[1])
    postgres = EmbeddedPostgres(data_dir, fast=True) if sys.argv[2] == "1" else None
    specs = []
    for number, word in enumerate(sys.argv[3:]):
        name, port = word.split("=")
        command = (sys.executable, FAKE, port)
        specs.append(
            ProcessSpec(name=name, command=command, env={}, port=int(port), stops_in_round=number)
        )
    if postgres is not None:
        postgres.start()
    async with stops_on_signal(say=say) as at_once:
        supervisor = Supervisor(specs, Board(data_dir), postgres=postgres, say=say, log=say)
        await supervisor.run(at_once=at_once, on_ready=tell)


async def tell() -> None:
    say("ALL READY")


asyncio.run(main())
