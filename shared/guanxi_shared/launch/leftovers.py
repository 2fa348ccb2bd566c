"""Clears what a killed supervisor, a killed Postgres or a power cut left in a cluster.

Called under the data folder's lock: whoever still runs there has lost its supervisor.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.place import Place

PROC = Path("/proc")
# Fast shutdown; then immediate shutdown (recovers at the next start); then the end.
STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
ORPHANS_END_WITHIN = 3.0


def clear_leftovers(place: Place) -> None:
    """Returns when no Postgres works in the cluster any more."""
    cluster = place.cluster
    pid = recorded_pid(cluster)
    if pid is not None and _is_postgres_of(pid, cluster):
        _take_down(pid, cluster)
    elif pid is not None and _alive(pid):
        # After a reboot the number belongs to some other program; Postgres would not start.
        (cluster / "postmaster.pid").unlink()
    _await_orphans(cluster)


def recorded_pid(cluster: Path) -> int | None:
    try:
        return abs(int((cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0]))
    except (FileNotFoundError, ValueError):
        return None


def _take_down(pid: int, cluster: Path) -> None:
    for step, seconds in STEPS:
        _send(pid, step)
        if _ended_within(seconds, pid, cluster):
            return
    raise LaunchError(
        f"An earlier Postgres (process {pid}) still runs in {cluster} and cannot be stopped: "
        f"end it (kill {pid}), then start again."
    )


def _await_orphans(cluster: Path) -> None:
    """Backends outlive a killed postmaster for a moment and keep its shared memory."""
    deadline = time.monotonic() + ORPHANS_END_WITHIN
    while orphans := list(_working_in(cluster)):
        if time.monotonic() > deadline:
            for pid in orphans:
                _send(pid, signal.SIGKILL)
        if time.monotonic() > deadline + ORPHANS_END_WITHIN:
            raise LaunchError(
                f"Processes {orphans} of an earlier Postgres still work in {cluster}: end them, "
                "then start again."
            )
        time.sleep(0.02)


def _working_in(cluster: Path) -> Iterator[int]:
    """Linux: each process of Postgres has its cluster as working folder."""
    target = os.path.realpath(cluster)
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and _folder_of(entry) == target and _name_of(entry) == "postgres":
            yield int(entry.name)


def _folder_of(entry: Path) -> str | None:
    try:
        return os.readlink(entry / "cwd")
    except OSError:  # gone, or another user's
        return None


def _name_of(entry: Path) -> str | None:
    try:
        return (entry / "comm").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _is_postgres_of(pid: int, cluster: Path) -> bool:
    if not _alive(pid):
        return False
    if PROC.is_dir():
        return _folder_of(PROC / str(pid)) == os.path.realpath(cluster)
    told = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return "postgres" in told.stdout and str(cluster) in told.stdout


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _ended_within(seconds: float, pid: int, cluster: Path) -> bool:
    # Not `_alive`: where nobody reaps orphans, an ended process keeps its number.
    deadline = time.monotonic() + seconds
    while _is_postgres_of(pid, cluster):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
