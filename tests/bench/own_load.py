"""A load generator for machines without `wrk`: asyncio protocols on raw sockets, in a process of
its own, some 10 µs for a request."""

import asyncio
import multiprocessing
import time
from contextlib import suppress
from typing import cast
from urllib.parse import urlsplit

import uvloop

from tests.bench.sizes import PATIENCE_SECONDS
from tests.bench.traffic import MARKS, Traffic, filled
from tests.bench.wrk import Found

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


def press(traffic: Traffic, *, number: int, seconds: float, connections: int) -> Found:
    """The same figures as `wrk.press` gives."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_press, (traffic, number, seconds, connections))


def _press(traffic: Traffic, number: int, seconds: float, connections: int) -> Found:
    requests = Requests(traffic, number)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive(traffic.url, requests, seconds=seconds, connections=connections))


class Requests:
    """The traffic as an endless row of ready requests."""

    def __init__(self, traffic: Traffic, number: int) -> None:
        self._requests = traffic.requests
        self._marked = [MARKS.search(request) is not None for request in traffic.requests]
        self._versions = list(traffic.versions)
        self._number = number
        self._turn = -1
        self.answered = asyncio.Event()

    def next(self) -> bytes:
        self._turn = turn = (self._turn + 1) % len(self._requests)
        if not self._marked[turn]:
            return self._requests[turn]
        self._number += 1
        version = self._versions[turn] if self._versions else 0
        if self._versions:
            self._versions[turn] += 1
        return filled(self._requests[turn], self._number, version)


class Sender(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last one is whole."""

    def __init__(self, requests: Requests, latencies: list[float]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._sent_at = 0.0
        self._buffer = b""
        self.errors = 0
        self.is_over = False
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send()

    def _send(self) -> None:
        if self.is_over or self._transport is None:
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._requests.next())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        status = whole_answer(self._buffer)
        if status is None:
            return
        self._buffer = b""
        if self.is_over:
            return
        self._latencies.append(time.perf_counter() - self._sent_at)
        self._requests.answered.set()
        self.errors += not 200 <= status < 400
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.is_over:
            self.errors += 1


def whole_answer(data: bytes) -> int | None:
    """The status, once head and body are here; answers bear Content-Length or have no body."""
    end = data.find(HEAD_END)
    if end < 0:
        return None
    head = data[:end].lower()
    at = head.find(LENGTH)
    length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return int(head[9:12]) if len(data) >= end + len(HEAD_END) + length else None


async def drive(url: str, requests: Requests, *, seconds: float, connections: int) -> Found:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Sender(requests, latencies), host, port)
        for _ in range(connections)
    ]
    await asyncio.sleep(max(seconds - (time.perf_counter() - began), 0))
    with suppress(TimeoutError):  # one answer takes longer than the turn: then it is as long
        await asyncio.wait_for(requests.answered.wait(), PATIENCE_SECONDS)
    elapsed = time.perf_counter() - began
    for transport, sender in made:
        sender.is_over = True
        transport.close()
    return {
        "requests": len(latencies),
        "seconds": elapsed,
        "p50": percentile(latencies, 50) * 1e3,
        "p99": percentile(latencies, 99) * 1e3,
        "errors": sum(sender.errors for _, sender in made),
    }


def percentile(values: list[float], percent: float) -> float:
    """The nearest value that so many percent do not exceed; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]
