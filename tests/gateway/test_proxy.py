"""The hop against real servers on loopback: what passes, what is held back, what happens when one
side goes away."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.deadlines import until_true
from tests.gateway.loopback import (
    Service,
    bearer,
    door,
    gateway,
    in_front_of,
    raw,
    served,
    token,
)  # fmt: skip

GONE_PORT = "http://127.0.0.1:9"


async def seen_by(client: httpx.AsyncClient, path: str = "/v1/accounts/1", **options: Any) -> Any:
    headers = {**bearer(), **options.pop("headers", {})}
    response = await client.request(options.pop("method", "GET"), path, headers=headers, **options)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_request_reaches_its_service_as_it_was_sent() -> None:
    async with in_front_of(Service()) as client:
        seen = await seen_by(
            client, "/v1/accounts/%E5%BC%A0?name[eq]=a%20b&x=1", method="PATCH", content=b'{"a":1}'
        )
    assert (seen["method"], seen["path"]) == ("PATCH", "/v1/accounts/张")
    assert seen["query"] == "name[eq]=a%20b&x=1"
    assert seen["body"] == '{"a":1}'


async def test_the_answer_comes_back_with_its_headers_and_the_edges() -> None:
    async with in_front_of(Service()) as client:
        response = await client.get("/v1/accounts/1", headers=bearer())
    assert response.headers["etag"] == '"7"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]
    assert len(response.headers.get_list("date")) == 1


async def test_headers_of_one_hop_stay_on_their_hop() -> None:
    async with in_front_of(Service()) as client:
        response = await client.get(
            "/v1/accounts/1",
            headers={
                **bearer(),
                "connection": "keep-alive, x-mine",
                "x-mine": "1",
                "te": "trailers",
            },
        )
    names = {name for name, _ in response.json()["headers"]}
    assert not names & {"connection", "x-mine", "te", "keep-alive"}
    assert not {"x-hop", "keep-alive"} & set(response.headers)


async def test_a_client_cannot_speak_in_the_gateways_name() -> None:
    claimed = {
        "x-directory-version": "99", "x-forwarded-for": "6.6.6.6", "forwarded": "for=6.6.6.6",
        "x-forwarded-proto": "https", "x-retried-by": "me", "cookie": "a=b",
    }  # fmt: skip
    async with in_front_of(Service()) as client:
        seen = await seen_by(client, headers={**claimed, **bearer(token(version=4))})
    headers = dict(seen["headers"])
    assert headers["x-directory-version"] == "4"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert not {"forwarded", "x-retried-by", "cookie"} & set(headers)


async def test_a_sane_request_id_and_trace_are_kept_and_others_replaced() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    good = {"x-request-id": "order-7.a_b", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    async with in_front_of(Service()) as client:
        kept = dict((await seen_by(client, headers=good))["headers"])
        made = dict(
            (await seen_by(client, headers={"x-request-id": "a b", "traceparent": "00-0"}))[
                "headers"
            ]
        )
    assert kept["x-request-id"] == "order-7.a_b"
    assert kept["traceparent"].startswith(f"00-{trace}-")
    assert "b7ad6b7169203331" not in kept["traceparent"]
    assert len(made["x-request-id"]) == 32
    assert made["x-request-id"] in made["traceparent"]


async def test_an_api_key_becomes_an_internal_token_on_the_way() -> None:
    asked = []
    internal = token()

    async def exchange(key: str) -> str:
        asked.append(key)
        return internal

    async with in_front_of(Service(), exchange=exchange) as client:
        for _ in range(3):
            seen = await seen_by(client, headers=bearer("gx_live_abc"))
    assert dict(seen["headers"])["authorization"] == f"Bearer {internal}"
    assert asked == ["gx_live_abc"]


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic YTpi", "Bearer", "Bearer é"])
async def test_who_proves_nothing_gets_401_and_the_service_never_sees_it(
    header: str | None,
) -> None:
    service = Service()
    async with in_front_of(service) as client:
        headers = [(b"authorization", header.encode("latin-1"))] if header else []
        response = await client.get("/v1/accounts/1", headers=headers)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert service.seen == []


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 900_000])
async def test_bodies_of_any_size_arrive_whole(size: int) -> None:
    async with in_front_of(Service()) as client:
        response = await client.post("/v1/accounts/count", content=b"x" * size, headers=bearer())
    assert response.json() == {"received": size, "content-length": str(size)}


async def test_a_body_without_a_length_is_framed_anew() -> None:
    async def parts() -> Any:
        for _ in range(40):
            yield b"y" * 10_000

    async with in_front_of(Service()) as client:
        response = await client.post("/v1/files/count", content=parts(), headers=bearer())
    assert response.json() == {"received": 400_000, "transfer-encoding": "chunked"}


@pytest.mark.parametrize("size", [0, 1000, 256 * 1024, 256 * 1024 + 1, 30_000_000])
async def test_answers_of_any_size_come_back_whole(size: int) -> None:
    async with in_front_of(Service()) as client:
        response = await client.get(f"/v1/files/big?{size}", headers=bearer())
    assert len(response.content) == size
    assert response.headers["content-length"] == str(size)


async def test_a_slow_reader_holds_the_service_back_instead_of_filling_our_memory() -> None:
    sent = 0

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2_000):
            await send({"type": "http.response.body", "body": b"z" * 65_536, "more_body": True})
            sent += 65_536
        await send({"type": "http.response.body"})

    async with (
        in_front_of(endless) as client,
        client.stream("GET", "/v1/exports/1", headers=bearer()) as response,
    ):
        before = -1
        while before != sent:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.1)
        assert 0 < sent < 30_000_000
        length = 0
        async for part in response.aiter_raw():
            length += len(part)
    assert length == sent == 2_000 * 65_536


async def test_a_stream_is_passed_on_as_it_comes() -> None:
    service = Service()
    async with (
        in_front_of(service) as client,
        client.stream("GET", "/v1/accounts/stream", headers=bearer()) as response,
    ):
        parts = response.aiter_raw()
        assert await anext(parts) == b"first"
        assert not service.disconnected.is_set()
        await response.aclose()
        await asyncio.wait_for(service.disconnected.wait(), 5)


async def test_a_client_that_hangs_up_ends_the_call_to_the_service() -> None:
    service = Service()
    async with in_front_of(service) as client:
        call = asyncio.create_task(client.get("/v1/accounts/hang", headers=bearer()))
        await asyncio.wait_for(service.waiting.wait(), 5)
        call.cancel()
        await asyncio.wait_for(service.disconnected.wait(), 5)
        assert (await client.get("/v1/accounts/1", headers=bearer())).status_code == 200


async def test_a_client_that_hangs_up_in_the_middle_of_its_upload_ends_it() -> None:
    service = Service()
    head = f"POST /v1/files/count HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token()}\r\n"
    async with in_front_of(service) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(head.encode() + b"content-length: 1000000\r\n\r\n" + b"x" * 200_000)
        await until_true(lambda: service.received > 100_000)
        writer.close()
        await asyncio.wait_for(service.disconnected.wait(), 5)
        del reader


async def test_a_passed_deadline_is_504_and_ends_the_call() -> None:
    service = Service()
    async with in_front_of(service) as client:
        response = await client.get(
            "/v1/accounts/hang", headers={**bearer(), "x-request-deadline-ms": "150"}
        )
        assert response.status_code == 504
        assert response.json()["code"] == "late"
        await asyncio.wait_for(service.disconnected.wait(), 5)


async def test_a_client_can_shorten_its_deadline_but_not_lengthen_it() -> None:
    async with in_front_of(Service(), deadline_ms=5000) as client:
        short = await seen_by(client, headers={"x-request-deadline-ms": "700"})
        long = await seen_by(client, headers={"x-request-deadline-ms": "7000000"})
    assert dict(short["headers"])["x-request-deadline-ms"] == "700"
    assert dict(long["headers"])["x-request-deadline-ms"] == "5000"


async def test_a_service_that_is_away_is_503_with_a_time_to_come_back() -> None:
    async with gateway({"contacts": GONE_PORT}) as client:
        response = await client.get("/v1/accounts/1", headers=bearer())
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["code"] == "service_away"


async def test_a_read_survives_the_restart_of_its_service() -> None:
    async with served(Service()) as port:
        front = door({"contacts": f"http://127.0.0.1:{port}"})
        async with served(front.edge) as at, httpx.AsyncClient(trust_env=False) as client:
            url = f"http://127.0.0.1:{at}/v1/accounts/1"
            before = await client.get(url, headers=bearer())
    async with (
        served(Service(), port=port),
        served(front.edge) as at,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        after = await client.get(f"http://127.0.0.1:{at}/v1/accounts/1", headers=bearer())
    await front.close()
    assert (before.status_code, after.status_code) == (200, 200)


@pytest.mark.parametrize(("method", "status", "calls"), [("GET", 200, 2), ("POST", 503, 1)])
async def test_a_kept_connection_that_ends_unanswered_is_tried_again_for_reads_only(
    method: str, status: int, calls: int
) -> None:
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers once, then hangs up at the second request: what a stopping service does."""
        nonlocal requests
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        requests += 1
        if requests > 1:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    async def once_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        if requests == 0:
            await serve(reader, writer)
            return
        await reader.readuntil(b"\r\n\r\n")
        requests += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(once_more, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, gateway({"contacts": url}) as client:
        assert (await client.get("/v1/accounts/1", headers=bearer())).text == "ok"
        response = await client.request(method, "/v1/accounts", headers=bearer())
    assert (response.status_code, requests) == (status, calls)
    if status == 503:
        assert response.json()["code"] == "answer_lost"


async def test_an_answer_that_breaks_off_breaks_off_for_the_client_too() -> None:
    async with in_front_of(Service()) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/v1/files/cut", headers=bearer())


async def test_an_answer_that_is_not_http_is_502() -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-nonsense\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, gateway({"contacts": url}) as client:
        response = await client.get("/v1/accounts/1", headers=bearer())
    assert response.status_code == 502


async def test_answers_without_a_body_leave_the_connection_usable() -> None:
    async with in_front_of(Service()) as client:
        for _ in range(2):
            head = await client.head("/v1/accounts/1", headers=bearer())
            unchanged = await client.get("/v1/accounts/unchanged", headers=bearer())
            whole = await client.get("/v1/accounts/1", headers=bearer())
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert (unchanged.status_code, unchanged.headers["etag"]) == (304, '"7"')
    assert whole.status_code == 200


async def test_a_service_that_refuses_an_upload_early_is_heard_at_once() -> None:
    head = f"POST /v1/files/refuse-early HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token()}\r\n"
    async with in_front_of(Service()) as client:
        found = await raw(client, head.encode() + b"content-length: 900000\r\n\r\n" + b"x" * 1000)
    assert found.startswith(b"HTTP/1.1 415")
    assert b"connection: close" in found


REQUESTS = [
    b"GET /v1/accounts/1 HTTP/1.1\r\n",
    b"GET /v1/accounts/1 HTTP/1.1\r\nconnection: close\r\n",
    b"GET /v1/accounts/1 HTTP/1.0\r\n",
    b"HEAD /v1/accounts/1 HTTP/1.1\r\nconnection: close\r\n",
    b"GET /v1/accounts/unchanged HTTP/1.1\r\nconnection: close\r\n",
    b"GET /v1/accounts/chunked HTTP/1.1\r\nconnection: close\r\n",
    b"GET /v1/accounts/gone HTTP/1.1\r\nconnection: close\r\n",
]


@pytest.mark.parametrize("request_lines", REQUESTS)
async def test_an_answer_in_one_write_has_the_bytes_of_the_ordinary_way(
    request_lines: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request_lines + b"host: x\r\nx-request-id: same\r\nauthorization: Bearer "
    request = asked + token().encode() + b"\r\n\r\n"
    enough = b"" if b"close" in request_lines or b"1.0" in request_lines else b'"body":""}'
    async with in_front_of(Service()) as client:
        quick = await raw(client, request, enough=enough)
        monkeypatch.setattr("guanxi_shared.at_once.RequestResponseCycle", object)
        ordinary = await raw(client, request, enough=enough)
    assert quick.startswith(b"HTTP/1.1 ")
    assert without_what_changes(quick) == without_what_changes(ordinary)


def without_what_changes(answer: bytes) -> list[bytes]:
    """The head, in order but for `connection` and `date`, and the length of the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [
        line for line in head.split(b"\r\n") if not line.startswith((b"date:", b"connection:"))
    ]
    closing = b"connection: close" in head
    return [*lines, b"%d %d" % (len(body), closing)]


async def test_redirects_and_compressed_bodies_pass_untouched() -> None:
    async def moved(scope: Any, receive: Any, send: Any) -> None:
        headers = [
            (b"location", b"/v1/jobs/1"),
            (b"content-encoding", b"gzip"),
            (b"content-length", b"3"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b"abc"})

    async with (
        in_front_of(moved) as client,
        client.stream("GET", "/v1/exports/1", headers=bearer()) as response,
    ):
        body = b"".join([part async for part in response.aiter_raw()])
    assert (response.status_code, response.headers["location"], body) == (303, "/v1/jobs/1", b"abc")


@pytest.mark.parametrize(
    "framing",
    [
        b"content-length: 4\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 4\r\ncontent-length: 9\r\n",
        b"content-length: 4, 9\r\n",
        b"content-length: +4\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding : chunked\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"x: 1\n transfer-encoding: chunked\r\n",
    ],
)
async def test_a_framing_that_two_readers_read_differently_never_passes(framing: bytes) -> None:
    service = Service()
    start = f"POST /v1/accounts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token()}\r\n".encode()
    smuggled = b"0\r\n\r\nGET /v1/accounts/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
    async with in_front_of(service) as client:
        found = await raw(client, start + framing + b"\r\n" + smuggled)
    assert found.startswith(b"HTTP/1.1 4"), found
    assert service.seen == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/accounts/..%2f..%2fadmin", "/v1/accounts/%2e%2e/users", "/v1/accounts/../users",
        "/v1/accounts//users", "/v1/accounts/a%5cb", "/v1/accounts/a%00b", "/v1/accounts/./x",
        "//evil.example/v1/accounts", "/v1/accounts/a\\b",
    ],
)  # fmt: skip
async def test_a_path_that_two_readers_read_differently_never_passes(path: str) -> None:
    service = Service()
    request = f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token()}\r\nconnection: close\r\n\r\n"
    async with in_front_of(service) as client:
        found = await raw(client, request.encode())
    assert found.startswith(b"HTTP/1.1 400"), found
    assert service.seen == []


async def test_an_upload_that_stops_coming_is_408() -> None:
    head = f"POST /v1/accounts/count HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token()}\r\n"
    async with in_front_of(Service(), stream_idle_seconds=0.2) as client:
        for length in (b"1000", b"900000"):
            found = await raw(
                client, head.encode() + b"content-length: " + length + b"\r\n\r\nx", enough=b"}"
            )
            assert found.startswith(b"HTTP/1.1 408"), found
