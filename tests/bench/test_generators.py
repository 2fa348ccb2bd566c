"""Both load generators against a server that notes what it was sent."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.bench import wrk
from tests.bench.load import Refused, ask, probe
from tests.bench.own_load import Requests, drive
from tests.bench.traffic import COUNTER, VERSION, Traffic, filled, request


@dataclass
class Server:
    """Answers `status` to everything."""

    url: str = ""
    status: int = 200
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, named, rest = head.partition(b"content-length: ")
                length = int(rest.split(b"\r\n")[0]) if named else 0
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(length))
                writer.write(b"HTTP/1.1 %d OK\r\ncontent-length: 2\r\n\r\nok" % self.status)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield made


def changing(url: str) -> Traffic:
    """Two records, each changed under its version, with a number in the body."""
    body = {"title": COUNTER.decode()}
    asked = [
        request(url, "PATCH", f"/{name}", body=body, if_match=f'"{VERSION.decode()}"')
        for name in "ab"
    ]
    return Traffic(url, tuple(asked), versions=(3, 7))


def test_a_request_says_what_it_needs_to() -> None:
    made = request("http://h:1", "POST", "/x", token="t", body={"a": 1}, idempotency_key="k")
    head, body = made.split(b"\r\n\r\n")
    assert head.splitlines() == [
        b"POST /x HTTP/1.1", b"host: h:1", b"authorization: Bearer t",
        b"content-type: application/json", b"content-length: 7", b"idempotency-key: k",
    ]  # fmt: skip
    assert body == b'{"a":1}'


def test_a_filled_mark_keeps_the_length_of_a_body() -> None:
    made = request("http://h:1", "POST", "/", body={"a": COUNTER.decode()})
    assert len(filled(made, 10_000_001, 1)) == len(made)


def test_requests_go_round_and_versions_rise_with_each_turn() -> None:
    requests = Requests(changing("http://h:1"), 100)
    sent = [requests.next() for _ in range(4)]
    assert [s.split(b'"')[1] for s in sent] == [b"3", b"7", b"4", b"8"]
    assert len({s.split(b"\r\n\r\n")[1] for s in sent}) == 4


async def test_our_own_generator_counts_answers_and_errors(server: Server) -> None:
    server.status = 500
    found = await drive(server.url, Requests(changing(server.url), 0), seconds=0.2, connections=2)
    assert found["requests"] == found["errors"] > 0
    assert 0 < found["p50"] <= found["p99"]
    assert len(set(server.bodies)) == len(server.bodies)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
async def test_wrk_sends_the_same_traffic(server: Server) -> None:
    traffic = changing(server.url)
    found = await asyncio.to_thread(wrk.press, traffic, number=500, seconds=0.4, connections=1)
    assert found["requests"] > 0
    assert found["errors"] == 0
    assert [head.split()[1] for head in server.heads[:3]] == [b"/a", b"/b", b"/a"]
    assert [head.split(b'"')[1] for head in server.heads[:3]] == [b"3", b"7", b"4"]
    assert server.bodies[:2] == [b'{"title":"000000000501"}', b'{"title":"000000000502"}']


def test_wrks_result_is_one_line_among_others() -> None:
    said = b'Running\nRESULT {"requests":10,"micros":2000000,"p50":1500,"p99":9000,"errors":1}\n'
    assert wrk.found_in(said) == {
        "requests": 10, "seconds": 2.0, "p50": 1.5, "p99": 9.0, "errors": 1,
    }  # fmt: skip
    with pytest.raises(ValueError, match="without a result"):
        wrk.found_in(b"unable to connect")


def test_any_byte_survives_in_a_lua_string() -> None:
    assert wrk.quoted('a"\\\r\n张1'.encode()) == '"a\\034\\092\\013\\010\\229\\188\\1601"'


async def test_a_wrong_answer_leaves_nothing_to_measure(server: Server) -> None:
    server.status = 403
    with pytest.raises(Refused, match="status 403: ok"):
        await asyncio.to_thread(probe, changing(server.url))
    server.status = 200
    assert await asyncio.to_thread(ask, server.url, b"GET / HTTP/1.1\r\n\r\n") == (200, b"ok")
