"""Puts load on a server: by `wrk` where it is installed, else by our own generator."""

import shutil
import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.parse import urlsplit

from tests.bench.own_load import press as press_by_own
from tests.bench.sizes import CONNECTIONS, PATIENCE_SECONDS
from tests.bench.traffic import Traffic, filled, first_number
from tests.bench.wrk import press as press_by_wrk


class Refused(Exception):
    """The server does not answer as it should: there is nothing to measure."""


@dataclass(frozen=True)
class Load:
    """What a run of requests came to; times in milliseconds, `errors` are bad answers."""

    requests: int
    seconds: float
    p50: float
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds if self.seconds > 0 else 0.0


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "own (asyncio, raw sockets)"


def press(traffic: Traffic, *, seconds: float, connections: int = CONNECTIONS) -> Load:
    """Send for so long on so many connections; Refused when one answer in ten is bad."""
    run = press_by_wrk if shutil.which("wrk") else press_by_own
    number = first_number()
    load = Load(**run(traffic, number=number, seconds=seconds, connections=connections))
    if load.errors > load.requests // 10:
        raise Refused(f"{load.errors} of {load.requests} answers were bad")
    return load


def probe(traffic: Traffic) -> None:
    """The first request alone; Refused with what the server says when it is not content."""
    version = traffic.versions[0] if traffic.versions else 0
    status, body = ask(traffic.url, filled(traffic.requests[0], first_number(), version))
    if status != traffic.status:
        raise Refused(f"status {status}: {body[:300].decode(errors='replace')}")


def ask(url: str, request: bytes) -> tuple[int, bytes]:
    """Status and body of one raw request."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()
