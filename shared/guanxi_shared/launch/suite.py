"""The suite on this machine, from an empty folder to a clean stop."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from guanxi_shared.launch.board import Board
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.forked import Forked, fork_ahead
from guanxi_shared.launch.loading import Command
from guanxi_shared.launch.locks import FolderLock
from guanxi_shared.launch.place import make_data_dir
from guanxi_shared.launch.plan import Plan, Suite, commands, inherited
from guanxi_shared.launch.ports import demand_port
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.process import Say
from guanxi_shared.launch.provision import Provisioned, provision
from guanxi_shared.launch.roles import roles_of
from guanxi_shared.launch.secret_file import SecretFile
from guanxi_shared.launch.services import Service, discover_services
from guanxi_shared.launch.settings import LaunchSettings
from guanxi_shared.launch.stopping import stops_on_signal
from guanxi_shared.launch.supervisor import Supervisor

OnSuiteReady = Callable[[Suite], Awaitable[None]]


def supervisor_lock(data_dir: Path) -> Path:
    """Held as long as a supervisor runs the suite of this folder."""
    return data_dir / "run" / "supervisor.lock"


def fork_services() -> dict[Command, Forked]:
    """Processes for `run_suite`, waiting; none where the environment holds a way into the database, which
    they would inherit (the system keeps what a process was started with). Before the event loop."""
    if inherited() != dict(os.environ):
        return {}
    return fork_ahead(commands(discover_services()))


async def run_suite(
    settings: LaunchSettings,
    *,
    on_ready: OnSuiteReady | None = None,
    say: Say = print,
    log: Say = print,
    forked: Mapping[Command, Forked] = MappingProxyType({}),
) -> None:
    """Everything from an empty folder to a clean stop at a signal. LaunchError says what is wrong."""
    what = f"The data folder {settings.data_dir}"
    lock = FolderLock(supervisor_lock(settings.data_dir), what=what)
    make_data_dir(settings.data_dir)
    lock.acquire()
    try:
        async with stops_on_signal(say=say) as at_once:
            await _run(settings, at_once, on_ready=on_ready, say=say, log=log, forked=forked)
    finally:
        lock.release()


async def _run(
    settings: LaunchSettings,
    at_once: asyncio.Event,
    *,
    on_ready: OnSuiteReady | None,
    say: Say,
    log: Say,
    forked: Mapping[Command, Forked],
) -> None:
    services = _require_services()
    demand_port(settings.host, settings.port, setting="GUANXI_PORT")
    postgres = None if settings.database_url else EmbeddedPostgres(settings.data_dir)
    try:
        if postgres is not None:
            _start_postgres(postgres, say=say)
        provisioned = await prepare_database(settings, postgres, services)
        for warning in provisioned.warnings:
            say(f"warning: {warning}")
        plan = Plan(settings, services, provisioned)
        await plan.migrate(say=say)
        supervisor = Supervisor(
            plan.specs(),
            Board(settings.data_dir),
            postgres=postgres,
            say=say,
            log=log,
            forked=forked,
        )
    except BaseException:
        if postgres is not None:
            postgres.stop()
        raise

    async def tell() -> None:
        if on_ready is not None:
            await on_ready(plan.suite())

    await supervisor.run(at_once=at_once, on_ready=tell)


def _require_services() -> list[Service]:
    services = discover_services()
    if services:
        return services
    raise LaunchError(
        "No service is installed: run make install, or set PYTHONPATH to their folders."
    )


def _start_postgres(postgres: EmbeddedPostgres, *, say: Say) -> None:
    began = time.monotonic()
    say("starting postgres …")
    postgres.start()
    say(f"postgres ready on port {postgres.port} ({time.monotonic() - began:.1f} s)")


async def prepare_database(
    settings: LaunchSettings, postgres: EmbeddedPostgres | None, services: Sequence[Service]
) -> Provisioned:
    """Roles and schemas, with passwords made once per data folder."""
    names = [service.name for service in services]
    roles = [role for name in names for role in roles_of(name)]
    passwords = SecretFile(settings.data_dir).get_or_make(*roles)
    if settings.database_url is not None:
        return await provision(settings.database_url, names, passwords, database=None)
    assert postgres is not None
    return await provision(postgres.admin_url, names, passwords)
