"""What the launcher reads from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guanxi_shared.launch.errors import LaunchError

DEFAULT_PORT = 8000


@dataclass(frozen=True)
class LaunchSettings:
    data_dir: Path
    host: str
    port: int
    database_url: str | None
    """A Postgres to use instead of our own; it also names the database."""
    wants_demo: bool
    demo_password: str | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "LaunchSettings":
        return cls(
            data_dir=Path(environ.get("GUANXI_DATA_DIR") or ".data").absolute(),
            host=environ.get("GUANXI_HOST") or "127.0.0.1",
            port=_port(environ.get("GUANXI_PORT") or str(DEFAULT_PORT)),
            database_url=environ.get("GUANXI_DATABASE_URL") or None,
            wants_demo=environ.get("GUANXI_DEMO", "1").lower() not in ("0", "false", "no"),
            demo_password=environ.get("GUANXI_DEMO_PASSWORD") or None,
        )


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65_536:
        return int(text)
    raise LaunchError(f"GUANXI_PORT is {text!r}: it must be a number from 1 to 65535.")
