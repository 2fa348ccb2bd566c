"""The tools of third parties, as published and pinned: made once for each state of their lists, then kept."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).parent / "clients"
PINS = ROOT / "requirements" / "outside.txt"
SECONDS = 400


def python_tools() -> Path:
    """The folder of programs of an environment that holds requirements/outside.txt."""
    with _kept("python", PINS) as (place, is_new):
        if is_new:
            _made([sys.executable, "-m", "venv", str(place)], place)
            pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--quiet"]
            _made([*pip, "--require-hashes", "-r", str(PINS)], place)
        return place / "bin"


def node_tools() -> Path:
    """The `node_modules` of tests/outside/clients/package-lock.json."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not on the path: clients in TypeScript are not tried")
    lock = CLIENTS / "package-lock.json"
    with _kept("node", lock) as (place, is_new):
        if is_new:
            place.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(CLIENTS / name, place)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
            _made(command, place, cwd=place)
        return place / "node_modules"


@contextmanager
def _kept(kind: str, pins: Path) -> Iterator[tuple[Path, bool]]:
    """A folder for these pins, and whether it has yet to be filled; one process at a time."""
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    home = Path(gettempdir()) / f"guanxi-outside-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    place = home / f"{kind}-{digest}"
    with (home / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = home / f"{kind}-{digest}.done"
        if not done.exists():
            shutil.rmtree(place, ignore_errors=True)
        yield place, not done.exists()
        done.touch()


def _made(command: list[str], place: Path, *, cwd: Path = ROOT) -> None:
    made = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if made.returncode:
        shutil.rmtree(place, ignore_errors=True)
        pytest.skip(f"{command[0]} could not install the tools: {made.stderr.strip()[-300:]}")
