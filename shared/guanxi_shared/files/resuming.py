"""Bytes of an upload that may break off and go on: one writes at a time, and what is told is on the disk.

A file belongs to whoever holds its lock (`flock`, which ends with the process). Who comes anew asks the one
before, if it is in this process, to stop: most likely its phone has lost the connection that it still waits
on. What was written is synced to the disk before anybody is told of it."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from starlette.requests import ClientDisconnect

from guanxi_shared.errors import Problem, TooLarge
from guanxi_shared.files.tus_rules import Checksum

SYNCED_EVERY: Final = 4 << 20  # bytes that a cut of the power may cost
PATIENCE_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.02

Tell = Callable[[int], Awaitable[None]]  # so many bytes are on the disk

_writing: dict[Path, asyncio.Event] = {}


class Busy(Problem):
    status, code, title = 423, "upload_busy", "Another request writes to this upload"


class ChecksumDiffers(Problem):
    status, code, title = 460, "checksum_mismatch", "The bytes are not those of the checksum"


class Writing:
    """A file that is ours alone."""

    def __init__(self, descriptor: int, stop: asyncio.Event) -> None:
        self._descriptor = descriptor
        self._stop = stop

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    async def append(
        self, pieces: AsyncIterator[bytes], start: int, end: int, checksum: Checksum | None, tell: Tell
    ) -> int:  # fmt: skip
        """Everything that comes, behind `start` and up to `end`; how far it went. With a checksum all of it or
        nothing. What came before it broke off stays, and is told."""
        os.ftruncate(self._descriptor, start)
        digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        at = told = start
        try:
            async for piece in _until(pieces, self._stop):
                if at + len(piece) > end:
                    raise TooLarge(
                        f"The upload was to have {end} bytes.",
                        errors={"Upload-Length": "Too much."},
                    )
                if digest is not None:
                    digest.update(piece)
                await asyncio.to_thread(self._write, piece, at)
                at += len(piece)
                if digest is None and at - told >= SYNCED_EVERY:
                    await self._settle(at, tell)
                    told = at
        except BaseException:
            if digest is None and at > told:
                await asyncio.shield(self._settle(at, tell))
            raise
        if checksum is not None and digest is not None and digest.digest() != checksum.digest:
            os.ftruncate(self._descriptor, start)
            raise ChecksumDiffers(
                "These bytes changed on their way; send them again.",
                errors={"Upload-Checksum": "It is that of other bytes."},
            )
        if at > told:
            await self._settle(at, tell)
        return at

    def _write(self, piece: bytes, at: int) -> None:
        view = memoryview(piece)
        while view:
            done = os.pwrite(self._descriptor, view, at)
            view, at = view[done:], at + done

    async def _settle(self, at: int, tell: Tell) -> None:
        await asyncio.to_thread(os.fsync, self._descriptor)
        await tell(at)


@asynccontextmanager
async def writing_to(path: Path) -> AsyncIterator[Writing]:
    """The file, made if it is not there; Busy when somebody holds it and does not let go."""
    descriptor = await asyncio.to_thread(_opened, path)
    stop = asyncio.Event()
    try:
        await _locked(descriptor, path)
        _writing[path] = stop
        yield Writing(descriptor, stop)
    finally:
        if _writing.get(path) is stop:
            del _writing[path]
        os.close(descriptor)  # and with it the lock


def _opened(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if is_new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return descriptor


async def _locked(descriptor: int, path: Path) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if (holder := _writing.get(path)) is not None:
            holder.set()
        if loop.time() > until:
            raise Busy("Somebody else writes to this upload.", headers={"Retry-After": "5"})
        await asyncio.sleep(LOOK_SECONDS)


async def _until(pieces: AsyncIterator[bytes], stop: asyncio.Event) -> AsyncIterator[bytes]:
    """What comes until it ends; Busy as soon as somebody else wants to go on."""
    stopping = asyncio.ensure_future(stop.wait())
    coming: asyncio.Future[bytes] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(_next(pieces))
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                raise Busy("A newer request goes on with this upload.")
            try:
                yield coming.result()
            except EOFError:
                return
    finally:
        for waiting in (stopping, coming):
            if waiting is not None:
                waiting.cancel()
                with suppress(asyncio.CancelledError, ClientDisconnect, EOFError):
                    await waiting


async def _next(pieces: AsyncIterator[bytes]) -> bytes:
    """EOFError at the end: a future cannot hold StopAsyncIteration."""
    async for piece in pieces:
        return piece
    raise EOFError
