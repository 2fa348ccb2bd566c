"""The outermost layer of a service, pure ASGI: ids, deadline, load shedding, hot routes, metrics."""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Message, Receive, Scope, Send

from guanxi_shared import logs, metrics
from guanxi_shared.asked import Asked, KnownHeaders, first_values
from guanxi_shared.at_once import answered_at_once
from guanxi_shared.errors import PROBLEM_TYPE, MethodNotAllowed, Problem, Unavailable
from guanxi_shared.http import adopt
from guanxi_shared.refusals import problem_of

PARAMETER = re.compile(r"\{[^}]*\}")
REQUEST_SECONDS = 30.0
SLOW_SECONDS = 30.0  # a long poll takes its time; slower than this is worth a line
Endpoint = Callable[[Request], Awaitable[Response]]


def hot(endpoint: Endpoint) -> Endpoint:
    """Mark a route that is asked for all the time: matched by a dict, ahead of the router."""
    endpoint.is_hot = True  # type: ignore[attr-defined]
    return endpoint


class Edge:
    def __init__(
        self, app: FastAPI, *, name: str, max_in_flight: int, routes: Sequence[APIRoute]
    ) -> None:
        self.app = app
        self.state = app.state
        self._name = name
        self._max_in_flight = max_in_flight
        self._in_flight = 0
        self._exact: dict[tuple[str, str], tuple[Endpoint, str]] = {}
        self._by_tail: dict[tuple[str, str], tuple[Endpoint, str, str]] = {}
        self._named: dict[str, set[str]] = {}  # paths without a parameter, and their methods
        self._methods = [
            (compile_path(r.path)[0], set(r.methods or ()), len(PARAMETER.sub("", r.path)))
            for r in routes
        ]
        for route in routes:
            if "{" not in route.path:
                self._named.setdefault(route.path, set()).update(route.methods or ())
            self._add_hot(route)
        metrics.watch_in_flight(lambda: self._in_flight)

    def _add_hot(self, route: APIRoute) -> None:
        if not getattr(route.endpoint, "is_hot", False):
            return
        head, _, tail = route.path.rpartition("/")
        for method in route.methods or ():
            if "{" not in route.path:
                self._exact[method, route.path] = (route.endpoint, route.path)
            elif tail.startswith("{") and "{" not in head:
                self._by_tail[method, head] = (route.endpoint, route.path, tail[1:-1])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._in_flight >= self._max_in_flight and not scope["path"].startswith("/health"):
            metrics.count_shed("in_flight")
            await _refuse(
                Unavailable("Too many requests are under way; try again."), scope, receive, send
            )
            return
        self._in_flight += 1
        start = time.perf_counter()
        try:
            status, template = await self._serve(scope, receive, send)
        finally:
            self._in_flight -= 1
        seconds = time.perf_counter() - start
        metrics.observe_request(scope["method"], template, status, seconds)
        logs.log_request(
            scope["method"], template, status=status, seconds=seconds, slow_seconds=SLOW_SECONDS
        )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> tuple[int, str]:
        headers = first_values(scope["headers"])
        adopt(headers, default_seconds=REQUEST_SECONDS)
        found = self._match(scope)
        if found is None:
            return await self._through_router(scope, receive, send)
        endpoint, template, params = found
        scope["app"], scope["path_params"] = self.app, params
        try:
            known = KnownHeaders(scope["headers"], headers)
            response = await endpoint(Asked(scope, receive, send, known))
        except Exception as error:
            response = _response(problem_of(error))
        response.raw_headers.append((b"x-request-id", logs.request_id.get().encode()))
        if not _is_sent(response, scope, send):
            await response(scope, receive, send)
        return response.status_code, template

    def _match(self, scope: Scope) -> tuple[Endpoint, str, dict[str, str]] | None:
        method, path = scope["method"], scope["path"]
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact[0], exact[1], {}
        head, _, tail = path.rpartition("/")
        found = self._by_tail.get((method, head))
        if found is None or not tail or path in self._named:
            return None
        return found[0], found[1], {found[2]: tail}

    async def _through_router(self, scope: Scope, receive: Receive, send: Send) -> tuple[int, str]:
        path, method = scope["path"], scope["method"]
        if method not in self._named.get(
            path, {method}
        ):  # never the id of a record: /accounts/batch
            problem = MethodNotAllowed(headers={"Allow": self._allow(path)})
            await _refuse(problem, scope, receive, send)
            return problem.status, path
        status = 500
        started = False

        async def watched(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                headers = message.setdefault("headers", [])
                headers.append((b"x-request-id", logs.request_id.get().encode()))
                if status == 405:
                    allow = (b"allow", self._allow(path).encode())
                    message["headers"] = [h for h in headers if h[0] != b"allow"] + [allow]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            # Starlette answers and raises again; anything else has not been answered yet.
            if not started:
                await _refuse(problem_of(error), scope, receive, watched)
        route = scope.get("route")
        return status, getattr(route, "path", "unmatched")

    def _allow(self, path: str) -> str:
        """Of the templates that fit, those that spell out most of the path: `{secret}.ics` is not
        `{id}`."""
        named = self._named.get(path)
        fitting = [(size, methods) for regex, methods, size in self._methods if regex.match(path)]
        most = max((size for size, _ in fitting), default=0)
        found = {m for size, methods in fitting if size == most for m in methods}
        return ", ".join(sorted(named or found))


def _is_sent(response: Response, scope: Scope, send: Send) -> bool:
    """Whether it was an ordinary answer, and left in one write."""
    if type(response) is not Response or scope["method"] == "HEAD" or response.background:
        return False
    body = bytes(response.body)
    return answered_at_once(send, response.status_code, response.raw_headers, body)


def _response(problem: Problem) -> Response:
    body = problem.body(logs.request_id.get())
    return Response(body, problem.status, problem.headers, PROBLEM_TYPE)


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> Any:
    await _response(problem)(scope, receive, send)
