"""The consumers of docs/feed.md, as they stand there: killed again and again, each event applied once."""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.launch.until import until
from tests.outside.conftest import Outsider

FEED = Path(__file__).parents[2] / "docs" / "feed.md"
NODE = shutil.which("node")
KILLS = 8
EVENTS = 25  # of a round of `write`
pytestmark = pytest.mark.system

Kept = tuple[dict[str, Any], dict[str, int]]  # records by subject, how often each type was heard


def from_the_page(language: str, sign: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", FEED.read_text(encoding="utf-8"), re.DOTALL)
    [found] = [block for block in blocks if sign in block]
    return found


def in_sqlite(store: Path) -> Kept:
    with closing(sqlite3.connect(store)) as found:
        rows = found.execute("SELECT subject, state FROM records").fetchall()
        records = {subject: json.loads(state) for subject, state in rows}
        return records, dict(found.execute("SELECT type, times FROM heard").fetchall())


def in_a_file(store: Path) -> Kept:
    state = json.loads(store.read_text(encoding="utf-8"))
    return state["records"], state["heard"]


def write(client: httpx.Client, number: int, written: Counter[str]) -> None:
    """A few changes of every kind, in one answer each, so that a batch of the feed is long."""
    sent = [{"op": "create", "data": {"name": f"客户 {number}.{each}"}} for each in range(20)]
    body = {"mode": "all_or_nothing", "operations": sent}
    made = client.post("/v1/accounts/batch", json=body).raise_for_status().json()
    ids = [result["id"] for result in made["results"]]
    for id in ids[:3]:
        client.patch(f"/v1/accounts/{id}", json={"grade": "A"}).raise_for_status()
    client.delete(f"/v1/accounts/{ids[0]}").raise_for_status()
    client.post("/v1/leads", json={"name": f"线索 {number}"}).raise_for_status()
    written.update(
        {"contacts.account.created": 20, "contacts.account.updated": 3,
         "contacts.account.deleted": 1, "pipeline.lead.created": 1}
    )  # fmt: skip


def there(client: httpx.Client, path: str) -> dict[str, Any]:
    rows, cursor = [], None
    while True:
        asked = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = client.get(path, params=asked).raise_for_status().json()
        rows += page["data"]
        if not page["page"]["has_more"]:
            return {row["id"]: row for row in rows}
        cursor = page["page"]["next_cursor"]


# Kill the process for good just before it takes its so-and-so-many-th step at its store.
PYTHON_KILLER = """
import os, runpy, signal, sqlite3, sys
left = int(os.environ["KILLED_AT"])
def step():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
class Store(sqlite3.Connection):
    def execute(self, *arguments):
        step()
        return super().execute(*arguments)
    def __exit__(self, *arguments):
        step()
        found = super().__exit__(*arguments)
        step()
        return found
connect = sqlite3.connect
sqlite3.connect = lambda path: connect(path, factory=Store)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
NODE_KILLER = """
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
let left = Number(process.env.KILLED_AT);
for (const name of ["openSync", "writeFileSync", "fsyncSync", "closeSync", "renameSync"]) {
  const real = fs[name];
  fs[name] = (...given) => {
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
    return real(...given);
  };
}
syncBuiltinESMExports();
"""


@dataclass(frozen=True)
class Program:
    command: list[str]
    killing: list[str]  # the same under a killer
    read: Callable[[Path], Kept]
    steps: int  # at its store, that a round of `write` makes it take at least


def program(language: str, folder: Path) -> Program:
    suffix, killer = ("py", PYTHON_KILLER) if language == "python" else ("mjs", NODE_KILLER)
    follow, kill = folder / f"follow.{suffix}", folder / f"kill.{suffix}"
    follow.write_text(from_the_page(language, "/v1/snapshot"), encoding="utf-8")
    kill.write_text(killer, encoding="utf-8")
    if language == "python":
        command = [sys.executable, str(kill), str(follow)]
        return Program([sys.executable, str(follow)], command, in_sqlite, 4 + 2 * EVENTS)
    if NODE is None:
        pytest.skip("node is not on the path: the JavaScript consumer is not run")
    return Program([NODE, str(follow)], [NODE, "--import", str(kill), str(follow)], in_a_file, 10)


@pytest.mark.parametrize("language", ["python", "js"])
def test_a_consumer_that_is_killed_has_applied_each_event_once(
    outsider: Outsider, tmp_path: Path, language: str
) -> None:
    tried, store = program(language, tmp_path), tmp_path / "kept"
    client = outsider.client
    before = client.post("/v1/accounts", json={"name": "schon da"}).raise_for_status().json()
    with running(tried.command, store, outsider):
        until(lambda: has_begun(tried.read, store), "a snapshot was kept", seconds=60)
    written: Counter[str] = Counter()
    dice = random.Random(language)
    for number in range(KILLS):
        write(client, number, written)
        step = dice.randint(2, tried.steps)
        with running(tried.killing, store, outsider, KILLED_AT=str(step)) as killed:
            assert killed.wait(30) == -signal.SIGKILL, step
    wanted = {f"account/{id}": row for id, row in there(client, "/v1/accounts").items()}
    wanted |= {f"lead/{id}": row for id, row in there(client, "/v1/leads").items()}
    with running(tried.command, store, outsider):
        until(
            lambda: heard(tried.read, store, written) == written, "each was heard once", seconds=60
        )
    records, _ = tried.read(store)
    assert f"account/{before['id']}" in records
    found = {key: row for key, row in records.items() if key.startswith(("account/", "lead/"))}
    assert found == wanted
    assert len(found) == 1 + KILLS * 20


@contextmanager
def running(
    command: list[str], store: Path, outsider: Outsider, **more: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A consumer, killed at the end if it was not before."""
    env = {"PATH": os.environ["PATH"], "GUANXI_URL": outsider.url, "GUANXI_KEY": outsider.key}
    process = subprocess.Popen([*command, str(store)], env=env | more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def has_begun(read: Callable[[Path], Kept], store: Path) -> bool:
    try:
        return bool(read(store)[0])
    except (OSError, sqlite3.Error):
        return False


def heard(read: Callable[[Path], Kept], store: Path, written: Counter[str]) -> dict[str, int]:
    return {type: times for type, times in read(store)[1].items() if type in written}
