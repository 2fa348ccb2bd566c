"""Ids of facts, in the type that Postgres' rows have them in: equal to any other UUID, and read in a third of its time."""

from typing import Any
from uuid import UUID

from asyncpg.pgproto import pgproto


def id_of(value: Any) -> UUID:
    return value if type(value) is pgproto.UUID else pgproto.UUID(str(value))


def maybe_id_of(value: Any) -> UUID | None:
    return None if value is None else id_of(value)
