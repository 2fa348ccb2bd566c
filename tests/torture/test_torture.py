"""A storm on each run of the tests, and one of the planted bugs found, another each time; `make torture` is the long storm.
`GUANXI_TORTURE_PLANTS=all` plants them all, as a run without workers does."""

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite import MEMBERS, ROOT
from tests.torture.checks import check_keys, check_versions
from tests.torture.inside import divert
from tests.torture.inside.failpoints import Dice, tables_of
from tests.torture.inside.plants import PLANTS
from tests.torture.workload import Ledger, not_to_be_seen

AT_ONCE = 1  # each is a suite of its own for most of a minute


def drawn() -> list[str]:
    """The same for all workers of a run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None or os.environ.get("GUANXI_TORTURE_PLANTS") == "all":
        return list(PLANTS)
    return random.Random(run).sample(sorted(PLANTS), AT_ONCE)


async def tortured(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.torture", *options]
    paths = os.pathsep.join(map(str, [*MEMBERS, ROOT]))
    return await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths},
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip


@pytest.mark.system
async def test_what_was_acknowledged_survives_a_storm() -> None:
    done = await tortured("--seed", "4", "--seconds", "30")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "nothing lost" in done.stdout
    assert "faults: " in done.stdout


@pytest.mark.system
@pytest.mark.parametrize("plant", drawn())
async def test_a_planted_bug_is_found(plant: str) -> None:
    """Each storm is a throw of dice, on a slow machine a weak one: three in vain are a check that is blind."""
    for seed in ("3", "4", "5"):
        done = await tortured("--seed", seed, "--seconds", "8", "--clients", "8", "--plant", plant)
        if "WRONG: " in done.stdout:
            break
    assert done.returncode == 1, done.stdout[-4000:] + done.stderr[-2000:]
    assert "WRONG: " in done.stdout, done.stdout[-4000:] + done.stderr[-2000:]


def test_a_record_made_twice_or_lost_would_be_noticed() -> None:
    """The checks themselves, held against a broken outcome."""
    ledger = Ledger("Canary", keys={"one": "a", "two": "b"})
    twice = {"a": {"external_id": "one"}, "x": {"external_id": "one"}, "b": {"external_id": "two"}}
    assert check_keys(ledger, twice)
    assert check_keys(ledger, {"a": {"external_id": "one"}})
    assert not check_keys(ledger, {"a": {"external_id": "one"}, "b": {"external_id": "two"}})


def test_a_version_told_to_two_writers_would_be_noticed() -> None:
    ledger = Ledger("Canary")
    ledger.shared["a"] = [1, 3, 2]
    assert not check_versions(ledger)
    ledger.shared["a"] = [1, 2, 2]
    assert check_versions(ledger)


def test_somebody_elses_record_would_be_noticed() -> None:
    rows = [{"id": "1", "owner_id": "me"}, {"id": "2", "owner_id": "you"}]
    assert len(not_to_be_seen(rows, "me")) == 1
    assert not not_to_be_seen(rows, None)


def test_a_process_is_sent_over_its_own_lines() -> None:
    told = {
        "GUANXI_SERVICES": "contacts=http://127.0.0.1:1,tickets=http://127.0.0.1:2",
        "GUANXI_GATEWAY_URL": "http://127.0.0.1:3",
        "TICKETS_DATABASE_URL": "postgresql://t:p@127.0.0.1:4/guanxi?x=1",
    }
    divert("tickets", {"tickets>contacts": 91, "tickets>gateway": 93, "tickets>postgres": 94}, told)
    assert told == {
        "GUANXI_SERVICES": "contacts=http://127.0.0.1:91,tickets=http://127.0.0.1:2",
        "GUANXI_GATEWAY_URL": "http://127.0.0.1:93",
        "TICKETS_DATABASE_URL": "postgresql://t:p@127.0.0.1:94/guanxi?x=1",
    }


def test_a_failpoint_is_in_force_only_while_it_storms(tmp_path: Path) -> None:
    storms = tmp_path / "storms"
    dice = Dice({"after:feed_cursors": 1.0}, storms)
    written = tables_of("UPDATE feed_cursors SET position = $3")
    assert not dice.says("after", written)
    storms.touch()
    assert dice.says("after", written)
    assert not dice.says("after", tables_of("INSERT INTO accounts (id) SELECT 1"))
    assert not dice.says("before", written)
