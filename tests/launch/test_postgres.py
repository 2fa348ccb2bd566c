"""A Postgres of our own, on the newest and the oldest supported version."""

import os
import re
import signal
import socket
from pathlib import Path

import asyncpg
import pytest

from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.postgres import EmbeddedPostgres, buffers_for
from tests.launch.conftest import MakePostgres
from tests.launch.others import Holder
from tests.launch.until import is_alive, until


async def ask(url: str, *statements: str) -> object:
    """The value of the last statement."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


@pytest.mark.usefixtures("binaries")
async def test_the_first_start_makes_a_cluster_that_the_next_one_finds_again(
    make_postgres: MakePostgres,
) -> None:
    postgres = make_postgres()
    postgres.start()
    await ask(postgres.admin_url, "CREATE TABLE t AS SELECT 42 AS n", "SELECT 1")
    postgres.stop()
    assert not postgres.is_running()
    postgres.start()
    assert await ask(postgres.admin_url, "SELECT n FROM t") == 42


@pytest.mark.usefixtures("binaries")
async def test_trigrams_see_chinese_names(make_postgres: MakePostgres) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    trigrams = await ask(
        postgres.admin_url, "CREATE EXTENSION pg_trgm", "SELECT show_trgm('张伟集团有限公司')"
    )
    assert isinstance(trigrams, list)
    assert len(trigrams) > 5


async def test_a_wrong_password_is_refused(make_postgres: MakePostgres) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(postgres.url("postgres", "wrong", database="postgres"), "SELECT 1")


async def test_it_listens_on_loopback_only(make_postgres: MakePostgres) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    assert await ask(postgres.admin_url, "SHOW listen_addresses") == "127.0.0.1"
    assert await ask(postgres.admin_url, "SHOW unix_socket_directories") == ""


async def test_root_is_not_the_one_who_runs_it(make_postgres: MakePostgres, folder: Path) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    assert (folder / "data" / "postgres").stat().st_uid != 0
    assert (folder / "data" / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("binaries")
async def test_a_killed_postgres_starts_again_on_its_port_with_all_that_was_acknowledged(
    make_postgres: MakePostgres,
) -> None:
    postgres = make_postgres()
    postgres.start()
    port = postgres.port
    connection = await asyncpg.connect(postgres.admin_url)
    await connection.execute("CREATE TABLE t(n int)")
    for number in range(50):
        await connection.execute("INSERT INTO t VALUES ($1)", number)
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    until(lambda: not postgres.is_running(), "Postgres is seen dead")
    connection.terminate()
    postgres.start()
    assert postgres.port == port
    assert await ask(postgres.admin_url, "SELECT count(*) FROM t") == 50


def test_postgres_shuts_down_cleanly_when_its_supervisor_is_killed(folder: Path) -> None:
    holder = Holder(folder / "data")
    pid = holder.told()["pid"]
    holder.kill()
    until(lambda: not is_alive(pid), "Postgres ends by itself")
    assert "database system is shut down" in (folder / "data/logs/postgres.log").read_text()


async def test_a_postgres_that_outlived_its_supervisor_is_taken_down_first(
    folder: Path, make_postgres: MakePostgres
) -> None:
    holder = Holder(folder / "data", "thread")
    told = holder.told()
    await ask(told["url"], "CREATE TABLE t AS SELECT 42 AS n", "SELECT 1")
    holder.kill()
    assert is_alive(told["pid"])
    postgres = make_postgres()
    postgres.start()
    assert not is_alive(told["pid"])
    assert await ask(postgres.admin_url, "SELECT n FROM t") == 42


def test_a_kill_in_the_middle_of_the_first_start_leaves_nothing_half_made(
    folder: Path, make_postgres: MakePostgres
) -> None:
    holder = Holder(folder / "data")
    until(lambda: bool(list(folder.glob("data/postgres.new-*/base"))), "initdb is at work")
    holder.kill()
    assert not (folder / "data" / "postgres").exists()
    postgres = make_postgres()
    postgres.start()
    assert postgres.is_running()


def test_a_half_copied_folder_is_refused(folder: Path, make_postgres: MakePostgres) -> None:
    (folder / "data/postgres/base").mkdir(parents=True)
    with pytest.raises(LaunchError, match=r"no complete database.*move it away"):
        make_postgres().start()


def test_a_database_of_another_major_version_is_refused(
    folder: Path, make_postgres: MakePostgres
) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    postgres.stop()
    (folder / "data/postgres/PG_VERSION").write_text("14\n")
    with pytest.raises(LaunchError, match=r"made by PostgreSQL 14, but .*set GUANXI_PG_BIN"):
        postgres.start()


def test_a_taken_port_is_named(make_postgres: MakePostgres) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LaunchError, match=rf"Port {port} on 127.0.0.1 is taken"):
            make_postgres(port=port).start()


def test_a_second_start_on_the_same_folder_is_refused(make_postgres: MakePostgres) -> None:
    make_postgres(fast=True).start()
    second = make_postgres(fast=True)
    with pytest.raises(LaunchError, match=f"in use by process {os.getpid()}: stop that first"):
        second.start()


async def test_lost_secrets_are_made_anew(folder: Path, make_postgres: MakePostgres) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    before = postgres.admin_url
    postgres.stop()
    (folder / "data" / "secrets.json").unlink()
    postgres.start()
    assert postgres.admin_url != before
    assert await ask(postgres.admin_url, "SELECT 1") == 1


def test_a_stale_pid_file_that_names_a_foreign_process_does_not_stop_the_start(
    folder: Path, make_postgres: MakePostgres
) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    cluster = folder / "data" / "postgres"
    pid_file = (cluster / "postmaster.pid").read_text()
    postgres.stop()
    (cluster / "postmaster.pid").write_text(re.sub(r"^\d+", str(os.getppid()), pid_file))
    postgres.start()
    assert postgres.is_running()


def test_starting_twice_is_starting_once(make_postgres: MakePostgres) -> None:
    postgres = make_postgres(fast=True)
    postgres.start()
    pid = postgres.pid
    postgres.start()
    assert postgres.pid == pid


def test_destroy_leaves_no_database(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "data", fast=True)
    postgres.start()
    postgres.destroy()
    assert not (folder / "data" / "postgres").exists()


@pytest.mark.parametrize(
    ("gigabytes", "buffers"),
    [(0, "256MB"), (2, "256MB"), (8, "512MB"), (24, "1536MB"), (256, "2048MB")],
)
def test_postgres_takes_a_share_of_the_memory_within_bounds(gigabytes: int, buffers: str) -> None:
    assert buffers_for(gigabytes << 30) == buffers
