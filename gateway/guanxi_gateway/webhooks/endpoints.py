"""An endpoint as its dispatcher sees it: where to, what, how, signed by which keys, in whose name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from joserfc.jwk import OctKey

from guanxi_gateway.identity.identity import Identity
from guanxi_gateway.identity.sealing import purpose_key, seal, unseal
from guanxi_gateway.webhooks.filter_rules import Groups, read_filter
from guanxi_gateway.webhooks.schedule_rules import Health
from guanxi_shared.db import Database

LOAD = """
SELECT w.url, w.event_types, w.filter::text, w.payload, w.format, w.ordering, w.concurrency, w.owner_id,
  w.scopes, w.sealed_headers, w.sealed_secret, w.sealed_previous, w.previous_secret_until, w.is_enabled, w.deleted_at,
  t.cursor, t.hears_from, t.heard_at, t.failures, t.failing_since, t.last_failed_at, t.held_until,
  t.owner_to_tell
FROM webhooks w JOIN webhook_turns t ON t.organisation_id = w.organisation_id AND t.webhook_id = w.id
WHERE w.organisation_id = $2 AND w.id = $3
"""
PURPOSE = "webhook-secrets"


@dataclass(slots=True)
class Endpoint:
    organisation_id: UUID
    id: UUID
    url: str
    event_types: tuple[str, ...]
    groups: Groups
    payload: str
    format: str
    ordering: str
    concurrency: int
    owner_id: UUID
    scopes: tuple[str, ...] | None
    keys: tuple[bytes, ...]
    headers: Mapping[str, str]  # of the endpoint's own, in confidence
    is_on: bool
    cursor: str
    hears_from: datetime
    heard_at: datetime
    health: Health
    held_until: datetime | None
    owner_to_tell: bool

    def lane_of(self, event_id: UUID, subject: str) -> str:
        """What events have to wait for each other, by the order that was asked for."""
        return {"record": subject, "endpoint": "", "none": str(event_id)}[self.ordering]


def sealing_keys(identity: Identity, service_secret: str) -> tuple[OctKey, ...]:
    """The first one seals, each of them opens."""
    secret = identity.settings.secret or service_secret
    return tuple(purpose_key(each, PURPOSE) for each in (secret, service_secret))


def sealed(key: bytes, keys: tuple[OctKey, ...]) -> str:
    return seal(key, keys[0])


async def load_endpoint(
    database: Database, organisation_id: UUID, webhook_id: UUID, keys: tuple[OctKey, ...]
) -> Endpoint | None:
    row = await database.fetchrow(organisation_id, LOAD, organisation_id, webhook_id)
    return None if row is None else _endpoint(organisation_id, webhook_id, dict(row), keys)


def _endpoint(
    organisation_id: UUID, webhook_id: UUID, row: Mapping[str, Any], keys: tuple[OctKey, ...]
) -> Endpoint:
    own = ("url", "payload", "format", "ordering", "concurrency", "owner_id", "cursor",
           "hears_from", "heard_at", "held_until", "owner_to_tell")  # fmt: skip
    return Endpoint(
        organisation_id=organisation_id,
        id=webhook_id,
        event_types=tuple(row["event_types"]),
        groups=read_filter(None if row["filter"] is None else orjson.loads(row["filter"])),
        scopes=None if row["scopes"] is None else tuple(row["scopes"]),
        keys=_signing_keys(row, keys),
        headers=_own_headers(row["sealed_headers"], keys),
        is_on=row["is_enabled"] and row["deleted_at"] is None,
        health=Health(row["failures"], row["failing_since"], row["last_failed_at"]),
        **{name: row[name] for name in own},
    )


def _signing_keys(row: Mapping[str, Any], keys: tuple[OctKey, ...]) -> tuple[bytes, ...]:
    """The newest first; SealedOtherwise where the gateway's secret was changed, which only a new secret
    of the endpoint mends."""
    present = [unseal(row["sealed_secret"], *keys)]
    until = row["previous_secret_until"]
    if row["sealed_previous"] is not None and until is not None and until > datetime.now(UTC):
        present.append(unseal(row["sealed_previous"], *keys))
    return tuple(present)


def _own_headers(text: str | None, keys: tuple[OctKey, ...]) -> dict[str, str]:
    found: dict[str, str] = {} if text is None else orjson.loads(unseal(text, *keys))
    return found
