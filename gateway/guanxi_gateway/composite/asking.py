"""One request of a composite, asked of its service until it is known what became of it."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from guanxi_gateway.callers import directory_versions
from guanxi_gateway.composite.journal import Run, Step
from guanxi_gateway.peers import Answer, ask
from guanxi_gateway.upstream import Upstream
from guanxi_shared.errors import Problem, TooLarge, Unavailable
from guanxi_shared.errors import Upstream as WrongAnswer

MOST_ANSWER_BYTES: Final = 512 << 10
PAUSES: Final = (0.1, 0.2, 0.4, 0.8)
PASSING: Final = frozenset({502, 503, 504})
FAILURES: Final = 3  # a service that answers 500 has done nothing; so often it will not do better
SHOWN: Final = ("etag", "location", "idempotent-replayed", "retry-after")
HISTORY_LIMIT: Final = 50
MOST_PAGES: Final = 20


class Unfinished(Exception):
    """Nobody knows yet what became of a request; it is asked again later."""


@dataclass(frozen=True, slots=True)
class Asking:
    """`seconds` is the most that is spent on one request, `until` (monotonic) when asking ends."""

    peers: Mapping[str, Upstream]
    seconds: float
    until: float

    async def ask(
        self, run: Run, service: str, method: str, target: str, *, authorization: str | None,
        request_id: str, body: bytes = b"", headers: Mapping[str, str] | None = None,
        channel: str = "composite",
    ) -> Answer:  # fmt: skip
        """The answer, once there is one: 503s and lost connections are asked again. Unfinished at the end
        of the time. What is asked bears repeating: by its key, its version, or because it reads."""
        sent = {
            "x-request-id": request_id,
            "x-guanxi-channel": channel,
            "x-directory-version": str(directory_versions.get(run.organisation_id, 0)),
            **({"content-type": "application/json"} if body else {}),
            **(headers or {}),
        }
        failures = 0
        until = min(self.until, time.monotonic() + self.seconds)
        for number in range(1_000_000):
            left = until - time.monotonic()
            if left <= 0:
                raise Unfinished(service)
            answer = await self._one(service, method, target, authorization, body, sent, left)
            if answer is not None and answer.status == 500:
                failures += 1
            if answer is not None and (answer.status != 500 or failures >= FAILURES):
                return answer
            pause = PAUSES[min(number, len(PAUSES) - 1)]
            await asyncio.sleep(min(pause, max(until - time.monotonic(), 0.0)))
        raise Unfinished(service)

    async def _one(
        self, service: str, method: str, target: str, authorization: str | None, body: bytes,
        headers: Mapping[str, str], left: float,
    ) -> Answer | None:  # fmt: skip
        peer = self.peers[service]
        peer.in_flight += 1
        try:
            answer = await ask(
                peer, target, authorization=authorization, method=method, body=body,
                headers=headers, seconds=left,
            )  # fmt: skip
        except (Unavailable, WrongAnswer):
            return None
        finally:
            peer.in_flight -= 1
        if answer.status in PASSING or _still_runs(answer):
            return None
        return answer

    async def history(self, run: Run, step: Step, authorization: str) -> list[dict[str, Any]]:
        """The record's changes, newest first, back to this composite's first one, as far as there is one."""
        path = urlsplit(step.target or "").path
        found: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(MOST_PAGES):
            target = f"{path}/history?limit={HISTORY_LIMIT}{cursor}"
            answer = await self.ask(
                run, step.service, "GET", target, authorization=authorization,
                request_id=f"{run.own_requests}history",
            )  # fmt: skip
            if answer.status != 200:
                return found
            page = answer.json()
            found += page["data"]
            oldest = step.base is not None and found and found[-1]["version"] <= int(step.base)
            if oldest or not page["page"]["has_more"]:
                return found
            cursor = f"&cursor={page['page']['next_cursor']}"
        return found


def keep_answer(step: Step, answer: Answer) -> None:
    """What of an answer is told, and what later references are looked up in."""
    step.status = answer.status
    step.headers = {name: answer.headers[name] for name in SHOWN if name in answer.headers}
    if len(answer.body) > MOST_ANSWER_BYTES:
        _cut(step)
        return
    if not answer.body:
        step.answer = "null"
        return
    try:
        text = answer.body.decode()
        json.loads(text)
    except ValueError:
        _not_json(step)
        return
    step.answer = text


def keep_problem(step: Step, problem: Problem) -> None:
    step.status = problem.status
    step.headers = {}
    step.answer = problem.body().decode()


def _cut(step: Step) -> None:
    """A read that is too long is refused; what was written is written, and its record can be read."""
    sentence = (
        f"The answer is longer than {MOST_ANSWER_BYTES} bytes; ask for fewer fields or records."
    )
    if step.kind == "read":
        keep_problem(step, TooLarge(sentence, code="answer_too_large"))
    else:
        step.answer = "null"


def _not_json(step: Step) -> None:
    if step.kind == "read":
        keep_problem(step, WrongAnswer("This address answers no JSON.", code="not_json"))
    else:
        step.answer = "null"


def _still_runs(answer: Answer) -> bool:
    """Of a POST that is asked again while its first try goes on."""
    return answer.status == 409 and b'"still_running"' in answer.body
