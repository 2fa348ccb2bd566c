"""Files in a folder. Temporary name, fsync, rename, fsync of the folder: all there or not at all."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from guanxi_shared.errors import NotFound
from guanxi_shared.files.rules import Span

CHUNK = 262_144
LISTED_AT_ONCE = 1_000


class LocalStorage:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, path: Path) -> None:
        await asyncio.to_thread(_settle, path, self._folder / key)

    async def open(self, key: str, span: Span) -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread((self._folder / key).open, "rb")
        except FileNotFoundError as error:
            raise NotFound("The bytes of this file are gone.", code="file_gone") from error
        return _pieces(file, span)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)

    async def blobs(self) -> AsyncIterator[tuple[str, datetime]]:
        walk = self._walk()
        while found := await asyncio.to_thread(_some, walk):
            for each in found:
                yield each

    def _walk(self) -> Iterator[tuple[str, datetime]]:
        for path in self._folder.glob("*/*"):
            try:
                moment = path.stat().st_mtime
            except FileNotFoundError:  # deleted meanwhile
                continue
            key = path.relative_to(self._folder).as_posix()
            yield key, datetime.fromtimestamp(moment, UTC)


def _some(walk: Iterator[tuple[str, datetime]]) -> list[tuple[str, datetime]]:
    return [found for found, _ in zip(walk, range(LISTED_AT_ONCE), strict=False)]


def _settle(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def _pieces(file: BinaryIO, span: Span) -> AsyncIterator[bytes]:
    left = span.size
    try:
        await asyncio.to_thread(file.seek, span.start)
        while left > 0 and (piece := await asyncio.to_thread(file.read, min(CHUNK, left))):
            left -= len(piece)
            yield piece
    finally:
        file.close()
