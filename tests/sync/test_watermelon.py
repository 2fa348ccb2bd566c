"""The published WatermelonDB client under Node, against the running suite.

Needs Node and what `npm ci` brings into `tests/sync/client`; without them these tests are skipped.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.sync.conftest import World

CLIENT = Path(__file__).parent / "client"
SCENARIOS = CLIENT / "scenarios.js"
OLDEST_NODE = 18  # the first with fetch

pytestmark = pytest.mark.system


def names() -> list[str]:
    """Of all scenarios, as the file has them: no Node is needed to know what would be skipped."""
    lines = SCENARIOS.read_text(encoding="utf-8").splitlines()
    return [line.split("'")[1] for line in lines if line.startswith("  async '")]


@pytest.fixture(scope="module")
def node() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed; the WatermelonDB client cannot be run.")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"Node {version.strip()} is older than {OLDEST_NODE}.")
    if not (CLIENT / "node_modules" / "@nozbe" / "watermelondb").is_dir():
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm cannot fetch the WatermelonDB client: {done.stderr.strip()[-300:]}")
    return node


@pytest.fixture(scope="module")
def told(node: str, world: World) -> Mapping[str, Any]:
    """How each scenario went, from one process that runs them all."""
    people = {
        name: {"id": each.id, "token": each.token}
        for name, each in {**world.people, "admin": world.admin}.items()
    }
    given = {"url": world.suite.url, "people": people, "teams": dict(world.teams)}
    done = subprocess.run(
        [node, str(SCENARIOS)], capture_output=True, text=True, check=False, timeout=240,
        env=os.environ | {"GUANXI_SYNC_WORLD": json.dumps(given)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {one["name"]: one for one in _answers(done.stdout)}


def _answers(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        yield json.loads(line)


def test_there_are_scenarios() -> None:
    assert len(names()) >= 18


@pytest.mark.parametrize("scenario", names())
def test_a_phone_and_the_suite_agree(scenario: str, told: Mapping[str, Any]) -> None:
    assert told[scenario]["ok"], told[scenario].get("error")
