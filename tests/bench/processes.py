"""The suite and the bare route as real processes, in a folder that is gone afterwards."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from guanxi_shared.launch.board import Entry, board_path, read_board
from guanxi_shared.launch.ports import free_port, refusal
from guanxi_shared.launch.secret_file import SecretFile

READY = "Guanxi is ready"
START_SECONDS = 120.0
STOP_SECONDS = 60.0
SETUP_TOKEN = "only-for-the-first-organisation-of-a-bench"
OURS = re.compile(r"(GUANXI|GATEWAY|CONTACTS|PIPELINE|TICKETS|ANALYTICS)_")
LAST_LINES = 8
SERVED = ("--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=error")


class NotStarted(Exception):
    """What a process said last before it failed to become ready."""


def environment(**settings: str) -> dict[str, str]:
    """That of the shell without settings of ours, so that runs compare; our packages on the path."""
    kept = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    return kept | {"PYTHONPATH": path} | settings


class Suite:
    """`guanxi up` in a process of its own, started and stopped as often as wished."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._lines: list[str] = []
        self._is_ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Seconds until it said that it was ready; NotStarted with its last lines."""
        began = time.perf_counter()
        self._is_ready.clear()
        self._lines.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "guanxi_gateway.cli", "up"],
            cwd=self.data_dir.parent,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        if not self._is_ready.wait(START_SECONDS) or self._process.poll() is not None:
            raise NotStarted(" / ".join(self._lines[-LAST_LINES:]))
        return time.perf_counter() - began

    def stop(self) -> float:
        """Seconds of a clean stop; 0 when nothing runs."""
        process, self._process = self._process, None
        if process is None:
            return 0.0
        began = time.perf_counter()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return time.perf_counter() - began

    def processes(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in read_board(board_path(self.data_dir))}

    def url_of(self, service: str) -> str:
        """Where a service listens itself, without the gateway."""
        return self.processes()[service].url or ""

    @property
    def admin_url(self) -> str:
        """The superuser's way into the suite's database."""
        password = SecretFile(self.data_dir).read()["postgres"]
        port = self.processes()["postgres"].port
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/guanxi"

    def _environment(self) -> dict[str, str]:
        return environment(
            GUANXI_DATA_DIR=str(self.data_dir),
            GUANXI_PORT=str(self.port),
            GUANXI_DEMO="0",
            GUANXI_SETUP_TOKEN=SETUP_TOKEN,
            GUANXI_LOG_LEVEL="warning",
            GATEWAY_WEBHOOK_HTTP="1",
            GATEWAY_WEBHOOK_NETWORKS="127.0.0.0/8",
            COLUMNS="200",
        )

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        log = self.data_dir.parent / "suite.log"
        with log.open("a", encoding="utf-8") as file:
            for line in process.stdout:
                file.write(line)
                self._lines.append(line.strip())
                if READY in line:
                    self._is_ready.set()
        self._is_ready.set()  # it ended: waiting longer would not help


class Hello:
    """The bare route, or another application, served as a service is: one worker, uvloop, httptools, no
    access log."""

    def __init__(self, app: str = "tests.bench.hello:app") -> None:
        self._app = app
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "uvicorn", self._app, *SERVED]
        self._process = subprocess.Popen([*command, f"--port={self.port}"], env=environment())
        wait_for_port(self.port, self._process)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, seconds: float = 30.0) -> None:
    """NotStarted when the process ends, or nobody listens there in time."""
    deadline = time.monotonic() + seconds
    while refusal("127.0.0.1", port) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(f"nothing listens on port {port}")
        threading.Event().wait(0.05)


def pids(suite: Suite) -> Mapping[str, int]:
    return {name: entry.pid for name, entry in suite.processes().items() if entry.pid is not None}
