"""What events say of facts, from the events alone: worked out as soon as they are read, while Postgres is still at the
batch before."""

import asyncio
from collections.abc import Iterable
from typing import Final

from guanxi_analytics.facts.ids import id_of
from guanxi_analytics.facts.kinds import Kind, kinds_of
from guanxi_analytics.facts.walking_rules import Change
from guanxi_shared.consumers import FeedSource
from guanxi_shared.heard import Event, moment_of

GONE: Final = frozenset({"deleted", "erased"})
SAID: Final = "said"
A_BITE: Final = 25  # events, after which the batch before has its turn


def said_by(source: str, events: Iterable[Event]) -> list[Event]:
    """The events that are of facts, each with what it says."""
    kinds = kinds_of(source)
    return [
        {**event, SAID: change_of(kind, event)}
        for event in events
        if (kind := kinds.get(event["subject_type"])) is not None
    ]


def change_of(kind: Kind, event: Event) -> Change:
    """An order's without its returns. What is gone says nothing any more."""
    said = event.get(SAID)
    if isinstance(said, Change):
        return said
    pieces = {} if is_gone(event) else kind.pieces(event["after"])
    return Change(id_of(event["subject_id"]), int(event["version"]), moment_of(event), pieces)


def is_gone(event: Event) -> bool:
    return event["type"].rpartition(".")[2] in GONE


def saying(name: str, source: FeedSource) -> FeedSource:
    """A source whose events come with what they say."""

    async def read(**asked: object) -> object:
        epoch, reached, events = await source(**asked)  # type: ignore[arg-type]
        said: list[Event] = []
        for first in range(0, len(events), A_BITE):
            said += said_by(name, events[first : first + A_BITE])
            await asyncio.sleep(0)
        return epoch, reached, said

    return read  # type: ignore[return-value]
