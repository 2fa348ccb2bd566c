"""Passwords made once and kept in <data dir>/secrets.json, readable by its owner alone."""

import json
import os
import secrets
import tempfile
from pathlib import Path

from guanxi_shared.launch.errors import LaunchError, not_writable


class SecretFile:
    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "secrets.json"

    def read(self) -> dict[str, str]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except PermissionError as error:
            raise LaunchError(
                f"Cannot read {self.path} ({error.strerror}): it belongs to the user who started "
                "the suite first; start it as that user, or set GUANXI_DATA_DIR to another folder."
            ) from error
        except ValueError as error:
            raise LaunchError(
                f"{self.path} is not JSON any more: put its last copy back, or delete it "
                "and new passwords are made."
            ) from error
        if not isinstance(found, dict):
            raise LaunchError(
                f"{self.path} is not a JSON object: delete it to have a new one made."
            )
        return {str(name): str(value) for name, value in found.items()}

    def get_or_make(self, *names: str, size: int = 32) -> dict[str, str]:
        """All of these; the missing ones are made (URL-safe) and saved at once."""
        known = self.read()
        fresh = {name: secrets.token_urlsafe(size) for name in names if name not in known}
        if fresh:
            self.save(**fresh)
        return {name: known.get(name) or fresh[name] for name in names}

    def save(self, **values: str) -> None:
        text = json.dumps(self.read() | values, indent=1, sort_keys=True)
        try:
            write_atomically(self.path, text, mode=0o600)
        except OSError as error:
            raise not_writable(self.path.parent, error) from error


def write_atomically(path: Path, text: str, *, mode: int = 0o644, sync: bool = True) -> None:
    """A reader sees the old file or the new one; with `sync` a power cut leaves one of them."""
    file, staging = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if sync:
                os.fsync(stream.fileno())
        os.chmod(staging, mode)
        os.replace(staging, path)
    except BaseException:
        Path(staging).unlink(missing_ok=True)
        raise
