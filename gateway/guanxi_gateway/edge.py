"""The door: what holds for each request, whoever answers it.

Ids, limits, cross-origin rules, security headers and problems are settled here in plain ASGI; then
the request goes to its service through the proxy, never through a router. Only the gateway's own
paths reach the FastAPI application behind.
"""

import random
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from guanxi_gateway import routes
from guanxi_gateway.callers import Caller, Callers, SessionEnded, directory_versions
from guanxi_gateway.hardening import (
    HARDENING,
    HARDENING_OF_PAGES,
    HSTS,
    PAGES,
    allow_everybody,
    allow_origin,
    is_preflight,
)
from guanxi_gateway.limits import Budgets
from guanxi_gateway.limits_rules import Limit, call_cost
from guanxi_gateway.lingering import end_late
from guanxi_gateway.own_paths import limited, own_scope, with_headers
from guanxi_gateway.passage import Passage
from guanxi_gateway.proxy import Proxy
from guanxi_gateway.settings import GatewaySettings, listed
from guanxi_gateway.upstream import Upstream
from guanxi_gateway.watch import ClientGone
from guanxi_shared import logs, metrics
from guanxi_shared.auth import Principal
from guanxi_shared.errors import (
    PROBLEM_TYPE,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unauthenticated,
    Unavailable,
)  # fmt: skip
from guanxi_shared.http import trace_of

FindJob = Callable[[Passage, Caller], Awaitable[Upstream]]
FindService = Callable[[Passage, Caller, bytes], Awaitable[Upstream]]
RefuseWiped = Callable[[Principal], Awaitable[None]]

# Calendars ask every few minutes, and a whole office behind one address.
SECRET_READS = Limit("secret-reads", 600, 60, 300)
# Forms that are sent and quotes that are accepted without a sign-in.
PUBLIC_WRITES = Limit("public-writes", 60, 60, 30)
READS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_ID_CHARACTERS = 128
BATCH_BYTES = 8 << 20
SYNC_BYTES = 10 << 20

# Paths that prove nothing yet: limited by the client's address, and closed without a database.
SIGN_IN = (b"/v1/auth/", b"/v1/oauth/", b"/v1/invitations/accept")
OPEN_WORDS = frozenset({b"auth", b"oauth"})
NEEDS_TOKEN = frozenset({b"/v1/oauth/authorize", b"/v1/oauth/device/decide"})

_random = random.Random()
_log = logs.logger("edge")


class FrontDoor:
    def __init__(
        self,
        own: ASGIApp,
        settings: GatewaySettings,
        *,
        pages: ASGIApp,
        proxy: Proxy,
        peers: Mapping[str, Upstream],
        callers: Callers,
        budgets: Budgets,
        find_job: FindJob,
        find_service: FindService,
        refuse_wiped: RefuseWiped | None = None,
    ) -> None:
        self._own = own
        self._pages = pages
        self._settings = settings
        self._proxy = proxy
        self._peers = peers
        self._callers = callers
        self._budgets = budgets
        self._find_job = find_job
        self._find_service = find_service
        self._refuse_wiped = refuse_wiped
        self._origins = frozenset(origin.encode() for origin in listed(settings.cors_origins))
        self._in_flight = 0
        # One service that hangs must not take every place.
        self._most_at_one = max(settings.max_in_flight * 4 // 5, 1)
        per_minute = settings.sign_in_quota
        self._sign_in_limit = Limit("sign-in", per_minute, 60, max(per_minute // 2, 1))
        metrics.watch_in_flight(lambda: self._in_flight)

    @property
    def own(self) -> ASGIApp:
        """The application behind the door; its life (lifespan) is the door's."""
        return self._own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        started = time.perf_counter()
        passage = Passage(scope, receive, send)
        word = b""
        self._in_flight += 1
        try:
            self._mark(passage)
            word = self._admit(passage)
            await self._answer(passage, word)
        except ClientGone:
            passage.status = 499
        except Problem as problem:
            await _refuse(passage, problem)
        except Exception:
            logs.request_id.set(passage.request_id.decode())
            _log.exception("request failed", path=routes.shown(scope["path"]))
            if passage.started:
                raise
            await _refuse(passage, Problem())
        finally:
            self._in_flight -= 1
            _tell(passage, word, time.perf_counter() - started)
        if passage.end is not None:
            await passage.end()

    def _mark(self, passage: Passage) -> None:
        """Give the request its ids, and the answer the headers that every answer has."""
        headers = passage.headers
        given = headers.get(b"traceparent")
        trace = trace_of(given.decode("latin-1")).encode() if given is not None else b""
        passage.trace = trace or b"%032x" % _random.getrandbits(128)
        wanted = headers.get(b"x-request-id")
        passage.request_id = wanted if wanted and _is_sane(wanted) else passage.trace
        answer = passage.answer_headers
        answer.append((b"x-request-id", passage.request_id))
        is_page = passage.raw_path.startswith((b"/docs", b"/redoc"))
        answer += HARDENING_OF_PAGES if is_page else HARDENING
        if passage.scope.get("scheme") == "https":
            answer.append(HSTS)
        if routes.is_public(passage.raw_path):
            allow_everybody(headers, answer)
        elif self._origins:
            allow_origin(self._origins, headers.get(b"origin"), answer)

    def _admit(self, passage: Passage) -> bytes:
        """The word that decides who answers; Problem for what nobody shall have to look at."""
        raw_path = passage.raw_path
        is_probe = raw_path.startswith(b"/health/")  # a busy gateway is alive
        if self._in_flight > self._settings.max_in_flight and not is_probe:
            metrics.count_shed("in_flight")
            raise Unavailable("Too many requests at once; try again.", code="busy")
        if routes.is_ambiguous(raw_path):
            raise Malformed("The path is ambiguous: no dot segments, `//` or encoded separators.")
        if raw_path.startswith(b"/v1/"):
            word = raw_path[4:].partition(b"/")[0]
            self._limit_body(passage, word)
            return word
        self._limit_body(passage, b"")
        root = raw_path[1:].partition(b"/")[0]
        if root not in routes.ROOTS or raw_path.startswith(routes.INSIDE):
            raise NotFound("There is nothing at this path; /docs lists what there is.")
        return b"/" + root

    def _limit_body(self, passage: Passage, word: bytes) -> None:
        settings = self._settings
        passage.limit = settings.max_json_bytes
        if routes.takes_files(word, passage.raw_path):
            passage.limit = settings.max_upload_bytes
        elif word == b"sync":
            passage.limit = max(SYNC_BYTES, settings.max_json_bytes)
        elif passage.raw_path.endswith(b"/batch"):
            passage.limit = max(BATCH_BYTES, settings.max_json_bytes)
        length = passage.headers.get(b"content-length")
        if b"transfer-encoding" in passage.headers:
            _refuse_odd_framing(passage, length)
        if length is None:
            return
        if not length.isdigit():
            raise Malformed("Content-Length is not a number.")
        if int(length) > passage.limit:
            raise TooLarge(f"The body may hold at most {passage.limit} bytes.")

    async def _answer(self, passage: Passage, word: bytes) -> None:
        if passage.scope["method"] == "OPTIONS" and is_preflight(
            self._origins, passage.headers, passage.answer_headers
        ):
            await _send_empty(passage, 204)
            return
        service = routes.service_for(word, passage.raw_path)
        if service is routes.OWN or word[:1] == b"/":
            await self._answer_ourselves(passage, word)
            return
        if service is None and word not in routes.EVERYWHERE:
            raise NotFound("There is nothing at this path; /docs lists what there is.")
        if service is not None and routes.is_secret(passage.raw_path):
            await self._answer_open(passage, service, READS, SECRET_READS)
            return
        if service is not None and routes.is_public(passage.raw_path):
            is_read = passage.scope["method"] in READS
            limit = SECRET_READS if is_read else PUBLIC_WRITES
            await self._answer_open(passage, service, READS | {"POST", "PUT"}, limit)
            return
        caller = await self._caller(passage)
        if service is None:
            if passage.raw_path.rstrip(b"/") == b"/v1/" + word:
                await self._answer_ourselves(passage, word)
                return
            peer: Upstream | None = await self._find_job(passage, caller)
        elif word in routes.DIVIDED:
            peer = await self._find_service(passage, caller, word)
        else:
            peer = self._peers.get(service)
        if peer is None:
            raise NotFound(f"The {service} service is not part of this installation.")
        await self._pay(passage, caller, word)
        self._introduce(passage, caller, word)
        await self._forward(passage, peer)

    async def _answer_open(
        self, passage: Passage, service: str, methods: frozenset[str], limit: Limit
    ) -> None:
        """A path that proves itself: without a caller, limited by the client's address so that nobody
        tries secrets by the million, nor fills a form without end."""
        peer = self._peers.get(service)
        if peer is None:
            raise NotFound(f"The {service} service is not part of this installation.")
        if passage.scope["method"] not in methods:
            allowed = sorted(methods - {"OPTIONS"})
            raise MethodNotAllowed(headers={"Allow": ", ".join(allowed)})
        key = f"{limit.name}:{_address(passage)}"
        await self._budgets.pay(key, limit, cost=1, fail_open=True)
        passage.deadline_ms = self._deadline(passage, b"")
        passage.added = _whereabouts(passage)
        await self._forward(passage, peer)

    async def _forward(self, passage: Passage, peer: Upstream) -> None:
        if peer.in_flight >= self._most_at_one:
            metrics.count_shed(peer.name)
            raise Unavailable(f"The {peer.name} service is overloaded; try again.", code="busy")
        peer.in_flight += 1
        try:
            await self._proxy.forward(passage, peer)
        finally:
            peer.in_flight -= 1

    async def _caller(self, passage: Passage) -> Caller:
        header = passage.headers.get(b"authorization")
        if header is None:
            raise Unauthenticated("Send `Authorization: Bearer …`.")
        caller = self._callers.known(header) or await self._callers.identify(header)
        if caller.principal.kind != "user":
            raise Unauthenticated("A service's token opens nothing here; ask the service itself.")
        return caller

    async def _pay(self, passage: Passage, caller: Caller, word: bytes) -> None:
        budget = caller.budget
        if budget is None:
            return
        if passage.scope["method"] in READS:
            cost = routes.DEAR_READS.get(word, 1)
        else:
            cost = call_cost(passage.scope["method"], passage.scope["path"])
        if not budget.spend(cost):
            await budget.renew(cost)
        passage.answer_headers += budget.headers()

    def _introduce(self, passage: Passage, caller: Caller, word: bytes) -> None:
        """What the service has to know: who asks, from where, and how much time there is."""
        version = directory_versions.get(caller.principal.organisation, 0)
        passage.deadline_ms = self._deadline(passage, word)
        passage.added = [
            b"authorization: ", caller.authorization,
            b"\r\nx-directory-version: %d\r\n" % version, *_whereabouts(passage),
        ]  # fmt: skip

    def _deadline(self, passage: Passage, word: bytes) -> int:
        """The client may ask for less time than it would get, never for more."""
        is_long = routes.is_long(word, passage.raw_path)
        most = self._settings.long_deadline_ms if is_long else self._settings.deadline_ms
        wanted = passage.headers.get(b"x-request-deadline-ms")
        if wanted is None or not wanted.isdigit() or len(wanted) > 9:
            return most
        return min(max(int(wanted), 1), most)

    async def _answer_ourselves(self, passage: Passage, word: bytes) -> None:
        """Our own paths: an API key is exchanged here too, so that they know only access tokens."""
        authorization = None
        if _proves_nothing_yet(passage):
            key = f"address:{_address(passage)}"
            await self._budgets.pay(key, self._sign_in_limit, cost=1, fail_open=False)
        header = passage.headers.get(b"authorization")
        if header is not None and header[:7].lower() == b"bearer " and word[:1] != b"/":
            authorization = await self._own_authorization(passage, header, word)
        app = self._pages if word in PAGES else self._own
        await app(own_scope(passage, authorization), limited(passage), with_headers(passage))

    async def _own_authorization(
        self, passage: Passage, header: bytes, word: bytes
    ) -> bytes | None:
        try:
            caller = self._callers.known(header) or await self._callers.identify(header)
        except Unauthenticated as refused:
            if word == b"sync" and self._refuse_wiped and isinstance(refused, SessionEnded):
                await self._refuse_wiped(refused.principal)  # a wiped phone shall hear of it
            if word in OPEN_WORDS:  # signing in again with an old token in the header must work
                return b""
            raise
        await self._pay(passage, caller, word)
        return caller.authorization


def _address(passage: Passage) -> str:
    client = passage.scope.get("client")
    return client[0] if client else "unknown"


def _whereabouts(passage: Passage) -> list[bytes]:
    scheme = passage.scope.get("scheme", "http").encode()
    return [
        b"x-forwarded-proto: ", scheme,
        b"\r\nx-forwarded-for: ", _address(passage).encode(), b"\r\n",
    ]  # fmt: skip


def _proves_nothing_yet(passage: Passage) -> bool:
    """Whether a call may be a guess at a password, a token or a code. JSON to the pages of OAuth
    comes with a token: without one it is refused (401), however often it is sent."""
    if passage.scope["method"] != "POST" or not passage.raw_path.startswith(SIGN_IN):
        return False
    if passage.raw_path not in NEEDS_TOKEN or b"authorization" in passage.headers:
        return True
    # Each of them: of two content types the edge and the application could read different ones.
    kinds = [value for name, value in passage.scope["headers"] if name == b"content-type"]
    return not (kinds and all(b"json" in kind for kind in kinds))


def _refuse_odd_framing(passage: Passage, length: bytes | None) -> None:
    """Bodies are measured or chunked: of anything else two readers see two different ends."""
    codings = [value for name, value in passage.scope["headers"] if name == b"transfer-encoding"]
    if length is not None or len(codings) > 1 or codings[0].lower() != b"chunked":
        passage.answer_headers.append((b"connection", b"close"))
        raise Malformed("Send Content-Length, or Transfer-Encoding: chunked, and only one of them.")


def _is_sane(request_id: bytes) -> bool:
    """What may be repeated in logs and headers: letters, digits and `-_.:`."""
    if len(request_id) > MOST_ID_CHARACTERS:
        return False
    return request_id.translate(None, b"-_.:").isalnum()


async def _refuse(passage: Passage, problem: Problem) -> None:
    passage.status = problem.status
    if passage.started:
        return
    passage.started = True
    if isinstance(problem, TooLarge):
        end_late(passage)
    body = problem.body(passage.request_id.decode("latin-1"))
    headers = [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
        *passage.answer_headers,
    ]
    await passage.send(
        {"type": "http.response.start", "status": problem.status, "headers": headers}
    )
    await passage.send({"type": "http.response.body", "body": body})


async def _send_empty(passage: Passage, status: int) -> None:
    passage.started, passage.status = True, status
    start = {"type": "http.response.start", "status": status, "headers": passage.answer_headers}
    await passage.send(start)
    await passage.send({"type": "http.response.body"})


def _tell(passage: Passage, word: bytes, seconds: float) -> None:
    """Metrics under the path's first word, which is one of a fixed list; a log line if it matters."""
    method, status = passage.scope["method"], passage.status
    service = routes.service_for(word, passage.raw_path)
    if service not in (None, routes.OWN):  # our own application counts its templates itself
        metrics.observe_request(method, f"/v1/{word.decode()}", status, seconds)
    is_patient = word == b"events" or word in routes.LONG or service is None
    if status >= 500 or (seconds >= logs.SLOW_SECONDS and not is_patient):
        logs.request_id.set(passage.request_id.decode())
        logs.trace_id.set(passage.trace.decode())
        logs.log_request(
            method, routes.shown(passage.scope["path"]), status=status, seconds=seconds
        )
