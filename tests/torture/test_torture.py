"""A short storm on each run of the tests; `make torture` is the long one."""

import asyncio
import os
import subprocess
import sys

import pytest

from tests.suite import MEMBERS, ROOT
from tests.torture.checks import check_keys
from tests.torture.workload import Ledger


@pytest.mark.system
async def test_what_was_acknowledged_survives_a_short_storm() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.torture",
        "--seconds",
        "8",
        "--seed",
        "4",
        "--clients",
        "6",
    ]
    paths = os.pathsep.join(map(str, [*MEMBERS, ROOT]))
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "nothing lost" in done.stdout


def test_a_record_made_twice_or_lost_would_be_noticed() -> None:
    """The checks themselves, held against a broken outcome."""
    ledger = Ledger("Canary", keys={"one": "a", "two": "b"})
    twice = {"a": {"external_id": "one"}, "x": {"external_id": "one"}, "b": {"external_id": "two"}}
    assert check_keys(ledger, twice)
    assert check_keys(ledger, {"a": {"external_id": "one"}})
    assert not check_keys(ledger, {"a": {"external_id": "one"}, "b": {"external_id": "two"}})
