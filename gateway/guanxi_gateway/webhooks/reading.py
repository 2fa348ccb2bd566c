"""The merged feed in an owner's name: what they may see, read at the gateway's own door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import aiohttp
import orjson

from guanxi_gateway.feed import decode_cursor, encode_cursor

AT_ONCE: Final = 200
SECONDS: Final = 30.0

Event = dict[str, Any]


class FeedAway(Exception):
    """Nothing can be read right now; its text says why."""


class FeedRestarted(Exception):
    """A service's feed was restored from a backup; `cursor` starts it anew."""

    def __init__(self, cursor: str) -> None:
        super().__init__("a feed was restored")
        self.cursor = cursor


@dataclass(frozen=True, slots=True)
class Heard:
    events: list[Event]
    cursor: str
    away: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reference:
    """An event in a service's feed: directly behind `place`."""

    event_id: UUID
    type: str
    service: str
    place: str

    @property
    def position(self) -> int:
        return int(self.place.rpartition(":")[2]) + 1


class OwnersFeed:
    """`session` reaches the gateway at `url`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/v1/events"

    async def read(
        self, token: str, cursor: str, types: Sequence[str], *, limit: int = AT_ONCE
    ) -> Heard:
        """What is behind a cursor; FeedAway, or FeedRestarted."""
        wanted = {"limit": str(limit), "types": ",".join(types), "after": cursor}
        try:
            async with self._session.get(
                self._url,
                params={name: value for name, value in wanted.items() if value},
                headers={"Authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=SECONDS),
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise FeedAway(type(error).__name__) from error
        if answer.status == 410:
            raise FeedRestarted(str(orjson.loads(body).get("next_after", "")))
        if answer.status != 200:
            raise FeedAway(f"answered {answer.status}")
        away = answer.headers.get("x-unavailable", "")
        return Heard(
            orjson.loads(body), answer.headers["x-next-after"], frozenset(filter(None, away.split(", ")))
        )  # fmt: skip

    async def find(
        self, token: str, cursor: str, wanted: Sequence[Reference]
    ) -> tuple[dict[UUID, Event], set[UUID]]:
        """The events that are referred to, and the ids of those that cannot be read now. What is in neither
        is not there, or not for this owner, any more. `cursor` is one that all of them are before."""
        found: dict[UUID, Event] = {}
        unread: set[UUID] = set()
        for service in {reference.service for reference in wanted}:
            own = sorted(
                (each for each in wanted if each.service == service), key=lambda each: each.position
            )
            events, missed = await self._find_in(token, cursor, service, own)
            found |= events
            unread |= missed
        return found, unread

    async def _find_in(
        self, token: str, cursor: str, service: str, wanted: list[Reference]
    ) -> tuple[dict[UUID, Event], set[UUID]]:
        found: dict[UUID, Event] = {}
        types = sorted({reference.type for reference in wanted})
        ids = {str(reference.event_id): reference.event_id for reference in wanted}
        others = decode_cursor(cursor)
        left = wanted
        while left:
            after = encode_cursor({**others, service: left[0].place})
            try:
                heard = await self.read(token, after, types, limit=min(len(left) * 2, AT_ONCE))
            except (FeedAway, FeedRestarted):
                return found, {each.event_id for each in left}
            if service in heard.away:
                return found, {each.event_id for each in left}
            found |= {ids[event["id"]]: event for event in heard.events if event["id"] in ids}
            reached = int(decode_cursor(heard.cursor)[service].rpartition(":")[2])
            if reached < left[0].position:  # the service tells this owner nothing (any more)
                break
            left = [each for each in left if each.position > reached]
        return found, set()


def reference_of(event: Mapping[str, Any], cursor: str) -> Reference:
    """Of an event that was read up to this cursor."""
    service = str(event["source"]).rpartition("/")[2]
    epoch = decode_cursor(cursor)[service].rpartition(":")[0]
    place = f"{epoch}:{int(event['sequence']) - 1}"
    return Reference(UUID(event["id"]), event["type"], service, place)
