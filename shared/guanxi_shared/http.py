"""One service calling another: inside the deadline, traced, authenticated, and never for long.

A call carries what is left of the deadline (`X-Request-Deadline-Ms`), the trace
(`traceparent`, W3C Trace Context level 1), the request id and a token: the caller's own, or a
60-second service token. Only what may be repeated without harm is repeated, at one layer only:
a call that the layer above repeats by itself says so (`X-Retried-By`) and is tried once here.
"""

import asyncio
import os
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

import httpx
import orjson
import stamina
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from guanxi_shared import logs, metrics
from guanxi_shared.auth import sign_service_token
from guanxi_shared.errors import Late, NotFound, Problem, Unavailable, Upstream

_READ: Final = httpx.ByteStream(b"")
DEADLINE_HEADER: Final = "x-request-deadline-ms"
RETRIED_HEADER: Final = "x-retried-by"
LONGEST_SECONDS: Final = 120.0
# Version, a trace id that is not all zeros, parent and flags (W3C Trace Context).
TRACEPARENT: Final = re.compile(r"[^-]{2}-((?!0{32})[0-9a-f]{32})-.{19,}", re.DOTALL)
TOKEN_SECONDS: Final = 60
TOKENS_KEPT: Final = 1_000
REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

# An instant of time.monotonic(): wall clocks jump, and peers' clocks differ.
deadline: Final[ContextVar[float | None]] = ContextVar("deadline", default=None)
retried_above: Final[ContextVar[bool]] = ContextVar("retried_above", default=False)


def remaining() -> float | None:
    """Seconds left to answer the present request (never negative), None without a deadline."""
    until = deadline.get()
    return None if until is None else max(0.0, until - time.monotonic())


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Shorten the deadline for a block; an earlier deadline stays."""
    until = time.monotonic() + seconds
    present = deadline.get()
    token = deadline.set(until if present is None else min(present, until))
    try:
        yield
    finally:
        deadline.reset(token)


def adopt(headers: Mapping[str, str], *, default_seconds: float) -> None:
    """Take over deadline, trace, request id and retry layer of an arriving request.

    For the middleware, which runs in the request's own task; names in `headers` are lower case.
    """
    left = headers.get(DEADLINE_HEADER, "")
    seconds = int(left) / 1000 if left.isascii() and left.isdigit() else default_seconds
    deadline.set(time.monotonic() + min(seconds, LONGEST_SECONDS))
    retried_above.set(RETRIED_HEADER in headers)
    logs.trace_id.set(trace_of(headers.get("traceparent", "")) or os.urandom(16).hex())
    logs.request_id.set(_request_id(headers.get("x-request-id", "")))


def trace_of(traceparent: str) -> str:
    """The trace id of a traceparent header, empty when it is malformed or all zeros."""
    found = TRACEPARENT.match(traceparent)
    return found[1] if found is not None else ""


def traceparent() -> str:
    """The present trace with a new span id, for the next hop."""
    trace = logs.trace_id.get() or os.urandom(16).hex()
    return f"00-{trace}-{os.urandom(8).hex()}-01"


def _request_id(given: str) -> str:
    if 0 < len(given) <= 128 and given.isascii() and given.isprintable():
        return given
    return os.urandom(16).hex()


def trusted_for(base_url: str) -> ssl.SSLContext:
    """Who may vouch for a peer: nobody where no certificate is shown. To read those who could takes 30 ms a
    client, and a process has up to nine."""
    if base_url.startswith("https:"):
        return httpx.create_ssl_context(trust_env=False)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class ServiceClient:
    """Calls to one peer, called `name`, in the name of `caller`; one per process, closed at its end.

    Raises `Late` when time is up, `Unavailable` when the peer cannot be reached or its breaker is
    open, `Upstream` when it fails. Answers below 500 are returned as they are.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        secret: str,
        *,
        caller: str,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout_seconds: float = 2.0,
        total_seconds: float = 5.0,
        attempts: int = 3,
        breaker_failures: int = 5,
        breaker_seconds: float = 5.0,
    ) -> None:
        self.name = name
        self._caller = caller
        self._secret = secret
        self._timeout = timeout_seconds
        self._total = total_seconds
        self._attempts = attempts
        self._tokens: dict[UUID | None, tuple[str, float]] = {}
        self._budget = _RetryBudget()
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=breaker_failures,
            default_ttl=breaker_seconds,
            exclude=[asyncio.CancelledError],
        )
        self._breaker_seconds = breaker_seconds
        self._breakers.add_listener(_show_breaker)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            verify=trusted_for(base_url),
            transport=transport,
            timeout=_limits(timeout_seconds),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        organisation_id: UUID | None = None,
        idempotency_key: str | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> httpx.Response:
        """The peer's answer below 500. `token` is a caller's bearer token to pass on; without it
        the call goes out as this service, for `organisation_id` if given."""
        repeatable = method in REPEATABLE or idempotency_key is not None
        sent = dict(headers or {})
        sent["authorization"] = f"Bearer {token or self.service_token(organisation_id)}"
        if idempotency_key is not None:
            sent["idempotency-key"] = idempotency_key
        if json is not None:
            sent["content-type"] = "application/json"
        request = self._client.build_request(
            method,
            path,
            params=params,
            headers=sent,
            content=None if json is None else orjson.dumps(json),
            timeout=_limits(timeout_seconds or self._timeout),
        )
        with within(self._total):
            attempts = self._attempts if repeatable and not retried_above.get() else 1
            return await self._send_repeating(request, attempts, timeout_seconds or self._timeout)

    async def get_json(self, path: str, **options: Any) -> Any:
        """The decoded answer of a GET; `NotFound` at 404, `Upstream` when it is not JSON of a 2xx."""
        return self._decoded(await self.request("GET", path, **options))

    async def post_json(self, path: str, json: Any, **options: Any) -> Any:
        """The decoded answer of a POST; repeated only with an `idempotency_key`."""
        return self._decoded(await self.request("POST", path, json=json, **options))

    def service_token(self, organisation_id: UUID | None = None) -> str:
        """A token of this service for the peer, reused until ten seconds before it expires."""
        now = time.time()
        known = self._tokens.get(organisation_id)
        if known is not None and known[1] > now:
            return known[0]
        if len(self._tokens) >= TOKENS_KEPT:
            self._tokens.clear()
        made = sign_service_token(
            self._secret,
            issuer=self._caller,
            audience=self.name,
            now=now,
            organisation_id=organisation_id,
        )
        self._tokens[organisation_id] = (made, now + TOKEN_SECONDS - 10)
        return made

    async def _send_repeating(
        self, request: httpx.Request, attempts: int, timeout: float
    ) -> httpx.Response:
        self._budget.earn()
        if attempts > 1:
            request.headers[RETRIED_HEADER] = self._caller
        async for attempt in stamina.retry_context(
            on=self._pause_before_retry,
            attempts=attempts,
            timeout=remaining() or None,  # each attempt looks at the deadline itself
            wait_initial=0.05,
            wait_max=0.5,
            wait_jitter=0.05,
        ):
            with attempt:
                response = await self._send_once(request, timeout)
        return response

    def _pause_before_retry(self, error: Exception) -> bool | float:
        """stamina's hook: False gives up, True waits the usual while, a number waits so long."""
        if not isinstance(error, Unavailable) or isinstance(error, _BreakerOpen):
            return False
        wait = float(error.headers["Retry-After"]) if isinstance(error, _Busy) else 0.0
        if (remaining() or 0.0) <= wait or not self._budget.spend():
            return False
        return wait or True

    async def _send_once(self, request: httpx.Request, timeout: float) -> httpx.Response:
        left = min(timeout, remaining() or 0.0)
        if left <= 0:
            raise Late(f"No time is left to ask {self.name}.")
        request.headers[DEADLINE_HEADER] = str(int(left * 1000))
        request.headers["traceparent"] = traceparent()
        request.headers["x-request-id"] = logs.request_id.get() or os.urandom(16).hex()
        async with self._guarded():
            response = await self._exchange(request, left)
            if response.status_code >= 500:
                raise self._failure(response)
        return response

    async def _exchange(self, request: httpx.Request, left: float) -> httpx.Response:
        try:
            async with asyncio.timeout(left):  # httpx's own limit is per chunk, not for the whole
                response = await self._client.send(request)
                response.stream = (
                    _READ  # it names the response: both, body and all, would stay in memory
                )
                return response
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Late(f"{self.name} did not answer in time.") from error
        except httpx.TransportError as error:
            raise Unavailable(f"{self.name} cannot be reached.") from error

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        """Fail at once while the breaker is open; count what happens inside otherwise."""
        breaker = await self._breakers.get_breaker(self.name)
        try:
            async with breaker:
                yield
        except OpenedState as error:
            error.__traceback__ = None  # purgatory raises one object again and again: it would grow
            seconds = str(max(1, round(self._breaker_seconds)))
            raise _BreakerOpen(
                f"{self.name} failed repeatedly and is left alone for some seconds.",
                headers={"Retry-After": seconds},
            ) from None

    def _failure(self, response: httpx.Response) -> Problem:
        sentence = f"{self.name} answered {response.status_code}."
        after = response.headers.get("retry-after", "")
        if response.status_code == 504:
            return Late(sentence)
        if response.status_code in (502, 503) and after.isdigit():
            return _Busy(sentence, headers={"Retry-After": after})
        return Unavailable(sentence) if response.status_code in (502, 503) else Upstream(sentence)

    def _decoded(self, response: httpx.Response) -> Any:
        if response.status_code == 404:
            raise NotFound(f"{self.name} does not know this.")
        if not response.is_success:
            raise Upstream(f"{self.name} answered {response.status_code}.")
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise Upstream(f"{self.name} answered something that is not JSON.") from error


def _limits(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(1.0, seconds))


class _BreakerOpen(Unavailable):
    """The peer was not asked."""


class _Busy(Unavailable):
    """The peer said when to come back."""


class _RetryBudget:
    """At most one retry for ten calls, after a start of ten: retries must not make an outage worse."""

    def __init__(self) -> None:
        self._tenths = 100

    def earn(self) -> None:
        self._tenths = min(100, self._tenths + 1)

    def spend(self) -> bool:
        if self._tenths < 10:
            return False
        self._tenths -= 10
        return True


def _show_breaker(name: str, event: str, detail: Any) -> None:
    if event != "state_changed":
        return
    metrics.set_breaker(name, is_open=detail.state == "opened")
    _log.warning("breaker changed", peer=name, state=detail.state)


_log = logs.logger("http")
