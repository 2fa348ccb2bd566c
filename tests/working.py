"""A worker in this process beside a service under test, which imports and exports."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.running_jobs import Handler
from guanxi_shared.worker import Worker, WorkerSettings
from tests.prepared import Clone
from tests.stand_in import SECRET

QUICK = WorkerSettings(heartbeat_seconds=5.0, poll_seconds=0.02, retry_seconds=0.05, attempts=2)


def as_launched(
    service: Edge, name: str, database: Clone, chunk_rows: int, patch: pytest.MonkeyPatch
) -> dict[str, str]:
    """What the launcher gives the worker of the service under test; also set in this process."""
    prefix = name.upper()
    given = database.environment(name) | {
        f"{prefix}_FILES_DIR": str(service.state.house.settings.files_dir),
        f"{prefix}_IMPORT_CHUNK_ROWS": str(chunk_rows),
        "GUANXI_SERVICE_SECRET": SECRET,
        "GUANXI_LOG_LEVEL": "warning",
    }
    for variable, value in given.items():
        patch.setenv(variable, value)
    return given


@asynccontextmanager
async def working(database: Database, handlers: Mapping[str, Handler]) -> AsyncIterator[Worker]:
    running = Worker(database, handlers, settings=QUICK)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        running.stop()
        await task
