"""Applications served by uvicorn in this loop, and raw sockets to speak to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn

from tests.deadlines import until

App = Callable[[Any, Any, Any], Awaitable[None]]


@asynccontextmanager
async def served(app: App, *, port: int = 0, keep_alive: int = 75) -> AsyncIterator[int]:
    """The port of a uvicorn that serves `app` in this loop, with every connection cut at the end."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        http="httptools",
        proxy_headers=False,
        timeout_keep_alive=keep_alive,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())

    async def is_up() -> bool:
        return server.started

    await until(is_up)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await task


async def spoken_to(host: str, port: int, request: bytes, *, enough: bytes = b"") -> bytes:
    """What a server answers to these very bytes, until it hangs up or `enough` was read."""
    reader, writer = await asyncio.open_connection(host, port)
    found = b""
    try:
        writer.write(request)
        async with asyncio.timeout(5):
            while data := await reader.read(65536):
                found += data
                if enough and enough in found:
                    break
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return found
