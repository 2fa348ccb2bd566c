"""One Postgres for a whole test run: migrated once, cloned for whoever needs a database.

The process that pytest was started in owns it (workers of xdist are its children), so it ends with
that process however that ends. `GUANXI_DATABASE_URL` names another server instead; give one of its
own, because the suite's roles get new passwords there.
"""

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import orjson

from guanxi_shared.launch.locks import FolderLock, is_held
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.provision import (
    ServiceUrls,
    provision,
    service_urls,
    with_database,
)
from guanxi_shared.launch.roles import roles_of
from guanxi_shared.launch.services import Service, discover_services
from guanxi_shared.launch.settings import LaunchSettings
from tests import prepared_suite
from tests.library import tables as library

PREFIX = "guanxi-tests-"
DATABASES = "guanxi_test_"
LOCK = "run.lock"
PATIENCE_SECONDS = 120.0
LEFT_BEHIND_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Prepared:
    """A server with a migrated template; `failures` are services whose migration broke."""

    admin_url: str
    template: str
    passwords: Mapping[str, str]
    services: tuple[str, ...]
    failures: Mapping[str, str]

    @asynccontextmanager
    async def clone(self, name: str) -> AsyncIterator["Clone"]:
        """A database like the template for as long as the block lasts (about 30 ms)."""
        database = f"{self.template}_{name}"
        await self._run(
            f'CREATE DATABASE "{database}" TEMPLATE "{self.template}" STRATEGY file_copy'
        )
        url = with_database(self.admin_url, database)
        try:
            yield Clone(url, service_urls(url, self.services, self.passwords), self.failures)
        finally:
            await self._run(f'DROP DATABASE "{database}" WITH (FORCE)')

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@dataclass(frozen=True)
class Clone:
    """A database of its own with every service's schema."""

    admin_url: str
    urls: Mapping[str, ServiceUrls]
    failures: Mapping[str, str]

    def environment(self, service: str) -> dict[str, str]:
        """The variables that lead a service to this database."""
        assert service not in self.failures, self.failures[service]
        prefix, urls = service.upper(), self.urls[service]
        return {
            f"{prefix}_DATABASE_URL": urls.request,
            f"{prefix}_FEED_DATABASE_URL": urls.feed,
            f"{prefix}_OWNER_DATABASE_URL": urls.owner,
        }


@contextmanager
def preparing() -> Iterator[Path]:
    """Yields at once with a file that `read` waits for; everything ends with the block."""
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o755)  # as root, Postgres runs as another user
    lock = FolderLock(folder / LOCK, what="A test run")
    lock.acquire()
    postgres = EmbeddedPostgres(folder / "data", fast=True)
    file = folder / "prepared.json"
    prepared_suite.offer(folder)
    database_url = LaunchSettings.from_environment().database_url
    try:
        if database_url is None:
            postgres.start()  # on this thread: Postgres ends with the thread that started it
        admin_url = database_url or postgres.admin_url
        thread = threading.Thread(target=_prepare, args=(admin_url, file))
        thread.start()
        yield file
        thread.join()
        if database_url is not None:
            asyncio.run(_drop_databases(database_url, _template_of(file)))
    finally:
        postgres.stop()
        postgres.destroy()
        prepared_suite.withdraw()
        shutil.rmtree(folder)
        lock.release()


def read(file: Path) -> Prepared:
    """What `preparing` prepares; RuntimeError if that failed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not file.exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"no database was prepared within {PATIENCE_SECONDS:.0f} s")
        threading.Event().wait(0.05)
    found = orjson.loads(file.read_bytes())
    if "error" in found:
        raise RuntimeError(found["error"])
    return Prepared(**found | {"services": tuple(found["services"])})


def _prepare(admin_url: str, file: Path) -> None:
    try:
        found = asdict(asyncio.run(_prepared(admin_url)))
    except Exception as error:  # told to every worker, each of which raises it
        found = {"error": f"{type(error).__name__}: {error}"}
    staging = file.with_suffix(".new")
    staging.write_bytes(orjson.dumps(found))
    staging.rename(file)


async def _prepared(admin_url: str) -> Prepared:
    await _drop_old_databases(admin_url)
    services = [service for service in discover_services() if _has_migrations(service)]
    names = (*(service.name for service in services), library.SERVICE)
    passwords = {role: secrets.token_urlsafe(18) for name in names for role in roles_of(name)}
    template = f"{DATABASES}{int(time.time())}_{os.getpid()}"
    made = await provision(admin_url, names, passwords, database=template)
    outcomes = await asyncio.gather(
        *(asyncio.to_thread(_migrate, service, made.urls[service.name]) for service in services)
    )
    failures = {s.name: said for s, said in zip(services, outcomes, strict=True) if said}
    await library.install(made.urls[library.SERVICE].owner)
    return Prepared(admin_url, template, passwords, names, failures)


def _has_migrations(service: Service) -> bool:
    spec = find_spec(service.package)
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    return any((folder / "migrations" / "versions").glob("*.py"))


def _migrate(service: Service, urls: ServiceUrls) -> str:
    """What a failing migration said, nothing when all went well."""
    done = subprocess.run(
        [sys.executable, "-m", "guanxi_shared.migrations", service.package, "upgrade"],
        env=os.environ
        | {
            f"{service.prefix}_OWNER_DATABASE_URL": urls.owner,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else f"{service.name} cannot be migrated:\n{done.stderr}"


def _template_of(file: Path) -> str:
    found: str = orjson.loads(file.read_bytes()).get("template", "")
    return found


async def _drop_old_databases(admin_url: str) -> None:
    """Of runs that were killed, on a server that outlives them."""
    connection = await asyncpg.connect(admin_url)
    try:
        rows = await connection.fetch(
            "SELECT datname FROM pg_database WHERE datname LIKE $1", f"{DATABASES}%"
        )
        for (name,) in rows:
            made = name.removeprefix(DATABASES).partition("_")[0]
            if made.isdecimal() and int(made) < time.time() - LEFT_BEHIND_SECONDS:
                await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def _drop_databases(admin_url: str, template: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        if template:
            await connection.execute(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)')
    finally:
        await connection.close()


def _remove_leftovers() -> None:
    """Folders of runs that were killed; the lock of one that runs is held."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # its own run, or another one like us, is quicker
            is_new = time.time() - folder.stat().st_mtime < 60
            if is_new or not os.access(folder, os.W_OK) or is_held(folder / LOCK):
                continue
            if (folder / "data").exists():
                EmbeddedPostgres(folder / "data", fast=True).destroy()
            shutil.rmtree(folder)
