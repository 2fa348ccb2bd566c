"""Finds the suite that runs on this machine, or its database when it does not run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from guanxi_shared.launch.board import Entry, board_path, read_board
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.keeper import NAME as POSTGRES
from guanxi_shared.launch.locks import is_held
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.provision import with_database
from guanxi_shared.launch.secret_file import SecretFile
from guanxi_shared.launch.services import GATEWAY
from guanxi_shared.launch.settings import LaunchSettings
from guanxi_shared.launch.suite import supervisor_lock

DATABASE = "guanxi"


def running_processes(settings: LaunchSettings) -> list[Entry]:
    """Empty when no supervisor runs: what an earlier one wrote means nothing then."""
    if not is_held(supervisor_lock(settings.data_dir)):
        return []
    return read_board(board_path(settings.data_dir))


def gateway_url(settings: LaunchSettings) -> str:
    """Where the running gateway listens, else GUANXI_GATEWAY_URL, else where it would listen."""
    for entry in running_processes(settings):
        if entry.name == GATEWAY and entry.port is not None:
            return f"http://127.0.0.1:{entry.port}"
    return os.environ.get("GUANXI_GATEWAY_URL") or f"http://127.0.0.1:{settings.port}"


@contextmanager
def open_database(settings: LaunchSettings) -> Iterator[str]:
    """The administrator's URL of the suite's database; starts Postgres alone if nothing runs."""
    if settings.database_url is not None:
        yield settings.database_url
    elif running := running_database(settings):
        yield running
    else:
        with postgres_alone(settings) as postgres:
            yield with_database(postgres.admin_url, DATABASE)


@contextmanager
def postgres_alone(settings: LaunchSettings) -> Iterator[EmbeddedPostgres]:
    """LaunchError when the suite runs: its database is locked."""
    postgres = EmbeddedPostgres(settings.data_dir)
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()


def running_database(settings: LaunchSettings) -> str | None:
    entries = [each for each in running_processes(settings) if each.name == POSTGRES]
    if not entries:
        return None
    password = SecretFile(settings.data_dir).read().get("postgres")
    if password is None:
        raise LaunchError(
            f"{settings.data_dir / 'secrets.json'} does not hold the password of Postgres any "
            "more: stop the suite and start it again, then a new one is made."
        )
    return f"postgresql://postgres:{password}@127.0.0.1:{entries[0].port}/{DATABASE}"
