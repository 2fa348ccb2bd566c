"""guanxi restore: puts a backup in the place of an empty database.

The backup is unpacked into a database beside; only when that is whole does it take the old one's
place, so that a failure leaves everything as it was. The feeds get a new epoch: whoever reads them
notices that time went back, and starts over from a snapshot.
"""

import asyncio
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from guanxi_gateway.cli.database_tools import run_tool
from guanxi_gateway.cli.running import DATABASE, postgres_alone, running_processes
from guanxi_shared.launch.binaries import find_binaries
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.provision import provision, with_database
from guanxi_shared.launch.roles import roles_of
from guanxi_shared.launch.secret_file import SecretFile
from guanxi_shared.launch.services import discover_services
from guanxi_shared.launch.settings import LaunchSettings

BESIDE = "guanxi_restoring"
TABLES = """
SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = ANY($1::text[]) AND relkind IN ('r', 'p')
"""
# 6; 2615 16389 SCHEMA - NAME NAME_owner
SCHEMA = re.compile(r"^\d+; \d+ \d+ SCHEMA - (\w+) \1_owner$", re.MULTILINE)
console = Console(highlight=False, soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `guanxi backup` wrote")],
    replace: Annotated[bool, typer.Option(help="Give up the data that is there now")] = False,
) -> None:
    """Bring back the data of FILE into an empty database; the suite must be stopped."""
    settings = LaunchSettings.from_environment()
    contents = read_contents(file)
    if running_processes(settings):
        raise LaunchError("The suite runs: stop it first (Ctrl-C in its terminal), then restore.")
    if settings.database_url is not None:
        Restoring(settings, contents).into_given(settings.database_url, replace=replace)
    else:
        with postgres_alone(settings) as postgres:
            Restoring(settings, contents).into_own(postgres.admin_url, replace=replace)
    console.print(f"Restored {file}. The next start brings it up to date.", markup=False)


@dataclass(frozen=True)
class Contents:
    """What a backup file holds."""

    file: Path
    entries: int
    schemas: tuple[str, ...]


def read_contents(file: Path) -> Contents:
    """LaunchError if it is no backup."""
    if not file.is_file():
        raise LaunchError(f"There is no file {file}.")
    command = [find_binaries().program("pg_restore"), "--list", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise LaunchError(f"{file} is not a backup that can be read: {told.stderr.strip()}")
    lines = [line for line in told.stdout.splitlines() if not line.startswith(";")]
    return Contents(file, len(lines), tuple(SCHEMA.findall(told.stdout)))


class Restoring:
    def __init__(self, settings: LaunchSettings, contents: Contents) -> None:
        self._contents = contents
        installed = {service.name for service in discover_services()}
        # Roles are not in the file, and what it holds belongs to them.
        self._services = sorted(installed.union(contents.schemas))
        roles = [role for name in self._services for role in roles_of(name)]
        self._passwords = SecretFile(settings.data_dir).get_or_make(*roles)

    def into_own(self, admin_url: str, *, replace: bool) -> None:
        beside = with_database(admin_url, BESIDE)
        asyncio.run(self._make_room(admin_url, replace=replace))
        self._unpack(beside)
        asyncio.run(self._finish(beside))
        asyncio.run(self._take_the_place(admin_url))

    def into_given(self, url: str, *, replace: bool) -> None:
        """One may not make databases on a server of somebody else: straight into its place."""
        asyncio.run(self._clear(url, replace=replace))
        self._unpack(url)
        asyncio.run(self._finish(url))

    async def _make_room(self, admin_url: str, *, replace: bool) -> None:
        """Also makes the roles that own what is in the backup."""
        provisioned = await provision(admin_url, self._services, self._passwords, database=DATABASE)
        if not replace:
            await self._refuse_data(provisioned.admin_url)
        connection = await asyncpg.connect(admin_url)
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {BESIDE} WITH (FORCE)")
            await connection.execute(f"CREATE DATABASE {BESIDE} TEMPLATE template0")
        finally:
            await connection.close()

    async def _clear(self, url: str, *, replace: bool) -> None:
        await provision(url, self._services, self._passwords, database=None)
        if not replace:
            await self._refuse_data(url)
        connection = await asyncpg.connect(url)
        try:
            for schema in self._services:
                await connection.execute(f"DROP SCHEMA {schema} CASCADE")
        finally:
            await connection.close()

    async def _refuse_data(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetchval(TABLES, self._services)
        finally:
            await connection.close()
        if tables:
            raise LaunchError(
                "The database holds data already: restore into an empty GUANXI_DATA_DIR, or give "
                "that data up with --replace (make restore FILE=… REPLACE=1)."
            )

    def _unpack(self, url: str) -> None:
        columns = TextColumn("restoring"), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("", total=self._contents.entries)

            def heard(line: str) -> None:
                if "creating" in line or "processing" in line:
                    progress.advance(task)

            options = ("--exit-on-error", "--no-comments", "--verbose", "--jobs=2")
            run_tool("pg_restore", url, *options, str(self._contents.file), heard=heard)

    async def _finish(self, url: str) -> None:
        """What a dump does not hold: rights on the database, leakproof marks; and new epochs."""
        await provision(url, self._services, self._passwords, database=None)
        connection = await asyncpg.connect(url)
        try:
            for schema in self._services:
                table = f"{schema}.feed_head"
                if await connection.fetchval("SELECT to_regclass($1)", table) is not None:
                    await connection.execute(f"UPDATE {table} SET epoch = gen_random_uuid()")
        finally:
            await connection.close()

    async def _take_the_place(self, admin_url: str) -> None:
        connection = await asyncpg.connect(admin_url)
        try:
            await connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            await connection.execute(f"ALTER DATABASE {BESIDE} RENAME TO {DATABASE}")
        finally:
            await connection.close()
