"""What names a record of another resource is told only to those who see that record too."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.heard import maybe_id_of
from guanxi_shared.resources import Resource
from guanxi_shared.sights import seen_of

Row = Mapping[str, Any]


async def events_of_seen(
    call: Call, events: Sequence[Row], resources: Sequence[Resource]
) -> Sequence[Row]:
    for resource in resources:
        if resource.names is None:
            continue
        states = {
            event["position"]: orjson.loads(event["after"] or "{}")
            for event in events
            if event["subject_type"] == resource.noun
        }
        if states:
            hidden = await _hidden(call, states, resource, resources)
            events = [event for event in events if event["position"] not in hidden]
    return events


async def rows_of_seen(
    call: Call, rows: Sequence[Row], resource: Resource, resources: Sequence[Resource]
) -> Sequence[Row]:
    if resource.names is None:
        return rows
    hidden = await _hidden(call, dict(enumerate(rows)), resource, resources)
    return [row for index, row in enumerate(rows) if index not in hidden]


async def _hidden(
    call: Call, states: Mapping[int, Row], resource: Resource, resources: Sequence[Resource]
) -> set[int]:
    """Which of the states name a record that the caller does not see."""
    assert resource.names is not None
    column, name = resource.names
    other = next(each for each in resources if each.name == name)
    named = {key: id for key, row in states.items() if (id := maybe_id_of(row.get(column)))}
    seen: set[UUID] = set()
    if call.by.may(other.permission("read")):
        seen.update(await seen_of(call, other, named.values()))
    return {key for key, id in named.items() if id not in seen}
