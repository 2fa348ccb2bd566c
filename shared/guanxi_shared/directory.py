"""The copy of users, teams, closure and shares that each service keeps from the gateway's feed.

The narrow shape read from each event's `after`:

    gateway.organisation.*  id, name, time_zone, currency, region
    gateway.user.*          id, name, email, is_active, sees_team, sees_subtree, teams, subtree_teams, heads
    gateway.team.*          id, name, parent_id
    gateway.share.*         id, resource, record_id, user_id, team_id, access, until

and from all of them `directory_version`, which counts the organisation's changes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event
from guanxi_shared.http import ServiceClient
from guanxi_shared.visibility import Directory

TYPES = ("gateway.organisation.*", "gateway.user.*", "gateway.team.*", "gateway.share.*")

ORGANISATION = """
INSERT INTO directory_state (organisation_id, version, name, time_zone, currency, region)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id) DO UPDATE SET
  name = excluded.name, time_zone = excluded.time_zone, currency = excluded.currency, region = excluded.region
"""
VERSION = """
INSERT INTO directory_state (organisation_id, version) VALUES ($1, $2)
ON CONFLICT (organisation_id) DO UPDATE SET version = greatest(directory_state.version, excluded.version)
"""
USER = """
INSERT INTO directory_users AS u (organisation_id, id, version, name, email, active, sees_team,
  sees_subtree, teams, subtree_teams, heads) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (organisation_id, id) DO UPDATE SET version = excluded.version, name = excluded.name,
  email = excluded.email, active = excluded.active, sees_team = excluded.sees_team,
  sees_subtree = excluded.sees_subtree, teams = excluded.teams, subtree_teams = excluded.subtree_teams,
  heads = excluded.heads
WHERE u.version < excluded.version
"""
TEAM = """
INSERT INTO directory_teams AS t (organisation_id, id, version, name, parent_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (organisation_id, id) DO UPDATE SET version = excluded.version, name = excluded.name,
  parent_id = excluded.parent_id WHERE t.version < excluded.version
"""
TEAM_GONE = "DELETE FROM directory_teams WHERE organisation_id = $1 AND id = $2"
SHARE = """
INSERT INTO directory_shares (organisation_id, id, resource, record_id, user_id, team_id, access, until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organisation_id, id) DO UPDATE SET
  access = excluded.access, until = excluded.until
"""
SHARE_GONE = "DELETE FROM directory_shares WHERE organisation_id = $1 AND id = $2"


async def apply_directory_event(connection: Connection, event: Event) -> None:
    """One gateway event into the copy; an older version of a row never overwrites a newer one."""
    organisation = UUID(str(event["organisation_id"]))
    state = event["after"]
    _, noun, verb = event["type"].split(".")
    await APPLIERS[noun](connection, organisation, state, event, verb)
    if "directory_version" in state:
        await connection.execute(VERSION, organisation, int(state["directory_version"]))


async def _organisation(
    connection: Connection, org: UUID, state: Any, event: Event, verb: str
) -> None:
    await connection.execute(
        ORGANISATION, org, int(state.get("directory_version", 0)), state["name"],
        state["time_zone"], state["currency"], state["region"],
    )  # fmt: skip


async def _user(connection: Connection, org: UUID, state: Any, event: Event, verb: str) -> None:
    lists = [
        [UUID(i) for i in state[n]] for n in ("sees_team", "sees_subtree", "teams", "subtree_teams")
    ]
    is_active = bool(state["is_active"]) and verb != "deleted"
    await connection.execute(
        USER,
        org,
        UUID(state["id"]),
        event["version"],
        state["name"],
        state["email"],
        is_active,
        *lists,
        bool(state.get("heads")),  # told by a gateway that is as new as this
    )


async def _team(connection: Connection, org: UUID, state: Any, event: Event, verb: str) -> None:
    if verb == "deleted":
        await connection.execute(TEAM_GONE, org, UUID(state["id"]))
        return
    await connection.execute(
        TEAM, org, UUID(state["id"]), event["version"], state["name"], _id(state["parent_id"])
    )


async def _share(connection: Connection, org: UUID, state: Any, event: Event, verb: str) -> None:
    if verb == "deleted":
        await connection.execute(SHARE_GONE, org, UUID(state["id"]))
        return
    until = datetime.fromisoformat(state["until"]) if state.get("until") else None
    await connection.execute(
        SHARE, org, UUID(state["id"]), state["resource"], UUID(state["record_id"]),
        _id(state.get("user_id")), _id(state.get("team_id")), state["access"], until,
    )  # fmt: skip


APPLIERS = {"organisation": _organisation, "user": _user, "team": _team, "share": _share}


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def listening_client(name: str, base_url: str, secret: str, *, caller: str) -> ServiceClient:
    """A client for a peer's feed: its consumer asks again by itself, each second, for ever."""
    return ServiceClient(
        name, base_url, secret, caller=caller, attempts=1, total_seconds=60, breaker_failures=2**31
    )


def feed_over_http(client: ServiceClient) -> FeedSource:
    """A peer's `/internal/events` as a source; its long poll outlives an ordinary call's time."""

    async def read(
        *, epoch: UUID | None, after: int, types: Sequence[str], limit: int, wait: float
    ) -> tuple[UUID, int, list[Event]]:
        params: dict[str, Any] = {
            "after": after,
            "limit": limit,
            "wait": wait,
            "types": ",".join(types),
        }
        if epoch is not None:
            params["epoch"] = str(epoch)
        response = await client.request(
            "GET", "/internal/events", params=params, timeout_seconds=wait + 10
        )
        found = orjson.loads(response.content)
        return UUID(found["epoch"]), int(found["reached"]), found["events"]

    return read


def directory_consumer(source: FeedSource, directory: Directory) -> Consumer:
    """Keeps this service's copy; forgets resolved scopes whenever something was applied."""

    def applied(events: Sequence[Event]) -> None:
        for event in events:
            version = int(event["after"].get("directory_version", 0))
            directory.moved(UUID(str(event["organisation_id"])), version)

    return Consumer("directory", TYPES, source, apply_directory_event, applied)
