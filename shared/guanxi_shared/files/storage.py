"""Where the bytes of files lie: a folder of this machine, or an S3-compatible store by setting.

A key is `organisation/blob`, both ours: nothing that a person typed is ever part of a path.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from guanxi_shared.errors import Unavailable
from guanxi_shared.files.local import LocalStorage
from guanxi_shared.files.rules import Span
from guanxi_shared.files.settings import FileSettings

UNFINISHED: Final = "uploads"  # bytes of uploads that may go on: always in a folder


@dataclass(frozen=True, slots=True)
class Blob:
    """Something that lies in a storage, whether a row knows of it or not."""

    organisation_id: UUID
    blob_id: UUID
    written_at: datetime


class Storage(Protocol):
    """`put` returns when the bytes will outlive a power cut; `open` fails before the first byte."""

    async def put(self, key: str, path: Path) -> None: ...

    async def open(self, key: str, span: Span) -> AsyncIterator[bytes]: ...

    async def delete(self, key: str) -> None: ...

    def blobs(self) -> AsyncIterator[tuple[str, datetime]]: ...


def key_of(organisation_id: UUID, blob_id: UUID) -> str:
    return f"{organisation_id}/{blob_id}"


def blob_of(key: str, written_at: datetime) -> Blob | None:
    """What a key names; None for something that is not ours."""
    organisation, _, blob = key.partition("/")
    try:
        return Blob(UUID(organisation), UUID(blob), written_at)
    except ValueError:
        return None


def name_of(settings: FileSettings) -> str:
    """Which storage takes new files; each file remembers its own."""
    return "s3" if settings.bucket else "local"


def storage_of(settings: FileSettings, name: str) -> Storage:
    if name == "local":
        return LocalStorage(settings.files_dir / "files")
    if name == UNFINISHED:
        return LocalStorage(settings.files_dir / UNFINISHED)
    if not settings.bucket:
        raise Unavailable("This file lies in an S3 store that is not set up here.")
    return _s3(
        settings.bucket, settings.bucket_endpoint, settings.bucket_region, settings.bucket_prefix,
        settings.bucket_key_id, settings.bucket_secret,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _s3(*place: str) -> Storage:
    from guanxi_shared.files.s3 import S3Storage  # its library is loaded only where it is used

    return S3Storage(*place)
