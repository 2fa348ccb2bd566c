"""Where the cluster lies, and whose it is.

Below the data folder, unless we are root and the lesser user that runs Postgres may not go there
(a repository cloned below a 0700 home). Folders of others are never opened up: the cluster then
lies in /var/lib/guanxi (or the nearest thing to it) and <data dir>/postgres.location says where.
"""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from guanxi_shared.launch.binaries import common_folder
from guanxi_shared.launch.errors import LaunchError, not_writable
from guanxi_shared.launch.run_as import RunAs, whom_for
from guanxi_shared.launch.secret_file import write_atomically

LOCATION = "postgres.location"


@dataclass(frozen=True)
class Place:
    home: Path
    run_as: RunAs

    @property
    def cluster(self) -> Path:
        return self.home / "postgres"


def choose_place(data_dir: Path, *, throwaway: bool = False) -> Place:
    """Makes the data folder if need be; the same answer at every later start."""
    make_data_dir(data_dir)
    home = recorded_home(data_dir) or data_dir
    run_as = whom_for(home / "postgres")
    if home != data_dir or run_as.can_enter(data_dir):
        return Place(home, run_as)
    if (data_dir / "postgres").exists():
        raise LaunchError(
            f"User {run_as.name}, whom Postgres runs as, may not enter {data_dir} any more: open "
            "the folders above it again (chmod o+x), or move the data folder to where it may."
        )
    return Place(_other_home(data_dir, run_as, throwaway=throwaway), run_as)


def make_data_dir(data_dir: Path) -> None:
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        if not data_dir.is_dir():
            data_dir.mkdir()
            # Whoever runs Postgres for root must pass through.
            data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise not_writable(data_dir, error) from error


def recorded_home(data_dir: Path) -> Path | None:
    """Where an earlier start put the cluster; LaunchError if that folder is gone."""
    try:
        home = Path((data_dir / LOCATION).read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None
    if home.is_dir():
        return home
    raise LaunchError(
        f"{data_dir / LOCATION} says that the database lies in {home}, which is gone: put it back, "
        f"or delete {data_dir / LOCATION} to start with an empty database."
    )


def _other_home(data_dir: Path, run_as: RunAs, *, throwaway: bool) -> Path:
    # Never the same folder twice: an old one may belong to a data folder that was moved away.
    key = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    common = common_folder(run_as, throwaway=throwaway)
    try:
        home = Path(tempfile.mkdtemp(dir=common, prefix=f"{key}-"))
        home.chmod(0o711)
        write_atomically(data_dir / LOCATION, f"{home}\n")
    except OSError as error:
        raise not_writable(data_dir, error) from error
    return home


def remove_cluster(data_dir: Path) -> None:
    """Deletes the database for good, wherever it lies; Postgres must be down."""
    home = recorded_home(data_dir)
    if home is not None:
        shutil.rmtree(home)
        (data_dir / LOCATION).unlink()
    if (data_dir / "postgres").exists():
        shutil.rmtree(data_dir / "postgres")
