"""The suite as processes whose calls go over lines that can break, with failpoints and perhaps a planted bug."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.suite import MEMBERS, ROOT, Suite, running_suite
from tests.torture.inside.plants import DEATHS, PLANTS, WAITS
from tests.torture.lines import Address, Line, open_lines

SERVICES = ("gateway", "contacts", "pipeline", "tickets", "analytics")
INSIDE = ROOT / "tests" / "torture" / "inside"


@dataclass(frozen=True)
class Tortured:
    suite: Suite
    lines: Sequence[Line]
    storms: Path  # while it is there, processes stop and die around their commits

    def begin(self) -> None:
        self.storms.touch()

    def end(self) -> None:
        self.storms.unlink()


@asynccontextmanager
async def tortured_suite(*, plant: str | None = None) -> AsyncIterator[Tortured]:
    with TemporaryDirectory(prefix="guanxi-torture-") as folder:
        data = Path(folder)
        lines = await open_lines(SERVICES, lambda target: _address(data, target))
        storms = data / "storms"
        running = running_suite(data, **_environment(lines, plant, storms))
        suite = await asyncio.to_thread(running.__enter__)
        try:
            yield Tortured(suite, lines, storms)
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)
            for line in lines:
                await line.close()


def _address(data: Path, target: str) -> Address | None:
    """Where a process listens now, as the launcher tells."""
    try:
        board = json.loads((data / "run" / "processes.json").read_text())
    except (OSError, ValueError):
        return None
    port = next((p["port"] for p in board if p["name"] == target), None)
    return None if port is None else ("127.0.0.1", port)


def _environment(lines: Sequence[Line], plant: str | None, storms: Path) -> dict[str, str]:
    told = {
        "lines": {line.name: line.port for line in lines},
        "failpoints": PLANTS[plant].failpoints if plant else {**WAITS, **DEATHS},
        "storms": str(storms),
        "plant": plant,
    }
    return {
        "GUANXI_JOB_HEARTBEAT_SECONDS": "3",
        "GATEWAY_WEBHOOK_HTTP": "1",
        "GATEWAY_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "PYTHONPATH": os.pathsep.join(map(str, [INSIDE, *MEMBERS, ROOT])),
        "TORTURE": json.dumps(told),
        # Processes that are forked from one that has loaded them would not pass by `inside`; the launcher
        # forks none where it finds a way into a database.
        "TORTURE_DATABASE_URL": "none",
    }
