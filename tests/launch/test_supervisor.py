"""Keeping processes alive: fake services, real processes, real signals."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from guanxi_shared.launch import process as process_module
from guanxi_shared.launch.board import Board, Entry, board_path, read_board
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.health import is_ready
from guanxi_shared.launch.ports import free_port
from guanxi_shared.launch.process import ProcessSpec, delay_before_restart
from guanxi_shared.launch.supervisor import Supervisor
from tests.launch.others import environment
from tests.launch.until import eventually, is_alive, until

HERE = Path(__file__).parent
FAKE = str(HERE / "fake_service.py")


def fake(name: str, *words: str, round_: int = 1) -> ProcessSpec:
    port = free_port()
    command = (sys.executable, FAKE, str(port), *words)
    return ProcessSpec(name=name, command=command, env={}, port=port, stops_in_round=round_)


class Running:
    """What a test sees of a supervisor: its lines, its board, whether all is ready."""

    def __init__(self, data_dir: Path) -> None:
        self.said: list[str] = []
        self.logged: list[str] = []
        self.ready = asyncio.Event()
        self.at_once = asyncio.Event()
        self._board = board_path(data_dir)

    def entry(self, name: str) -> Entry:
        return next(entry for entry in read_board(self._board) if entry.name == name)

    async def tell_ready(self) -> None:
        self.ready.set()


@asynccontextmanager
async def supervised(data_dir: Path, *specs: ProcessSpec) -> AsyncIterator[Running]:
    """Everything is ready inside the block, and stopped after it."""
    running = Running(data_dir)
    supervisor = Supervisor(
        specs, Board(data_dir), say=running.said.append, log=running.logged.append
    )
    task = asyncio.create_task(supervisor.run(at_once=running.at_once, on_ready=running.tell_ready))
    try:
        async with asyncio.timeout(15):
            await running.ready.wait()
        yield running
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_ready_processes_stand_on_the_board_and_answer(tmp_path: Path) -> None:
    spec = fake("alpha", "late", "0.3")
    async with supervised(tmp_path, spec) as running:
        entry = running.entry("alpha")
        assert (entry.state, entry.port, entry.url) == ("ready", spec.port, spec.url)
        assert entry.pid is not None
        assert is_alive(entry.pid)
        assert await is_ready("127.0.0.1", entry.port or 0)
        assert any("alpha ready on http://127.0.0.1:" in line for line in running.said)
    assert running.entry("alpha").state == "stopped"
    assert not is_alive(entry.pid)


async def test_a_killed_process_is_started_again_on_its_port(tmp_path: Path) -> None:
    async with supervised(tmp_path, fake("alpha")) as running:
        before = running.entry("alpha")
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)
        await eventually(lambda: running.entry("alpha").restarts == 1, "the restart is told")
        await eventually(lambda: running.entry("alpha").state == "ready", "it is ready again")
        after = running.entry("alpha")
        assert after.pid != before.pid
        assert after.port == before.port
        assert after.started_at != before.started_at
        assert any("alpha ended (SIGKILL); again in 0.2 s" in line for line in running.said)


async def test_logs_carry_the_name_of_their_process(tmp_path: Path) -> None:
    async with supervised(tmp_path, fake("alpha"), fake("beta")) as running:
        pass
    assert "alpha            | hello" in running.logged
    assert "beta             | leaving" in running.logged


async def test_earlier_rounds_are_down_before_later_ones_are_told(tmp_path: Path) -> None:
    first, second = fake("gate", round_=1), fake("worker", round_=2)
    async with supervised(tmp_path, second, first) as running:
        pass
    leaving = [line for line in running.logged if "leaving" in line]
    assert [line.split(" ")[0] for line in leaving] == ["gate", "worker"]


async def test_a_process_that_ignores_the_request_to_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "STOP_TIMEOUT", 0.3)
    async with supervised(tmp_path, fake("alpha", "stubborn")) as running:
        pid = running.entry("alpha").pid
    assert pid is not None
    assert not is_alive(pid)


async def test_a_second_signal_does_not_wait_for_stubborn_processes(tmp_path: Path) -> None:
    async with supervised(tmp_path, fake("alpha", "stubborn")) as running:
        pid = running.entry("alpha").pid
        running.at_once.set()
    assert pid is not None
    assert not is_alive(pid)


async def test_a_process_that_never_becomes_ready_ends_the_start_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "FIRST_DELAY", 0.01)
    command = (sys.executable, "-c", "raise SystemExit('no such table')")
    hopeless, fine = ProcessSpec("hopeless", command, {}, port=free_port()), fake("fine")
    supervisor = Supervisor([hopeless, fine], Board(tmp_path), say=ignore, log=ignore)
    with pytest.raises(LaunchError, match=r"(?s)hopeless ended 4 times.*no such table"):
        await supervisor.run(at_once=asyncio.Event())
    assert {entry.state for entry in read_board(board_path(tmp_path))} == {"stopped"}


def ignore(line: str) -> None:
    return


async def test_a_line_without_end_does_not_stop_its_process(tmp_path: Path) -> None:
    code = "print('x' * 300_000 + 'end', flush=True); import time; time.sleep(60)"
    spec = ProcessSpec("long", (sys.executable, "-c", code), {})
    async with supervised(tmp_path, spec) as running:
        await eventually(lambda: any(line.endswith("end") for line in running.logged), "the end")
        entry = running.entry("long")
        assert entry.pid is not None
        assert (is_alive(entry.pid), entry.restarts) == (True, 0)


def test_restarts_wait_longer_each_time_up_to_ten_seconds() -> None:
    assert [delay_before_restart(n) for n in (1, 2, 3, 6, 7, 50)] == [0.2, 0.4, 0.8, 6.4, 10, 10]


class Driver:
    """driver.py as a process of its own."""

    def __init__(self, data_dir: Path, *, postgres: bool) -> None:
        self.data_dir = data_dir
        self.ports = {"gate": free_port(), "alpha": free_port()}
        words = [f"{name}={port}" for name, port in self.ports.items()]
        self.process = subprocess.Popen(
            [sys.executable, HERE / "driver.py", data_dir, str(int(postgres)), *words],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "ALL READY" in line:
                return
        pytest.fail("the driver ended before it was ready")

    def pids(self) -> dict[str, int]:
        entries = read_board(board_path(self.data_dir))
        return {entry.name: entry.pid for entry in entries if entry.pid is not None}


@pytest.fixture
def driver(folder: Path) -> Iterator[Driver]:
    driver = Driver(folder / "data", postgres=True)
    yield driver
    if driver.process.poll() is None:
        driver.process.terminate()
    driver.process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_in_order(driver: Driver, number: signal.Signals) -> None:
    pids = driver.pids()
    assert set(pids) == {"postgres", "gate", "alpha"}
    driver.process.send_signal(number)
    output, _ = driver.process.communicate(timeout=30)
    assert driver.process.returncode == 0
    assert output.rstrip().endswith("stopped")
    assert not any(is_alive(pid) for pid in pids.values())
    assert "shut down" in (driver.data_dir / "logs/postgres.log").read_text()
    assert driver.pids() == {}


def test_a_killed_supervisor_takes_everything_with_it(driver: Driver) -> None:
    pids = driver.pids()
    driver.process.kill()
    until(lambda: not any(is_alive(pid) for pid in pids.values()), "all children end")
    again = Driver(driver.data_dir, postgres=True)
    again.process.terminate()
    assert "stopped" in again.process.communicate(timeout=30)[0]


def test_a_killed_postgres_is_started_again_on_its_port(driver: Driver) -> None:
    before = driver.pids()["postgres"]
    os.kill(before, signal.SIGKILL)
    until(lambda: driver.pids().get("postgres", before) != before, "Postgres runs again")
    entries = {entry.name: entry for entry in read_board(board_path(driver.data_dir))}
    assert entries["postgres"].restarts == 1
    assert entries["alpha"].restarts == 0
