"""What is forked ahead: ours, alike to what a command starts, and gone where it cannot be."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.launch.until import until

DRIVER = Path(__file__).with_name("forking.py")
ROOT = Path(__file__).parents[2]
SECONDS = 30.0
LOADS = """
import os, pathlib
with open({log!r}, "a") as log:
    log.write(f"{{os.getpid()}}\\n")
"""
MAIN = """
import json, os, random, secrets, sys, uuid
from guanxi_shared.identifiers import new_id

def main(words):
    print(json.dumps({
        "parent": os.getppid(), "session": os.getsid(0), "words": words, "environment": dict(os.environ),
        "main": sys.modules["__main__"].__name__,
        "drawn": [str(new_id()), str(uuid.uuid4()), secrets.token_hex(), random.random()],
        "open": len(os.listdir("/proc/self/fd")), "input": sys.stdin.read(),
    }))
    sys.exit(7)
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A service whose server and worker say what they are and end."""
    alpha = tmp_path / "guanxi_alpha"
    alpha.mkdir()
    (alpha / "__init__.py").touch()
    (alpha / "app.py").write_text(LOADS.format(log=str(tmp_path / "loaded")))
    (alpha / "jobs.py").write_text("import guanxi_alpha.app")
    for name in ("alpha_server", "alpha_worker"):
        (tmp_path / f"{name}.py").write_text(MAIN)
    return tmp_path


def run(packages: Path, *words: str) -> str:
    path = os.pathsep.join(map(str, (packages, ROOT / "shared", ROOT)))
    told = subprocess.run(
        [sys.executable, DRIVER, *words],
        env=os.environ | {"PYTHONPATH": path}, cwd=packages, capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    return told.stdout


def told(packages: Path) -> tuple[int, list[Any]]:
    found = json.loads(run(packages))
    return found["pid"], found["said"]


def test_server_and_worker_come_from_one_that_loaded_both_and_are_ours(packages: Path) -> None:
    ours, (server, worker) = told(packages)
    assert [each["parent"] for each in (server, worker)] == [ours, ours]
    assert server["pid"] != worker["pid"]
    for name, each in (("alpha_server", server), ("alpha_worker", worker)):
        assert (each["session"], each["code"]) == (each["pid"], 7)
        assert (each["words"], each["main"]) == (["guanxi_alpha"], name)
        assert each["environment"] == {"TOLD": "yes"}
        assert (each["open"], each["input"]) == (4, "")  # the fourth lists them
    assert not set(server["drawn"]) & set(worker["drawn"])
    [loader] = (packages / "loaded").read_text().split()
    assert int(loader) not in (ours, server["pid"], worker["pid"])


def test_what_cannot_be_loaded_is_left_to_its_command(packages: Path) -> None:
    (packages / "guanxi_alpha/jobs.py").write_text("raise ValueError('broken')")
    assert told(packages)[1] == [None, None]


def test_who_ends_while_they_load_leaves_nobody(packages: Path) -> None:
    (packages / "guanxi_alpha/app.py").write_text("import time; time.sleep(10)")
    run(packages, "die")
    until(lambda: not working_in(packages), "all have ended", seconds=5)


def working_in(folder: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == str(folder):
                found.append(process.pid)
    return found
