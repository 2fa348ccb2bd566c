"""Makes a database cluster, all or nothing, and refuses one that these binaries cannot run."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from guanxi_shared.launch.binaries import Binaries
from guanxi_shared.launch.errors import NO_SPACE, LaunchError, disk_full, not_writable
from guanxi_shared.launch.place import Place

SUPERUSER = "postgres"
MEGABYTE = 1_000_000
NEEDED_TO_MAKE = 100 * MEGABYTE
NEEDED_TO_START = 20 * MEGABYTE
BUILTIN_LOCALES_SINCE = 17


def ensure_cluster(place: Place, binaries: Binaries, *, password: str, fast: bool) -> bool:
    """True if it had to be made. LaunchError if what is there is no cluster of this major."""
    if (version := cluster_version(place)) is None:
        ensure_space(place.home, NEEDED_TO_MAKE)
        _make(place, binaries, password=password, fast=fast)
        return True
    ensure_space(place.home, NEEDED_TO_START)
    if version != str(binaries.major):
        raise LaunchError(
            f"The database in {place.cluster} was made by PostgreSQL {version}, but {binaries.folder} "
            f"is PostgreSQL {binaries.version}: set GUANXI_PG_BIN to the programs of {version} "
            "(to move to another version: make backup FILE=… there, then make restore FILE=… into "
            "a new GUANXI_DATA_DIR)."
        )
    return False


def cluster_version(place: Place) -> str | None:
    """The major that made the cluster, None where there is none yet."""
    cluster = place.cluster
    try:
        if not cluster.exists() or not any(cluster.iterdir()):
            return None
        return (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise LaunchError(
            f"{cluster} is no complete database (PG_VERSION is missing): move it away to start "
            "with an empty one, then make restore FILE=… if you have a backup."
        ) from None
    except PermissionError:
        raise LaunchError(
            f"The database in {cluster} belongs to user {cluster.owner()}, not to you: start the "
            "suite as the user who made it, or set GUANXI_DATA_DIR to another folder."
        ) from None


def ensure_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise LaunchError(
            f"The disk that holds {folder} is full ({free // MEGABYTE} MB free, "
            f"{needed // MEGABYTE} MB needed): free some space there, then start again."
        )


def _make(place: Place, binaries: Binaries, *, password: str, fast: bool) -> None:
    """Beside, then renamed: a kill -9 in the middle never leaves half a cluster."""
    for leftover in place.home.glob("postgres.new-*"):
        # A killed start's initdb may still be writing as it dies: what it leaves, the next clears.
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        staging = Path(tempfile.mkdtemp(dir=place.home, prefix="postgres.new-"))
        place.run_as.own(staging)
        password_file = _password_file(place, password)
    except OSError as error:
        raise not_writable(place.home, error) from error
    try:
        told = place.run_as.run(_initdb(binaries, staging, password_file, fast=fast))
        _explain(told, place.home)
        staging.rename(place.cluster)
    finally:
        password_file.unlink()
        shutil.rmtree(staging, ignore_errors=True)


def _password_file(place: Place, password: str) -> Path:
    file = place.home / "postgres.new-password"
    file.touch(mode=0o600)
    file.write_text(password, encoding="utf-8")
    place.run_as.own(file)
    return file


def _initdb(binaries: Binaries, staging: Path, password_file: Path, *, fast: bool) -> list[str]:
    command = [
        binaries.program("initdb"),
        f"--pgdata={staging}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        "--locale=C",
        # Without it trigrams see ASCII letters only: show_trgm('张伟') is empty.
        f"--lc-ctype={_character_type()}",
    ]
    if binaries.major >= BUILTIN_LOCALES_SINCE:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*command, "--no-sync"] if fast else command


def _character_type() -> str:
    """C.UTF-8 wherever it exists; older macOS calls it otherwise."""
    try:
        told = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "C.UTF-8"
    known = {name.lower().replace("-", "") for name in told.stdout.split()}
    return "C.UTF-8" if "c.utf8" in known or "en_us.utf8" not in known else "en_US.UTF-8"


def _explain(told: subprocess.CompletedProcess[str], folder: Path) -> None:
    if told.returncode == 0:
        return
    if NO_SPACE in told.stdout:
        raise disk_full(folder)
    lines = [line for line in told.stdout.splitlines() if "error:" in line or "FATAL" in line]
    raise LaunchError(
        f"initdb could not make a database in {folder}: {(lines or ['it was killed'])[-1]} "
        "(GUANXI_PG_BIN chooses other programs, GUANXI_DATA_DIR another folder)."
    )
