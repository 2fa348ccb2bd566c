"""The whole suite as real processes in a folder of its own, for storms and stories."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from guanxi_gateway.cli.running import running_database
from guanxi_shared.auth import sign_service_token
from guanxi_shared.launch.settings import LaunchSettings
from tests import prepared_suite
from tests.deadlines import eventually

ROOT = Path(__file__).parents[1]
MEMBERS = [ROOT / "shared", ROOT / "gateway", *sorted((ROOT / "services").iterdir())]
START_SECONDS = 90
STOP_SECONDS = 30
# Sign-ins that fail lock the network address they come from; those that must work come from here.
ELSEWHERE = {"x-forwarded-for": "203.0.113.7"}


@dataclass(frozen=True)
class Suite:
    """A running suite: its address, its folder, the process that holds it."""

    url: str
    data: Path
    supervisor: subprocess.Popen[bytes]

    def processes(self) -> list[dict[str, Any]]:
        """What runs now; empty for the moment in which the file is being replaced."""
        try:
            found: list[dict[str, Any]] = json.loads(
                (self.data / "run" / "processes.json").read_text()
            )
        except (OSError, ValueError):
            return []
        return found

    def pid_of(self, name: str) -> int | None:
        return next((p["pid"] for p in self.processes() if p["name"] == name and p["pid"]), None)

    def kill(self, *names: str) -> None:
        """All at once, without a word to them."""
        pids = [self.pid_of(name) for name in names]
        assert all(pids), f"{names}: {pids}"
        for pid in pids:
            os.kill(pid or 0, signal.SIGKILL)

    def until_ready(self) -> None:
        """After something was killed, when it is up again."""
        eventually(lambda: is_ready(self), seconds=60)

    @property
    def secret(self) -> str:
        found: dict[str, str] = json.loads((self.data / "secrets.json").read_text())
        return next(value for key, value in found.items() if "service_secret" in key.lower())

    def new_organisation(self, name: str) -> "Admin":
        """An organisation and its first admin, signed in."""
        email, password = f"admin@{uuid4().hex[:12]}.example", f"Storm-{uuid4().hex}"
        token = sign_service_token(
            self.secret, issuer="torture", audience="gateway", now=time.time()
        )
        sent = {"name": name, "admin": {"name": "Admin", "email": email, "password": password}}
        with httpx.Client(base_url=self.url, timeout=20) as client:
            made = client.post(
                "/v1/organisations", json=sent, headers={"authorization": f"Bearer {token}"}
            )
            made.raise_for_status()
            return Admin(self, UUID(made.json()["id"]), email, password)


@dataclass(frozen=True)
class Admin:
    suite: Suite
    organisation_id: UUID
    email: str
    password: str

    def token(self) -> str:
        sent = {"email": self.email, "password": self.password}
        answer = httpx.post(
            f"{self.suite.url}/v1/auth/sign-in", json=sent, headers=ELSEWHERE, timeout=20
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token


@contextmanager
def running_suite(data: Path | None = None, **environment: str) -> Iterator[Suite]:
    """`guanxi up` without the demo, on a free port; stopped cleanly at the end, or killed. Its data folder is as a
    first start leaves it."""
    with TemporaryDirectory(prefix="guanxi-suite-") as folder:
        place = data or Path(folder)
        prepared_suite.begin_from(place, _start_once)
        with _started(place, environment) as suite:
            yield suite


def _start_once(place: Path) -> None:
    with _started(place, {}):
        pass


@contextmanager
def _started(place: Path, environment: Mapping[str, str]) -> Iterator[Suite]:
    port = free_port()
    env = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("GUANXI_", "CONTACTS_", "GATEWAY_"))
    }
    env |= {
        "GUANXI_DATA_DIR": str(place), "GUANXI_PORT": str(port), "GUANXI_DEMO": "0",
        "PYTHONPATH": os.pathsep.join(map(str, MEMBERS)),
        **environment,
    }  # fmt: skip
    log = (place / "suite.log").open("wb")
    command = [sys.executable, "-m", "guanxi_gateway.cli", "up"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
    suite = Suite(f"http://127.0.0.1:{port}", place, process)
    try:
        _await_ready(suite)
        yield suite
    finally:
        _stop(process)
        log.close()


def _await_ready(suite: Suite) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if suite.supervisor.poll() is not None:
            break
        if is_ready(suite):
            return
        time.sleep(0.1)
    words = (suite.data / "suite.log").read_text(errors="replace")[-3000:]
    raise RuntimeError(f"The suite did not become ready. Its last words:\n{words}")


def is_ready(suite: Suite) -> bool:
    states = [p["state"] for p in suite.processes()]
    if not states or any(state != "ready" and state != "running" for state in states):
        return False
    try:
        return httpx.get(f"{suite.url}/health/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def locked(suite: Suite, table: str, *ids: str) -> Iterator[Callable[..., None]]:
    """Rows that a transaction holds, so that whoever wants to change them waits; `table` with its schema. What it yields
    waits for one more row: of two that then wait for each other, Postgres ends the other one."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(database_of(suite)))

        def hold(table: str, *ids: str) -> None:
            sql = f"SELECT id FROM {table} WHERE id = ANY($1::uuid[]) FOR UPDATE"
            assert len(runner.run(connection.fetch(sql, ids))) == len(ids)

        try:
            runner.run(connection.execute("SET deadlock_timeout = '60s'"))
            runner.run(connection.execute("BEGIN"))
            hold(table, *ids)
            yield hold
        finally:
            runner.run(connection.close())


def waiting(suite: Suite) -> bool:
    """Whether somebody waits for a row that another transaction holds."""
    return asyncio.run(_waiting(database_of(suite)))


async def _waiting(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        found: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
        )
    finally:
        await connection.close()
    return found


def database_of(suite: Suite) -> str:
    """The superuser's way into the suite's database."""
    url = running_database(LaunchSettings.from_environment({"GUANXI_DATA_DIR": str(suite.data)}))
    assert url is not None, "the suite does not run"
    return url


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port
