"""Where months lie: a folder by default, an object store by setting (obstore's `s3://`, `gs://`, `az://`)."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import obstore
from obstore.store import LocalStore, from_url


class Place:
    def __init__(self, where: str) -> None:
        """A URL of an object store, or a folder."""
        self._folder = None if "://" in where else Path(where)
        self._store = (
            from_url(where) if self._folder is None else LocalStore(self._folder, mkdir=True)
        )

    def has(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def put(self, key: str, path: Path) -> None:
        """Whole or not at all."""
        obstore.put(self._store, key, path)

    def files(self, keys: Sequence[str], folder: Path) -> list[Path]:
        """As files that an engine reads: those of a folder as they are, others brought into `folder`."""
        if self._folder is not None:
            return [self._folder / key for key in keys]
        return [self._brought(key, folder / f"{n}.parquet") for n, key in enumerate(keys)]

    def _brought(self, key: str, path: Path) -> Path:
        with path.open("wb") as file:
            for piece in obstore.get(self._store, key).stream():
                file.write(piece)
        return path

    def keep_only(self, prefix: str, keys: Iterable[str]) -> int:
        """How many files were deleted that no snapshot names any more."""
        kept = set(keys)
        found = [
            each["path"] for page in obstore.list(self._store, prefix) for each in page
            if each["path"] not in kept
        ]  # fmt: skip
        for key in found:
            obstore.delete(self._store, key)
        return len(found)
