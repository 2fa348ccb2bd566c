"""From an empty folder to a running suite and back, over two services of a few lines."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from guanxi_shared.launch.board import Entry, board_path, read_board
from guanxi_shared.launch.ports import free_port
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.secret_file import SecretFile
from tests.launch.alone import keep_alone
from tests.launch.conftest import MakePostgres
from tests.launch.until import is_alive, until

DRIVER = Path(__file__).with_name("suite_driver.py")
SHARED = Path(__file__).parents[2] / "shared"
APP = """
import json, os, random, secrets, uuid
from guanxi_shared.identifiers import new_id

print("loaded", flush=True)

def state():
    return {
        "environment": dict(os.environ),
        "drawn": [str(new_id()), str(uuid.uuid4()), secrets.token_hex(), random.random()],
        "open": sorted(map(os.readlink, opened())),
        "session": os.getsid(0),
    }

def opened():
    return [p for n in os.listdir("/proc/self/fd") if os.path.exists(p := f"/proc/self/fd/{n}")]

def create():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(state()).encode()})
    return app
"""
ENV = """
from guanxi_shared.migrations import run
from sqlalchemy import MetaData
run("guanxi_{name}", MetaData())
"""
REVISION = """
from alembic import op
revision = "{revision}"
down_revision: str | None = {parent!r}
def upgrade() -> None:
    op.execute("{sql}")
"""
PARTITIONS = "CREATE FUNCTION create_event_partitions() RETURNS void LANGUAGE sql AS 'SELECT'"


def write_service(packages: Path, name: str) -> None:
    folder = packages / f"guanxi_{name}"
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "app.py").write_text(APP)
    (folder / "migrations" / "env.py").write_text(ENV.format(name=name))
    first = REVISION.format(revision="0001", parent=None, sql=PARTITIONS)
    (versions / "0001_first.py").write_text(first)


def add_migration(packages: Path, name: str) -> None:
    second = REVISION.format(revision="0002", parent="0001", sql="CREATE TABLE things()")
    (packages / f"guanxi_{name}/migrations/versions/0002_second.py").write_text(second)


@pytest.fixture
def packages(folder: Path) -> Path:
    keep_alone(folder / "packages")
    for name in ("gateway", "alpha"):
        write_service(folder / "packages", name)
    return folder / "packages"


class Started:
    """suite_driver.py as a process of its own; `lines` are those up to being ready or refused."""

    def __init__(self, packages: Path, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = int(settings.get("GUANXI_PORT", free_port()))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("GUANXI_")}
        self.process = subprocess.Popen(
            [sys.executable, DRIVER],
            env={
                **inherited,
                "PYTHONPATH": os.pathsep.join([str(packages), str(SHARED)]),
                "GUANXI_DATA_DIR": str(data_dir),
                "GUANXI_PORT": str(self.port),
                **settings,
            },
            cwd=packages,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = list(self._until_decided())

    def _until_decided(self) -> Iterator[str]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield line.rstrip()
            if line.startswith(("READY", "REFUSED")):
                return

    def environment_of(self, name: str) -> dict[str, str]:
        """What the process was told."""
        told = self.state_of(name)["environment"]
        assert isinstance(told, dict)
        return told

    def state_of(self, name: str) -> dict[str, Any]:
        """What the process answers about itself."""
        with urllib.request.urlopen(f"{self.entry(name).url}/") as answer:
            told = json.load(answer)
        assert isinstance(told, dict)
        return told

    def entry(self, name: str) -> Entry:
        return next(e for e in read_board(board_path(self.data_dir)) if e.name == name)

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def start(packages: Path, folder: Path) -> Iterator[Callable[..., Started]]:
    started: list[Started] = []

    def begin(**settings: str) -> Started:
        started.append(Started(packages, folder / "data", **settings))
        return started[-1]

    yield begin
    for each in started:
        each.stop()


def test_it_starts_from_nothing_stops_cleanly_and_migrates_only_when_needed(
    start: Callable[..., Started], packages: Path
) -> None:
    first = start()
    assert first.lines[-1] == f"READY http://127.0.0.1:{first.port}"
    assert "migrating gateway, alpha …" in first.lines
    assert {e.name for e in read_board(board_path(first.data_dir))} == {
        "postgres", "gateway", "alpha",
    }  # fmt: skip
    assert first.stop() == 0
    assert not any("migrating" in line for line in start_and_stop(start).lines)
    add_migration(packages, "alpha")
    assert "migrating alpha …" in start_and_stop(start).lines


def start_and_stop(start: Callable[..., Started]) -> Started:
    started = start()
    assert started.stop() == 0
    return started


def test_each_process_knows_its_own_way_into_the_database_and_no_other(
    start: Callable[..., Started],
) -> None:
    suite = start(SECRET_DATABASE_URL="postgresql://elsewhere")
    gateway, alpha = suite.environment_of("gateway"), suite.environment_of("alpha")
    assert (
        "FORKED 0" in suite.lines
    )  # what a process was started with stays readable for the forked
    assert {name for name in alpha if name.endswith("DATABASE_URL")} == {
        "ALPHA_DATABASE_URL", "ALPHA_FEED_DATABASE_URL",
    }  # fmt: skip
    assert gateway["GUANXI_SERVICES"] == f"alpha=http://127.0.0.1:{alpha['ALPHA_PORT']}"
    assert alpha["GUANXI_GATEWAY_URL"] == f"http://127.0.0.1:{suite.port}"
    assert alpha["GUANXI_SERVICE_SECRET"] == gateway["GUANXI_SERVICE_SECRET"]
    assert len(alpha["GUANXI_SERVICE_SECRET"]) >= 32
    assert alpha["ALPHA_FILES_DIR"] == str(suite.data_dir / "files" / "alpha")


def test_a_forked_process_and_the_one_after_it_are_told_the_same(
    start: Callable[..., Started],
) -> None:
    suite = start()
    assert "FORKED 2" in suite.lines
    forked, pid = suite.state_of("alpha"), suite.entry("alpha").pid
    assert pid is not None
    assert forked["session"] == pid
    assert psutil.Process(pid).cmdline()[0] == "guanxi: alpha"
    os.kill(pid, signal.SIGKILL)
    until(lambda: suite.entry("alpha").restarts == 1, "it is started again")
    until(lambda: suite.entry("alpha").state == "ready", "it is ready again")
    anew = suite.state_of("alpha")
    assert anew["session"] == suite.entry("alpha").pid != pid
    assert forked["environment"] == anew["environment"]


def test_forked_processes_draw_different_numbers_and_hold_nothing_of_each_other(
    start: Callable[..., Started],
) -> None:
    suite = start()
    gateway, alpha = suite.state_of("gateway"), suite.state_of("alpha")
    assert not set(gateway["drawn"]) & set(alpha["drawn"])
    for held in (gateway["open"], alpha["open"]):
        assert not [file for file in held if str(suite.data_dir) in file]
    pipes = [{f for f in each["open"] if f.startswith("pipe:")} for each in (gateway, alpha)]
    assert all(pipes)
    assert not pipes[0] & pipes[1]


def test_a_killed_supervisor_takes_forked_processes_with_it(start: Callable[..., Started]) -> None:
    suite = start()
    pids = [entry.pid for entry in read_board(board_path(suite.data_dir)) if entry.pid]
    assert len(pids) == 3
    suite.process.kill()
    until(lambda: not any(is_alive(pid) for pid in pids), "all children end")


def test_a_service_that_cannot_be_loaded_ends_the_start_with_its_last_words(
    start: Callable[..., Started], packages: Path
) -> None:
    (packages / "guanxi_alpha/app.py").write_text("raise ValueError('alpha is broken')")
    refused = start()
    assert "FORKED 2" in refused.lines
    assert refused.lines[-1].startswith("REFUSED alpha ended 4 times before it was ready")
    assert refused.process.stdout is not None
    assert "alpha is broken" in refused.process.stdout.read()


def test_a_start_that_is_refused_leaves_no_waiting_process(start: Callable[..., Started]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = start(GUANXI_PORT=str(taken.getsockname()[1]))
        assert "FORKED 2" in refused.lines
        assert refused.process.stdout is not None
        refused.process.stdout.read()  # ends when nobody holds the other end


def test_the_sealing_secret_is_made_once_kept_and_told_to_the_gateway_alone(
    start: Callable[..., Started], folder: Path
) -> None:
    (folder / "data").mkdir()
    SecretFile(folder / "data").save(
        GUANXI_SERVICE_SECRET="of an older version, which made but this"
    )
    first = start()
    kept = SecretFile(first.data_dir).read()["GATEWAY_SECRET"]
    assert len(kept) >= 32
    assert first.environment_of("gateway")["GATEWAY_SECRET"] == kept
    assert "GATEWAY_SECRET" not in first.environment_of("alpha")
    assert first.stop() == 0
    again = start(GATEWAY_SECRET="the environment wins over the file")
    assert again.environment_of("gateway")["GATEWAY_SECRET"] == "the environment wins over the file"
    assert "GATEWAY_SECRET" not in again.environment_of("alpha")
    assert SecretFile(first.data_dir).read()["GATEWAY_SECRET"] == kept


def test_a_taken_port_is_named_with_its_setting(start: Callable[..., Started]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = start(GUANXI_PORT=str(port))
    assert refused.lines[-1].startswith(f"REFUSED Port {port} on 127.0.0.1 is taken")
    assert "GUANXI_PORT" in refused.lines[-1]
    assert refused.process.wait(timeout=10) == 1


def test_two_supervisors_never_share_a_folder(start: Callable[..., Started]) -> None:
    first = start()
    second = start()
    assert f"in use by process {first.process.pid}: stop that first" in second.lines[-1]


def test_a_failing_migration_ends_the_start_and_says_why(
    start: Callable[..., Started], packages: Path
) -> None:
    broken = packages / "guanxi_alpha/migrations/versions/0001_first.py"
    broken.write_text(broken.read_text().replace("LANGUAGE sql", "LANGUAGE nonsense"))
    refused = start()
    assert refused.lines[-1] == "REFUSED The migration of alpha failed:"
    assert refused.process.stdout is not None
    assert 'language "nonsense" does not exist' in refused.process.stdout.read()


def test_a_given_postgres_is_used_instead_of_an_own_one(
    start: Callable[..., Started], make_postgres: MakePostgres, folder: Path
) -> None:
    given = make_postgres(folder / "given", fast=True)
    given.start()
    suite = start(GUANXI_DATABASE_URL=given.admin_url)
    assert suite.lines[-1].startswith("READY")
    assert {e.name for e in read_board(board_path(suite.data_dir))} == {"gateway", "alpha"}
    assert (
        f"@127.0.0.1:{given.port}/postgres" in suite.environment_of("alpha")["ALPHA_DATABASE_URL"]
    )
    assert not (folder / "data" / "postgres").exists()


def test_services_are_found_by_their_packages_with_the_gateway_first(packages: Path) -> None:
    write_service(packages, "aardvark")
    (packages / "guanxi_unfinished").mkdir()
    (packages / "guanxi_unfinished/__init__.py").touch()
    found = ask(packages, "services as s", "[x.name for x in s.discover_services()]")
    assert found == ["gateway", "aardvark", "alpha"]


def test_heads_are_read_from_the_files(packages: Path) -> None:
    question = ("migrating as m", "sorted(m.heads_of('guanxi_alpha'))")
    assert ask(packages, *question) == ["0001"]
    add_migration(packages, "alpha")
    assert ask(packages, *question) == ["0002"]


def ask(packages: Path, module: str, expression: str) -> object:
    """In a process of its own: a package found once is never looked for again."""
    code = (
        f"import json; from guanxi_shared.launch import {module}; print(json.dumps({expression}))"
    )
    path = os.pathsep.join([str(packages), str(SHARED)])
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        cwd=packages,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(told.stdout)


def test_a_data_folder_survives_without_its_board(folder: Path) -> None:
    assert read_board(board_path(folder)) == []
    assert EmbeddedPostgres(folder).pid is None
