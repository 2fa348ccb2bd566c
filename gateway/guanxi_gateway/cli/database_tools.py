"""Runs pg_dump and pg_restore: of the server's own major, with the password out of sight."""

import os
import subprocess
from collections.abc import Callable
from urllib.parse import unquote, urlsplit, urlunsplit

from guanxi_shared.launch.binaries import find_binaries
from guanxi_shared.launch.errors import NO_SPACE, LaunchError

Heard = Callable[[str], None]


def run_tool(program: str, url: str, *options: str, heard: Heard = lambda line: None) -> None:
    """`heard` is called with each line it says. LaunchError with the first complaint."""
    parts = urlsplit(url)
    # Not in the command line, which every user of the machine may read.
    env = {"PATH": os.defpath, "LC_MESSAGES": "C", "PGPASSWORD": unquote(parts.password or "")}
    bare = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@", 1)))
    complaints: list[str] = []
    with subprocess.Popen(
        [find_binaries().program(program), *options, f"--dbname={bare}"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as tool:
        assert tool.stderr is not None
        for line in tool.stderr:
            heard(line.rstrip())
            if "error:" in line or "FATAL" in line:
                complaints.append(line.strip())
    if tool.returncode != 0:
        raise LaunchError(_sentence(program, complaints))


def _sentence(program: str, complaints: list[str]) -> str:
    said = complaints[0] if complaints else "it was killed"
    if NO_SPACE in said:
        return "The disk is full: free some space, then try again."
    if "version mismatch" in said or "unsupported version" in said:
        return f"{said}. Set GUANXI_PG_BIN to the bin folder of that PostgreSQL version."
    return f"{program} failed: {said}"
