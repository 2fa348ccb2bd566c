"""Run as a process of its own: run_suite over whatever services are on the path."""

import asyncio
import sys

from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.plan import Suite
from guanxi_shared.launch.settings import LaunchSettings
from guanxi_shared.launch.suite import fork_services, run_suite


def say(line: str) -> None:
    print(line, flush=True)


async def tell(suite: Suite) -> None:
    say(f"READY {suite.gateway_url}")


forked = fork_services()
say(f"FORKED {len(forked)}")
try:
    asyncio.run(
        run_suite(LaunchSettings.from_environment(), on_ready=tell, say=say, log=say, forked=forked)
    )
except LaunchError as error:
    sys.exit(f"REFUSED {error}")
