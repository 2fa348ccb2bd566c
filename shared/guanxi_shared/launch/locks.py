"""One holder per folder: an flock, which the kernel lets go however its holder ends."""

import fcntl
import os
import time
from pathlib import Path

from guanxi_shared.launch.errors import LaunchError, not_writable

# Long enough for `is_held`, which takes the lock for an instant.
LOCK_SECONDS = 0.3


class FolderLock:
    """Not inherited by children: Python opens files close-on-exec."""

    def __init__(self, path: Path, *, what: str) -> None:
        self.path = path
        self.what = what
        self._file: int | None = None

    def acquire(self) -> None:
        """Holds it from here on; does nothing when already held by this object."""
        if self._file is not None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._not_ours(error) from error
        if not _try_for(LOCK_SECONDS, file):
            holder = os.pread(file, 20, 0).decode().strip() or "unknown"
            os.close(file)
            raise LaunchError(
                f"{self.what} is in use by process {holder}: stop that first "
                "(Ctrl-C in its terminal), or set GUANXI_DATA_DIR to another folder."
            )
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def _not_ours(self, error: OSError) -> LaunchError:
        if not (isinstance(error, PermissionError) and self.path.exists()):
            return not_writable(self.path.parent, error)
        return LaunchError(
            f"{self.what} belongs to user {self.path.owner()}: start the suite as the user who "
            "made it, or set GUANXI_DATA_DIR to another folder."
        )

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_held(path: Path) -> bool:
    """Whether somebody, we included, holds the lock."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _try_for(0.0, file)
    finally:
        os.close(file)


def _try_for(seconds: float, file: int) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True
