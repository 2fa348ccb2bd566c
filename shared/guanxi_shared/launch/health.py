"""Asks a process whether it is ready; a few lines, so that no HTTP library is loaded for it."""

import asyncio
import contextlib

READY_PATH = "/health/ready"


async def is_ready(host: str, port: int, *, seconds: float = 2.0) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await _status(host, port) == 200
    except (OSError, TimeoutError, ValueError):
        return False


async def _status(host: str, port: int) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        request = f"GET {READY_PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        line = (await reader.readline()).decode("latin-1").split(" ")
        return int(line[1]) if len(line) > 1 else 0
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
