"""Facts from nothing: what an organisation's feeds ever told is heard again, and is whole at once.

One transaction holds the cursors of all sources still, forgets the organisation's facts and applies its
events from the first one to where the cursors stand. Whoever asks meanwhile is answered from the old facts;
a worker that dies leaves them as they were, and the next one begins again.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.heard.forgetting import forget_organisation
from guanxi_analytics.heard.peers import SOURCES, types_of
from guanxi_analytics.scores.scoring import score_organisation
from guanxi_shared.db import Connection
from guanxi_shared.directory import listening_client
from guanxi_shared.http import ServiceClient
from guanxi_shared.running_jobs import JobFailed, RunningJob
from guanxi_shared.settings import common, named_addresses

KIND: Final = "rebuild"
AT_ONCE: Final = 1_000
HELD: Final = """
SELECT consumer, epoch, position FROM feed_cursors WHERE consumer = ANY($1::text[]) ORDER BY consumer FOR UPDATE
"""


async def rebuild(job: RunningJob) -> None:
    """The worker's part, with clients of its own."""
    shared = common()
    addresses = named_addresses(shared.services)
    clients: dict[str, ServiceClient] = {
        name: listening_client(name, addresses[name], shared.service_secret, caller="analytics")
        for name in SOURCES
        if name in addresses
    }
    try:
        await rebuild_from(job, clients)
    finally:
        for client in clients.values():
            await client.aclose()


async def rebuild_from(job: RunningJob, clients: Mapping[str, ServiceClient]) -> None:
    try:
        async with job.transaction() as connection:
            done = await _hear_again(connection, job.organisation_id, clients)
            await score_organisation(connection, job.organisation_id)
            await job.save(connection, done=done, total=done, result={"counts": {"events": done}})
    except asyncpg.LockNotAvailableError as error:
        raise JobFailed("The feeds are being heard without a pause; try again.") from error


async def _hear_again(
    connection: Connection, organisation: UUID, clients: Mapping[str, ServiceClient]
) -> int:
    """How many events were applied."""
    held = {row["consumer"]: row for row in await connection.fetch(HELD, sorted(SOURCES))}
    done = 0
    for source in SOURCES:
        cursor = held.get(source)
        if cursor is None or source not in clients:
            continue
        await forget_organisation(connection, organisation, source=source)
        after = 0
        while after < cursor["position"]:
            events, after = await _read(clients[source], source, organisation, cursor, after)
            await write_facts(connection, organisation, source, events)
            done += len(events)
    return done


async def _read(
    client: ServiceClient, source: str, organisation: UUID, cursor: Any, after: int
) -> tuple[list[Any], int]:
    """The next events up to where the cursor stands, and the position behind them."""
    params = {
        "epoch": str(cursor["epoch"]), "after": after, "limit": AT_ONCE, "organisation": str(organisation),
        "types": ",".join(types_of(source)),
    }  # fmt: skip
    response = await client.request("GET", "/internal/events", params=params, timeout_seconds=30)
    found = orjson.loads(response.content)
    if found["epoch"] != str(cursor["epoch"]):
        raise JobFailed(f"{source} was restored and is being heard anew already.")
    events = [event for event in found["events"] if event["position"] <= cursor["position"]]
    return events, int(found["reached"])
