"""The receivers that docs/webhooks.md shows are received with."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from guanxi_shared.launch.ports import free_port
from tests.gateway.identity.people import Company
from tests.gateway.webhooks.conftest import Dispatching
from tests.gateway.webhooks.subscribing import deliveries, eventually, renamed, subscribed

TEXT = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def shown_in(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.S)
    assert found is not None
    return found[1]


async def test_the_receiver_in_python_verifies_what_comes_and_takes_it_once(
    company: Company, dispatching: Dispatching
) -> None:
    port = free_port()
    webhook = await subscribed(company.admin, f"http://127.0.0.1:{port}/")
    environment = os.environ | {"WEBHOOK_SECRET": webhook["secret"], "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", shown_in("python"), env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:

        async def listens() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        await eventually(listens)
        team = await company.team("Documented")
        await renamed(company, team, "Documented well")
        async with dispatching():

            async def done() -> bool:
                found = await deliveries(company.admin, webhook, status="delivered")
                return len(found) == 2

            await eventually(done)
    finally:
        process.terminate()
        out, _ = await process.communicate()
    assert out.decode().splitlines() == [
        f"gateway.team.created team/{team} 1", f"gateway.team.updated team/{team} 2",
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not here")
async def test_the_receiver_in_javascript_is_javascript(tmp_path: Path) -> None:
    file = tmp_path / "receiver.mjs"
    file.write_text(shown_in("js"), encoding="utf-8")
    process = await asyncio.create_subprocess_exec("node", "--check", str(file))
    assert await process.wait() == 0
