"""Rows read and checked beside the event loop: in a thread for a small file, in a process for a large one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from guanxi_shared.imports import aside
from guanxi_shared.imports.aside import Beside, PreparerDied
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.tables import sniff
from guanxi_shared.tables.rows import START, Checkpoint, Row
from tests.deadlines import until

ROWS = 250


@dataclass(frozen=True)
class Shouting:
    """A preparation that can travel."""

    mark: str

    def prepare(self, row: Row) -> Prepared:
        found = Prepared(row.number, row.line, row.values, row.checkpoint)
        found.columns = {"name": row.values["name"].upper() + self.mark}
        return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text("name\n" + "".join(f"n{i}\n" for i in range(ROWS)), encoding="utf-8")
    return path


@contextmanager
def beside(path: Path, start: Checkpoint = START) -> Iterator[Beside]:
    found = Beside(path, sniff(path), size=100, start=start)
    try:
        yield found
    finally:
        found.close()


async def everything(found: Beside, *preparations: Shouting) -> list[str]:
    """All names, each chunk with the next of the preparations and the last one from then on."""
    names, waiting = [], list(preparations)
    while True:
        now = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        chunk = await found.next(now)
        if chunk is None:
            return names
        names += [row.columns["name"] for row in chunk[0]]


@pytest.mark.parametrize("large", [10**9, 1])
async def test_a_thread_and_a_process_give_the_same_rows(
    file: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(aside, "LARGE_BYTES", large)
    with beside(file) as found:
        names = await everything(found, Shouting("!"), Shouting("?"))
        assert (found._process is None) == (large > 1)
    assert names == [f"N{i}{'!' if i < 100 else '?'}" for i in range(ROWS)]


async def test_a_process_goes_on_where_the_file_was_left(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "LARGE_BYTES", 1)
    with beside(file) as found:
        chunk = await found.next(Shouting("!"))
        assert chunk is not None
    with beside(file, start=chunk[1]) as again:
        assert await everything(again, Shouting("!")) == [f"N{i}!" for i in range(100, ROWS)]


async def test_a_process_that_is_killed_is_told_and_not_waited_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "LARGE_BYTES", 1)
    with beside(file) as found:
        await found.next(Shouting("!"))
        assert found._process is not None
        found._process.kill()
        with pytest.raises(PreparerDied):
            await asyncio.wait_for(found.next(Shouting("!")), 20)


async def test_the_process_ends_when_nobody_asks_any_more(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the worker is killed: its end of the connection closes with it."""
    monkeypatch.setattr(aside, "LARGE_BYTES", 1)
    with beside(file) as found:
        await found.next(Shouting("!"))
        assert found._process is not None
        assert found._pipe is not None
        child = psutil.Process(found._process.pid)
        found._pipe.close()

        async def has_ended() -> bool:
            return not child.is_running() or child.status() == psutil.STATUS_ZOMBIE

        await until(has_ended, seconds=20)


async def test_the_process_of_a_large_file_sets_out_before_a_row_is_asked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with beside(file) as small:
        small.set_out()
        assert small._process is None
    monkeypatch.setattr(aside, "LARGE_BYTES", 0)
    with beside(file) as large:
        large.set_out()
        process = large._process
        assert process is not None
        assert process.is_alive()
        assert len(await everything(large, Shouting("!"))) == ROWS
        assert large._process is process
