"""A data folder as the first start of the suite leaves it: made once in a run of the tests, copied by each suite of it.

Every storm and story begins with a suite of its own; to make a cluster and run all migrations takes as long as many
of them. Processes find it by the environment, so that it is one for all workers and whatever they start.
"""

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from guanxi_shared.launch.place import LOCATION

FOLDER: Final = "GUANXI_TESTS_FOLDER"  # of the run, where the prepared data folder lies
READABLE: Final = 0o711  # as root, Postgres runs as another user
OF_A_START: Final = ("run", "logs", "suite.log")


def offer(folder: Path) -> None:
    os.environ[FOLDER] = str(folder)


def withdraw() -> None:
    os.environ.pop(FOLDER, None)


def begin_from(place: Path, make: Callable[[Path], None]) -> None:
    """Fill an empty data folder with a copy of the prepared one, which `make` makes if nobody has. Outside a run of
    the tests, or where the cluster had to be put elsewhere, it stays empty."""
    run = os.environ.get(FOLDER)
    if run is None:
        return
    prepared = Path(run) / "suite"
    with (Path(run) / "suite.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not prepared.exists():
            _make(prepared, make)
    if (prepared / LOCATION).exists():
        return
    place.chmod(READABLE)
    subprocess.run(["cp", "-a", f"{prepared}/.", str(place)], check=True)


def _make(prepared: Path, make: Callable[[Path], None]) -> None:
    staging = prepared.with_name("suite.new")
    staging.mkdir(READABLE)
    make(staging)
    for name in OF_A_START:
        subprocess.run(["rm", "-rf", str(staging / name)], check=True)
    staging.rename(prepared)
