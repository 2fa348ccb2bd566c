import asyncio
import gc
import ssl
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from uuid_utils.compat import uuid7

from guanxi_shared import http, logs, metrics
from guanxi_shared.errors import Late, NotFound, Problem, Unavailable, Upstream
from guanxi_shared.http import ServiceClient
from tests.deadlines import until_true

SECRET = "kV3nQ8xR1tY7uW5zA2bC4dE6fG9hJ0kL"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_who_vouches_for_a_peer_is_read_where_one_shows_a_certificate_and_never_unasked() -> None:
    secured, plain = map(http.trusted_for, ("https://gateway.example", "http://127.0.0.1:8000"))
    assert {each.verify_mode for each in (secured, plain)} == {ssl.CERT_REQUIRED}
    assert secured.check_hostname
    assert plain.check_hostname
    assert len(secured.get_ca_certs()) > 50
    assert plain.get_ca_certs() == []


@dataclass
class Peer:
    """An ASGI application that answers what `answers` holds, the last one again and again."""

    answers: list[tuple[int, dict[str, str], bytes]] = field(
        default_factory=lambda: [(200, {}, b'{"ok":true}')]
    )
    delay: float = 0.0
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = (await receive())["body"]
        self.seen.append(
            headers | {":method": scope["method"], ":path": scope["path"], ":body": body}
        )
        await asyncio.sleep(self.delay)
        status, extra, content = self.answers[min(len(self.seen), len(self.answers)) - 1]
        pairs = [(name.encode(), value.encode()) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})


@dataclass
class DeadTransport(httpx.AsyncBaseTransport):
    tried: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.tried += 1
        raise httpx.ConnectError("refused", request=request)


@asynccontextmanager
async def client_of(
    peer: Peer | httpx.AsyncBaseTransport, **options: Any
) -> AsyncIterator[ServiceClient]:
    transport = httpx.ASGITransport(app=peer) if isinstance(peer, Peer) else peer
    name = options.pop("name", "tickets")
    client = ServiceClient(
        name, "http://peer.test", SECRET, caller="contacts", transport=transport, **options
    )
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture(autouse=True)
def fresh_context() -> Iterator[None]:
    variables: list[ContextVar[Any]] = [
        http.deadline,
        http.retried_above,
        logs.trace_id,
        logs.request_id,
    ]
    before = [variable.get() for variable in variables]
    yield
    for variable, value in zip(variables, before, strict=True):
        variable.set(value)


async def test_an_answer_is_decoded() -> None:
    peer = Peer([(200, {}, b'{"data":[1,2]}')])
    async with client_of(peer) as client:
        assert await client.get_json("/v1/things", params={"limit": 2}) == {"data": [1, 2]}

    assert (peer.seen[0][":method"], peer.seen[0][":path"]) == ("GET", "/v1/things")


async def test_a_body_is_sent_as_json() -> None:
    peer = Peer()
    async with client_of(peer) as client:
        await client.post_json("/v1/things", {"name": "张三"})

    assert peer.seen[0]["content-type"] == "application/json"
    assert peer.seen[0][":body"] == '{"name":"张三"}'.encode()


async def test_the_service_signs_its_calls_for_the_peer_and_the_organisation() -> None:
    peer, organisation = Peer(), uuid7()
    async with client_of(peer) as client:
        await client.get_json("/x", organisation_id=organisation)

    scheme, token = peer.seen[0]["authorization"].split()
    decoded = jwt.decode(token, OctKey.import_key(SECRET), algorithms=["HS256"])
    assert scheme == "Bearer"
    assert decoded.header["typ"] == "service+jwt"
    assert decoded.claims["iss"] == "contacts"
    assert decoded.claims["aud"] == "tickets"
    assert decoded.claims["org"] == str(organisation)
    assert decoded.claims["exp"] - decoded.claims["iat"] == 60


async def test_a_service_token_is_reused_for_its_organisation_only() -> None:
    async with client_of(Peer()) as client:
        first, second = uuid7(), uuid7()

        assert client.service_token(first) == client.service_token(first)
        assert client.service_token(first) != client.service_token(second)


async def test_a_caller_s_own_token_is_passed_on() -> None:
    peer = Peer()
    async with client_of(peer) as client:
        await client.get_json("/x", token="callers-token")

    assert peer.seen[0]["authorization"] == "Bearer callers-token"


async def test_trace_and_request_id_travel_with_a_new_span() -> None:
    peer = Peer()
    http.adopt(
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "x-request-id": "r-42"},
        default_seconds=5,
    )
    async with client_of(peer) as client:
        await client.get_json("/x")
        await client.get_json("/y")

    first, second = (seen["traceparent"].split("-") for seen in peer.seen)
    assert first[1] == second[1] == TRACE
    assert len({"00f067aa0ba902b7", first[2], second[2]}) == 3
    assert peer.seen[0]["x-request-id"] == "r-42"


@pytest.mark.parametrize(
    "header",
    ["", "00-short", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
     f"00_{TRACE}_00f067aa0ba902b7_01"],
)  # fmt: skip
def test_a_malformed_trace_is_replaced(header: str) -> None:
    http.adopt({"traceparent": header}, default_seconds=5)

    assert len(logs.trace_id.get()) == 32
    assert logs.trace_id.get().strip("0")
    assert logs.trace_id.get() != TRACE


@pytest.mark.parametrize("given", ["", "x" * 129, "line\nbreak", "编号"])
def test_an_unfit_request_id_is_replaced(given: str) -> None:
    http.adopt({"x-request-id": given}, default_seconds=5)

    assert len(logs.request_id.get()) == 32


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1500", 1.5),
        ("", 7.0),
        ("soon", 7.0),
        ("-5", 7.0),
        ("²", 7.0),
        ("99999999999", http.LONGEST_SECONDS),
    ],
)
def test_the_deadline_is_taken_from_the_header(header: str, seconds: float) -> None:
    http.adopt({http.DEADLINE_HEADER: header}, default_seconds=7.0)

    assert http.remaining() == pytest.approx(seconds, abs=0.2)


def test_without_a_request_there_is_no_deadline() -> None:
    http.deadline.set(None)

    assert http.remaining() is None


def test_a_block_can_shorten_the_deadline_but_not_lengthen_it() -> None:
    http.adopt({}, default_seconds=2)
    with http.within(50):
        assert (http.remaining() or 0) <= 2
    with http.within(0.5):
        assert (http.remaining() or 0) <= 0.5

    assert http.remaining() == pytest.approx(2, abs=0.2)


async def test_the_deadline_shrinks_from_hop_to_hop() -> None:
    peer = Peer()
    http.adopt({http.DEADLINE_HEADER: "800"}, default_seconds=5)
    async with client_of(peer) as client:
        await client.get_json("/x")

    assert 0 < int(peer.seen[0][http.DEADLINE_HEADER]) <= 800


async def test_no_call_goes_out_after_the_deadline() -> None:
    peer = Peer()
    http.adopt({http.DEADLINE_HEADER: "0"}, default_seconds=5)
    async with client_of(peer) as client:
        with pytest.raises(Late):
            await client.get_json("/x")

    assert peer.seen == []


async def test_a_slow_peer_is_given_up_within_the_deadline() -> None:
    peer = Peer(delay=30)
    http.adopt({http.DEADLINE_HEADER: "300"}, default_seconds=5)
    async with client_of(peer) as client:
        started = time.monotonic()
        with pytest.raises(Late):
            await client.get_json("/x")

    assert time.monotonic() - started < 2


async def test_a_get_is_repeated_after_a_failure_that_passes() -> None:
    peer = Peer([(503, {}, b""), (502, {}, b""), (200, {}, b'{"ok":true}')])
    async with client_of(peer) as client:
        assert await client.get_json("/x") == {"ok": True}

    assert len(peer.seen) == 3


async def test_retries_end_with_the_attempts() -> None:
    peer = Peer([(503, {}, b"")])
    async with client_of(peer) as client:
        with pytest.raises(Unavailable, match="tickets answered 503"):
            await client.get_json("/x")

    assert len(peer.seen) == 3


async def test_a_post_is_repeated_only_with_a_key() -> None:
    plain, keyed = Peer([(503, {}, b"")]), Peer([(503, {}, b""), (200, {}, b"{}")])
    async with client_of(plain) as client:
        with pytest.raises(Unavailable):
            await client.post_json("/x", {})
    async with client_of(keyed) as client:
        await client.post_json("/x", {}, idempotency_key="k-1")

    assert len(plain.seen) == 1
    assert [seen["idempotency-key"] for seen in keyed.seen] == ["k-1", "k-1"]


async def test_a_call_that_the_layer_above_repeats_is_tried_once() -> None:
    peer = Peer([(503, {}, b"")])
    http.adopt({http.RETRIED_HEADER: "gateway"}, default_seconds=5)
    async with client_of(peer) as client:
        with pytest.raises(Unavailable):
            await client.get_json("/x")

    assert len(peer.seen) == 1


async def test_a_call_that_may_be_repeated_says_so_to_the_next_layer() -> None:
    peer = Peer()
    async with client_of(peer) as client:
        await client.get_json("/x")
        await client.post_json("/x", {})

    assert peer.seen[0][http.RETRIED_HEADER] == "contacts"
    assert http.RETRIED_HEADER not in peer.seen[1]


async def test_the_wait_a_peer_asks_for_is_kept() -> None:
    peer = Peer([(503, {"retry-after": "1"}, b""), (200, {}, b"{}")])
    async with client_of(peer) as client:
        started = time.monotonic()
        await client.get_json("/x")

    assert time.monotonic() - started >= 1


async def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    peer = Peer([(503, {"retry-after": "60"}, b"")])
    async with client_of(peer) as client:
        started = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await client.get_json("/x")

    assert time.monotonic() - started < 1
    assert caught.value.headers["Retry-After"] == "60"


async def test_retries_are_a_tenth_of_the_calls_at_most() -> None:
    peer = Peer([(503, {}, b"")])
    async with client_of(peer, breaker_failures=10_000, total_seconds=30) as client:
        for _ in range(30):
            with pytest.raises(Unavailable):
                await client.get_json("/x")

    assert len(peer.seen) <= 30 + 10 + 3


@pytest.mark.parametrize(
    ("status", "problem"),
    [(500, Upstream), (501, Upstream), (502, Unavailable), (503, Unavailable), (504, Late)],
)
async def test_failures_of_a_peer_become_problems(status: int, problem: type[Problem]) -> None:
    async with client_of(Peer([(status, {}, b"oops")]), attempts=1) as client:
        with pytest.raises(problem) as caught:
            await client.request("GET", "/x")

    assert type(caught.value) is problem


async def test_a_peer_that_cannot_be_reached_is_unavailable() -> None:
    transport = DeadTransport()
    async with client_of(transport) as client:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await client.get_json("/x")

    assert transport.tried == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429])
async def test_refusals_of_a_peer_are_answers(status: int) -> None:
    peer = Peer([(status, {}, b"{}")])
    async with client_of(peer) as client:
        response = await client.request("GET", "/x")

    assert response.status_code == status
    assert len(peer.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (404, b"{}", NotFound),
        (403, b"{}", Upstream),
        (302, b"", Upstream),
        (200, b"<html>", Upstream),
    ],
)
async def test_an_answer_that_is_no_json_of_success_is_a_problem(
    status: int, body: bytes, problem: type[Problem]
) -> None:
    async with client_of(Peer([(status, {}, body)])) as client:
        with pytest.raises(problem):
            await client.get_json("/x")


async def test_after_five_failures_calls_fail_at_once_and_recover_later() -> None:
    peer = Peer([(500, {}, b"")] * 5 + [(200, {}, b'{"ok":true}')])
    async with client_of(peer, name="flaky", breaker_seconds=0.3) as client:
        for _ in range(5):
            with pytest.raises(Upstream):
                await client.get_json("/x")
        with pytest.raises(Unavailable, match="left alone") as caught:
            await client.get_json("/x")
        assert len(peer.seen) == 5
        assert caught.value.headers["Retry-After"] == "1"
        assert b'peer_breaker_open{peer="flaky"} 1.0' in metrics.render()[0]

        opened = time.monotonic()
        await until_true(lambda: time.monotonic() > opened + 0.35)

        assert await client.get_json("/x") == {"ok": True}
        assert await client.get_json("/x") == {"ok": True}
        assert b'peer_breaker_open{peer="flaky"} 0.0' in metrics.render()[0]


async def test_refusals_do_not_open_the_breaker() -> None:
    peer = Peer([(404, {}, b"{}")])
    async with client_of(peer) as client:
        for _ in range(20):
            await client.request("GET", "/x")

    assert len(peer.seen) == 20


async def test_a_call_that_is_cancelled_leaves_the_breaker_closed() -> None:
    peer = Peer(delay=30)
    async with client_of(peer, breaker_failures=2) as client:
        for number in range(3):
            call = asyncio.create_task(client.get_json("/x"))
            await until_true(lambda count=number: len(peer.seen) > count)  # type: ignore[misc]
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    assert len(peer.seen) == 3


async def test_redirects_are_not_followed() -> None:
    peer = Peer([(302, {"location": "http://169.254.169.254/"}, b"")])
    async with client_of(peer) as client:
        response = await client.request("GET", "/x")

    assert response.status_code == 302
    assert len(peer.seen) == 1


async def test_an_answer_goes_when_nobody_holds_it_any_more() -> None:
    """Without waiting for the collector: pages of a feed are megabytes, and there are many."""
    async with client_of(Peer()) as client:
        gc.collect()
        gc.disable()
        try:
            answer = await client.request("GET", "/x")
            left = weakref.ref(answer)
            del answer
            assert left() is None
        finally:
            gc.enable()
