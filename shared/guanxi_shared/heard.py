"""Reading what another service's feed tells. Pure."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

Event = Mapping[str, Any]


def moment_of(event: Event) -> datetime:
    """When it happened: feeds over HTTP spell moments out, lists in tests need not."""
    at = event["occurred_at"]
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


def id_of(value: Any) -> UUID:
    """Of an id as it is, or spelt out."""
    return _read(value) if isinstance(value, str) else UUID(str(value))


@lru_cache(
    maxsize=2048
)  # a batch names the same owners over and over, and each record some three times
def _read(text: str) -> UUID:
    return UUID(text)


def maybe_id_of(value: Any) -> UUID | None:
    return None if value is None else id_of(value)
