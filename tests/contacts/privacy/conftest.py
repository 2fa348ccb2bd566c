"""A worker for archives, and a whole dump of the database to look for people in."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from guanxi_contacts.jobs import HANDLERS
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker, WorkerSettings
from tests.prepared import Clone
from tests.stand_in import SECRET

QUICK = WorkerSettings(heartbeat_seconds=5.0, poll_seconds=0.02, retry_seconds=0.05, attempts=2)
TABLES = """
SELECT n.nspname || '.' || quote_ident(c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


@pytest.fixture
def files_dir(contacts: Edge) -> Path:
    found: Path = contacts.state.house.settings.files_dir
    return found


@pytest.fixture
async def worker(
    contacts: Edge, database: Clone, service_database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Worker]:
    given = database.environment("contacts") | {
        "CONTACTS_FILES_DIR": str(contacts.state.house.settings.files_dir),
        "GUANXI_SERVICE_SECRET": SECRET,
        "GUANXI_LOG_LEVEL": "warning",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    running = Worker(service_database, HANDLERS, settings=QUICK)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        running.stop()
        await task


class Dump:
    """Every row of every table of every schema, as the superuser sees it, and every kept file."""

    def __init__(self, admin_url: str, files_dir: Path) -> None:
        self._admin_url = admin_url
        self._files_dir = files_dir

    async def places_of(self, *canaries: str) -> list[str]:
        """`table: canary` and `file: canary` for everything in which one of them stands."""
        wanted = [(text, text.lower().encode()) for text in canaries]
        found = []
        connection = await asyncpg.connect(self._admin_url)
        try:
            for row in await connection.fetch(TABLES):
                text = await self._copied(connection, row["name"])
                found += [f"{row['name']}: {name}" for name, raw in wanted if raw in text]
        finally:
            await connection.close()
        for path in self._files_dir.rglob("*"):
            if path.is_file():
                text = path.read_bytes().lower()
                found += [f"{path.name}: {name}" for name, raw in wanted if raw in text]
        return found

    async def _copied(self, connection: asyncpg.Connection, table: str) -> bytes:
        pieces: list[bytes] = []

        async def take(piece: bytes) -> None:
            pieces.append(piece)

        # bytea comes as hexadecimal digits: stored bodies are decoded, or nothing is found in them
        columns = await connection.fetch(
            "SELECT attname, atttypid::regtype::text AS type FROM pg_attribute WHERE attrelid = $1::text::regclass"
            " AND attnum > 0 AND NOT attisdropped", table,
        )  # fmt: skip
        shown = ", ".join(
            f"encode({row['attname']}, 'escape')"
            if row["type"] == "bytea"
            else f'"{row["attname"]}"'
            for row in columns
        )
        await connection.copy_from_query(f"SELECT {shown} FROM {table}", output=take)
        return b"".join(pieces).lower()


@pytest.fixture
def dump(database: Clone, files_dir: Path) -> Dump:
    return Dump(database.admin_url, files_dir)
