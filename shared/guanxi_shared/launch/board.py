"""What runs, for people and programs: <data dir>/run/processes.json, always whole."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from guanxi_shared.launch.secret_file import write_atomically

State = Literal["starting", "ready", "restarting", "stopping", "stopped"]


@dataclass
class Entry:
    name: str
    pid: int | None = None
    port: int | None = None
    url: str | None = None
    state: State = "starting"
    restarts: int = 0
    started_at: str | None = None


class Changes(TypedDict, total=False):
    pid: int | None
    port: int | None
    url: str | None
    state: State
    restarts: int


def board_path(data_dir: Path) -> Path:
    return data_dir / "run" / "processes.json"


class Board:
    def __init__(self, data_dir: Path) -> None:
        self.path = board_path(data_dir)
        self._entries: dict[str, Entry] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def tell(self, name: str, **changes: Unpack[Changes]) -> None:
        """A new pid also sets `started_at`."""
        entry = self._entries.setdefault(name, Entry(name))
        if "pid" in changes and changes["pid"] not in (None, entry.pid):
            entry.started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        for field, value in changes.items():
            setattr(entry, field, value)
        text = json.dumps([asdict(each) for each in self._entries.values()], indent=1)
        write_atomically(self.path, f"{text}\n", sync=False)


def read_board(path: Path) -> list[Entry]:
    """Empty when nothing was ever started there."""
    try:
        return [Entry(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
