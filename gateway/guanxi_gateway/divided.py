"""`/v1/imports` and the like: one path, several services, each for its own resources.

Lists and creates go to the service of the resource that the query or the body names, records to
whichever service knows the id. Where nothing says whose, the first service answers.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from starlette.types import Message

from guanxi_gateway import routes
from guanxi_gateway.callers import Caller
from guanxi_gateway.divided_rules import resource_in_body, resource_in_query
from guanxi_gateway.passage import Passage
from guanxi_gateway.peers import Answer, ask_all
from guanxi_gateway.proxy import SlowClient
from guanxi_gateway.upstream import Upstream
from guanxi_shared.errors import NotFound, Unavailable

REMEMBERED = 10_000
SECONDS_FOR_A_SERVICE = 3.0
SECONDS_FOR_A_BODY = 30.0
LOOKED_AT = 64 * 1024  # bytes of a body, and what comes with the last of them


class Divided:
    """Remembers which service an id belongs to; the service decides who may see it."""

    def __init__(self, peers: Mapping[str, Upstream]) -> None:
        self._peers = peers
        # By organisation and kind of record too: clients choose ids, and others may know them.
        self._known: dict[tuple[UUID | None, bytes, bytes], Upstream] = {}

    async def __call__(self, passage: Passage, caller: Caller, word: bytes) -> Upstream:
        able = {n: self._peers[n] for n in routes.DIVIDED[word] if n in self._peers}
        if not able:
            raise NotFound(f"No service here answers /v1/{word.decode()}.")
        first = next(iter(able.values()))
        if len(able) == 1:
            return first
        resource = resource_in_query(passage.scope["query_string"])
        if resource is None:
            record_id = passage.raw_path[len(b"/v1/") + len(word) + 1 :].partition(b"/")[0]
            if record_id:
                return await self._knowing(able, word, record_id, caller) or first
            resource = await _resource_in_body(passage)
        named = resource or b""
        return able.get(routes.PARTS.get(named) or routes.service_for(named) or "", first)

    async def _knowing(
        self, able: Mapping[str, Upstream], word: bytes, record_id: bytes, caller: Caller
    ) -> Upstream | None:
        """The service that knows an id; None when none does, for this caller."""
        if not _is_id(record_id):
            return None
        key = (caller.principal.organisation_id, word, record_id)
        known = self._known.get(key)
        if known is None:
            known = await self._find(able, word, record_id, caller)
            if known is not None:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[key] = known
        return known

    async def _find(
        self, able: Mapping[str, Upstream], word: bytes, record_id: bytes, caller: Caller
    ) -> Upstream | None:
        answers = await ask_all(
            able,
            f"/v1/{word.decode()}/{record_id.decode()}{routes.KNOWN_BY.get(word, '')}",
            authorization=caller.authorization.decode(),
            seconds=SECONDS_FOR_A_SERVICE,
        )
        for name, found in answers.items():
            if isinstance(found, Answer) and found.is_success:
                return able[name]
        away = [name for name, found in answers.items() if isinstance(found, Unavailable)]
        if away:
            raise Unavailable(f"It may belong to a service that is away: {', '.join(away)}.")
        return None


def _is_id(text: bytes) -> bool:
    try:
        UUID(text.decode("ascii"))
    except ValueError:
        return False
    return True


async def _resource_in_body(passage: Passage) -> bytes | None:
    """Reads the beginning of a body, and gives what was read to whoever reads it next."""
    if passage.scope["method"] != "POST":
        return None
    kept: list[Message] = []
    head, is_whole, rest = bytearray(), False, passage.receive
    try:
        async with asyncio.timeout(SECONDS_FOR_A_BODY):
            while not is_whole and len(head) < LOOKED_AT:
                message = await rest()
                kept.append(message)
                head += message.get("body", b"")
                is_whole = not message.get("more_body", False)
    except TimeoutError as error:
        raise SlowClient from error

    async def receive() -> Message:
        return kept.pop(0) if kept else await rest()

    passage.receive = receive
    content_type = passage.headers.get(b"content-type", b"")
    return resource_in_body(content_type, bytes(head), is_whole=is_whole)
