"""Files in an S3-compatible store, through obstore: parts of 8 MB, two at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import S3Store

from guanxi_shared.errors import NotFound, Unavailable
from guanxi_shared.files.rules import Span

if TYPE_CHECKING:
    from obstore.store import S3Config

PART = 8 * 1024 * 1024
CHUNK = 262_144
PATIENCE = timedelta(seconds=10)


class S3Storage:
    def __init__(
        self, bucket: str, endpoint: str, region: str, prefix: str, key_id: str, secret: str
    ) -> None:
        # Without keys of ours: what the environment or the machine's own role gives.
        config: S3Config = {"region": region or "us-east-1"}
        if key_id:
            config |= {"access_key_id": key_id, "secret_access_key": secret}
        if endpoint:
            config |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={"allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": 2, "retry_timeout": PATIENCE},
        )

    async def put(self, key: str, path: Path) -> None:
        try:
            await self._store.put_async(key, path, chunk_size=PART, max_concurrency=2)
        except BaseError as error:
            raise _away(error) from error
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def open(self, key: str, span: Span) -> AsyncIterator[bytes]:
        if not span.size:  # S3 knows no empty range
            return _nothing()
        try:
            found = await self._store.get_async(key, options={"range": (span.start, span.end)})
        except FileNotFoundError as error:
            raise NotFound("The bytes of this file are gone.", code="file_gone") from error
        except BaseError as error:
            raise _away(error) from error
        return _pieces(found.stream(min_chunk_size=CHUNK))

    async def delete(self, key: str) -> None:
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _away(error) from error

    async def blobs(self) -> AsyncIterator[tuple[str, datetime]]:
        try:
            async for page in self._store.list():
                for each in page:
                    yield each["path"], each["last_modified"]
        except BaseError as error:
            raise _away(error) from error


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


def _away(error: Exception) -> Unavailable:
    return Unavailable(f"The store of files is away: {type(error).__name__}.")
