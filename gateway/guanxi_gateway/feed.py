"""`GET /v1/events`: the feeds of all services as one, behind one opaque cursor.

The cursor holds a position for each service; a service that is away is left where it was, so that
nothing is skipped. Order within a service is the service's own; between services it is by time.
"""

import asyncio
import base64
import binascii
import heapq
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.peers import Answer, Source
from guanxi_shared.calls import begin
from guanxi_shared.errors import Malformed, Unavailable
from guanxi_shared.errors import Upstream as WrongAnswer
from guanxi_shared.feed.cursor import Gone
from guanxi_shared.feed.routes import BATCH_TYPE, MAX_EVENTS, MAX_WAIT_SECONDS, bounded
from guanxi_shared.pages import query_pairs

SECONDS_FOR_A_SERVICE = 10.0
LATECOMERS_SECONDS = 0.03  # once one service has news, how long the others' may still join it
LONGEST_CURSOR = 4096

Positions = dict[str, str]
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants to hear."""

    authorization: str
    types: str = ""
    limit: int = 500
    wait: float = 0.0


@dataclass(slots=True)
class Heard:
    """What one service said; `problem` is set when it said nothing."""

    events: list[Event] = field(default_factory=list)
    following: str | None = None
    problem: Unavailable | None = None


@dataclass(slots=True)
class Merged:
    positions: Positions
    away: dict[str, str] = field(default_factory=dict)
    parts: dict[str, list[Event]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(map(len, self.parts.values()))

    def events(self) -> list[Event]:
        return list(heapq.merge(*self.parts.values(), key=_time_of))


def encode_cursor(positions: Mapping[str, str]) -> str:
    packed = orjson.dumps(dict(positions), option=orjson.OPT_SORT_KEYS)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


SNAPSHOTS = re.compile(r"([a-z]+:[0-9a-f]{32}:\d{1,18})(,[a-z]+:[0-9a-f]{32}:\d{1,18})*")


def decode_cursor(text: str) -> Positions:
    """Positions by service; Malformed for what we did not make.

    Also takes the cursors of snapshots, `contacts:<epoch>:<position>`, with commas between: the feed
    goes on behind them, and from the beginning for services that are not named.
    """
    if not text:
        return {}
    if len(text) <= LONGEST_CURSOR and SNAPSHOTS.fullmatch(text):
        return dict(part.split(":", 1) for part in text.split(","))
    try:
        if len(text) > LONGEST_CURSOR:
            raise ValueError("too long")
        found = orjson.loads(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
        if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
            raise ValueError("not positions")
    except (ValueError, binascii.Error) as error:
        raise Malformed(
            "The cursor is not one of this feed.",
            errors={"after": "Use the cursor of the answer before, or none to start."},
            code="bad_cursor",
        ) from error
    return found


class MergedFeed:
    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    async def read(self, positions: Positions, asked: Asked) -> Merged:
        """At most `limit` events behind these positions; waits for the first one if there is none.

        Unavailable only if every service is away; Gone if one was restored from a backup.
        """
        merged = Merged(dict(positions))
        await self._collect(merged, asked)
        if not merged.count and asked.wait > 0 and len(merged.away) < len(self._sources):
            await self._wait(merged, asked)
        if not merged.count and len(merged.away) == len(self._sources):
            raise Unavailable("No service's events can be read right now; try again.")
        return merged

    async def _collect(self, merged: Merged, asked: Asked) -> None:
        """Rounds, until the limit is reached or nobody has more: each service gets an even share
        of what is left, so that one busy service neither starves the others nor is slowed."""
        queue = list(self._sources)
        random.shuffle(queue)
        while queue and (room := asked.limit - merged.count) > 0:
            asking, queue = queue[:room], queue[room:]
            share = room // len(asking)
            heard = await asyncio.gather(
                *(self._ask(name, merged.positions, asked, share, 0.0) for name in asking)
            )
            queue += [
                name
                for name, found in zip(asking, heard, strict=True)
                if _take(merged, name, found) == share
            ]

    async def _wait(self, merged: Merged, asked: Asked) -> None:
        """Ask all that are there to wait; the first that has news ends the waiting of all."""
        present = [name for name in self._sources if name not in merged.away]
        share = max(asked.limit // len(present), 1)
        tasks = {
            asyncio.create_task(self._ask(name, merged.positions, asked, share, asked.wait)): name
            for name in random.sample(present, min(len(present), asked.limit))
        }
        try:
            await self._first_news(tasks, asked.wait)
            for task, name in tasks.items():
                if task.done():
                    _take(merged, name, task.result())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first_news(self, tasks: Mapping["asyncio.Task[Heard]", str], wait: float) -> None:
        pending = set(tasks)
        until = time.monotonic() + wait + 1.0
        while pending and time.monotonic() < until:
            done, pending = await asyncio.wait(
                pending, timeout=until - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
            )
            if pending and any(task.result().events for task in done):
                await asyncio.wait(pending, timeout=LATECOMERS_SECONDS)
                return

    async def _ask(
        self, name: str, positions: Positions, asked: Asked, limit: int, wait: float
    ) -> Heard:
        wanted = {"after": positions.get(name, ""), "types": asked.types, "limit": str(limit)}
        if wait:
            wanted["wait"] = f"{wait:g}"
        query = urlencode({key: value for key, value in wanted.items() if value})
        try:
            answer = await self._sources[name](
                f"/v1/events?{query}", asked.authorization, SECONDS_FOR_A_SERVICE + wait
            )
            return _heard(name, answer, positions)
        except Unavailable as away:
            return Heard(problem=away)


def _heard(name: str, answer: Answer, positions: Positions) -> Heard:
    if answer.status == 410:
        rest = {key: value for key, value in positions.items() if key != name}
        raise Gone(
            f"The feed of {name} was restored from a backup: start over from its snapshot; "
            "`next_after` goes on with the other services and starts this one anew.",
            service=name,
            next_after=encode_cursor(rest),
        )
    if answer.status == 400:
        raise Malformed(f"{name}: {answer.sentence()}", code="bad_cursor")
    if answer.status in (403, 404):  # nothing there that this caller may hear of
        return Heard(following=positions.get(name))
    events = answer.json() if answer.is_success else None
    if not isinstance(events, list):
        raise Unavailable(f"{name}: {answer.sentence()}")
    return Heard(events, answer.headers.get("x-next-after"))


def _take(merged: Merged, name: str, found: Heard) -> int:
    """Add what a service said; the number of its events."""
    if found.problem is not None:
        merged.away[name] = found.problem.detail
        return -1
    if found.following is None and found.events:
        raise WrongAnswer(f"{name} did not say where its events go on.")
    if found.following:
        merged.positions[name] = found.following
    merged.parts.setdefault(name, []).extend(found.events)
    return len(found.events)


def _time_of(event: Event) -> str:
    return str(event.get("time", "")).rstrip("Z")  # so that whole seconds sort first


def merged_events_router(sources: Mapping[str, Source]) -> APIRouter:
    """Stands before the gateway's own `/v1/events`, whose description it shares."""
    router = APIRouter(tags=["events"])
    feed = MergedFeed(sources)

    @router.get("/v1/events", include_in_schema=False)
    async def list_merged_events(request: Request) -> Response:
        await begin(request, "events:read")
        options = dict(query_pairs(request.scope["query_string"]))
        positions, asked = _options(options, request.headers["authorization"])
        found = await feed.read(positions, asked)
        return _response(request, options, found)

    return router


def _options(options: Mapping[str, str], authorization: str) -> tuple[Positions, Asked]:
    unknown = sorted(set(options) - {"after", "types", "limit", "wait"})
    if unknown:
        raise Malformed(
            f"The feed does not take {unknown[0]!r}.",
            errors={unknown[0]: "Unknown parameter."},
            code="unknown_parameter",
        )
    asked = Asked(
        authorization=authorization,
        types=options.get("types", ""),
        limit=int(bounded(options, "limit", 500, 1, MAX_EVENTS)),
        wait=bounded(options, "wait", 0, 0, MAX_WAIT_SECONDS),
    )
    return decode_cursor(options.get("after", "")), asked


def _response(request: Request, options: Mapping[str, str], found: Merged) -> Response:
    cursor = encode_cursor(found.positions)
    following = request.url.replace(query="").include_query_params(**{**options, "after": cursor})
    headers = {"x-next-after": cursor, "link": f'<{following}>; rel="next"'}
    if found.away:
        headers["x-unavailable"] = ", ".join(sorted(found.away))
    return Response(orjson.dumps(found.events()), media_type=BATCH_TYPE, headers=headers)
