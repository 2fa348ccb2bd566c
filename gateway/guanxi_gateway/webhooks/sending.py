"""One request to a receiver: to an address that was checked, bounded in time and in what is read.

A name is looked up for each connection, every address it has is checked, and the connection goes to one of
those very addresses: the socket itself refuses any other, so that a name which answers twice differently
reaches nothing. No redirect is followed, no proxy of the environment is asked, no cookie is kept.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from guanxi_gateway.webhooks.address_rules import BadUrl, Reach, problem_of, target_of
from guanxi_gateway.webhooks.schedule_rules import ABORT, is_success
from guanxi_gateway.webhooks.settings import WebhookSettings, trusting

MOST_READ: Final = 64 * 1024
EXCERPT: Final = 500
AGENT: Final = "Guanxi-Webhooks/1"
LOOKUPS_AT_ONCE: Final = 32
BODY_SECONDS: Final = 2.0
KEPT_SECONDS: Final = 4.0  # less than receivers keep a connection (Node: 5)

# What OpenSSL says of a certificate (X509_V_ERR_…), in words without names of hosts.
CERTIFICATES: Final = {
    9: "it is not valid yet", 10: "it has expired", 18: "it is signed by itself",
    19: "an authority that signed it is not trusted", 20: "the authority that signed it is not known",
    21: "the authority that signed it is not known", 23: "it was revoked",
    62: "it is for another host", 64: "it is for another address",
}  # fmt: skip

LookUp = Callable[[str], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: a status, or an error for people."""

    status: int | None
    duration_ms: int
    error: str | None = None
    excerpt: str | None = None
    retry_after: str | None = None
    is_unwanted: bool = False

    @property
    def is_success(self) -> bool:
        return is_success(self.status)


class Refused(OSError):
    """An address that is not called."""


class SystemLookUp:
    """The machine's resolver, on threads of its own: a slow name must not hold up other work."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, "webhook-names")

    async def __call__(self, host: str) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses, host)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str) -> list[Any]:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)


async def demand_reachable(url: str, reach: Reach, look_up: LookUp, *, seconds: float) -> None:
    """BadUrl for an endpoint that may not be called as its name resolves now."""
    target = target_of(url, reach)
    try:
        async with asyncio.timeout(seconds):
            addresses = await look_up(target.host)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise BadUrl("The host is not found.") from error
    if problem := problem_of(addresses, target.port, reach):
        raise BadUrl(problem)


class CheckedResolver(AbstractResolver):
    """All addresses of a host or, if one of them may not be called, none."""

    def __init__(self, reach: Reach, look_up: LookUp, *, seconds: float) -> None:
        self._reach, self._look_up, self._seconds = reach, look_up, seconds

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            async with asyncio.timeout(self._seconds):
                addresses = await self._look_up(host)
        except (UnicodeError, TimeoutError) as error:
            raise OSError(None, "The host is not found.") from error
        if problem := problem_of(addresses, port, self._reach):
            raise Refused(None, problem)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, proto=socket.IPPROTO_TCP,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]  # fmt: skip

    async def close(self) -> None:
        return None


class Sender:
    def __init__(self, settings: WebhookSettings, *, look_up: LookUp | None = None) -> None:
        self._reach = reach_of(settings)
        self._system = SystemLookUp() if look_up is None else None
        self._look_up = look_up or self._system
        self._seconds = settings.answer_seconds
        self._connect_seconds = settings.connect_seconds
        self._trust = trusting(settings.ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        assert self._look_up is not None
        resolver = CheckedResolver(self._reach, self._look_up, seconds=self._connect_seconds)
        connector = aiohttp.TCPConnector(
            resolver=resolver,
            use_dns_cache=False,
            ssl=self._trust,
            limit=0,
            socket_factory=self._checked_socket,
            keepalive_timeout=KEPT_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": AGENT, "Accept-Encoding": "identity", "Accept": "*/*"},
            timeout=aiohttp.ClientTimeout(total=self._seconds, sock_connect=self._connect_seconds),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
        if self._system is not None:
            self._system.close()

    def _checked_socket(self, address: Any) -> socket.socket:
        """The last word, on the address that is connected to."""
        family, kind, proto, _, place = address
        if problem := problem_of([str(place[0])], int(place[1]), self._reach):
            raise Refused(None, problem)
        return socket.socket(family=family, type=kind, proto=proto)

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Never raises for what a receiver does or is."""
        began = time.monotonic()

        def outcome(status: int | None, **more: Any) -> Outcome:
            return Outcome(status, round((time.monotonic() - began) * 1000), **more)

        try:
            self._demand_callable(url)
            assert self._session is not None
            async with self._session.post(
                URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as answer:
                told = answer.headers
                return outcome(
                    answer.status,
                    error=None if is_success(answer.status) else f"The receiver answered {answer.status}.",
                    excerpt=await _excerpt(answer),
                    retry_after=told.get("Retry-After"),
                    is_unwanted=told.get("webhook-delivery", "").strip().lower() == ABORT,
                )  # fmt: skip
        except TimeoutError:
            return outcome(None, error=f"No answer within {self._seconds:g} s.")
        except BadUrl as error:
            return outcome(None, error=str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return outcome(None, error=_sentence(error))

    def _demand_callable(self, url: str) -> None:
        """Settings may have changed since it was registered; a literal address is never looked up."""
        target = target_of(url, self._reach)
        with suppress(ValueError):
            address = str(ip_address(target.host))
            if problem := problem_of([address], target.port, self._reach):
                raise Refused(None, problem)


def reach_of(settings: WebhookSettings) -> Reach:
    return Reach(settings.http, settings.allowed_ports, settings.allowed_networks)


async def _excerpt(answer: aiohttp.ClientResponse) -> str | None:
    """The beginning of what a refusing receiver said, if that is text. A body that takes its time is left:
    the status has come."""
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in answer.content.iter_chunked(8192):
                read += chunk
                if len(read) > MOST_READ:
                    answer.close()
                    break
    except (TimeoutError, aiohttp.ClientError, OSError):
        answer.close()
    is_text = "text" in answer.content_type or "json" in answer.content_type
    if is_success(answer.status) or not is_text or not read:
        return None
    return readable(bytes(read[: EXCERPT * 4]))


def readable(raw: bytes) -> str:
    """As a text column takes it and a terminal shows it."""
    text = raw.decode("utf-8", "replace")[:EXCERPT]
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)  # fmt: skip


def _sentence(error: BaseException) -> str:
    """Without the address: it says what is inside to whoever may read the log of deliveries."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Refused):
            return str(cause.strerror)
        cause = getattr(cause, "os_error", None) or cause.__cause__
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _of_certificate(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "The receiver speaks no TLS that we know."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The host is not found."
    if isinstance(error, aiohttp.ClientConnectorError):
        return "The receiver does not take the connection."
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "The receiver hung up without an answer."
    return f"The request failed: {type(error).__name__}."


def _of_certificate(error: BaseException) -> str:
    code = getattr(error, "verify_code", 0)
    why = CERTIFICATES.get(code, "it cannot be verified")
    return f"The receiver's certificate is not valid: {why}."
