"""What a process remembers of each organisation for a second: settings that every write needs."""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from guanxi_shared.db import Database

if TYPE_CHECKING:
    from guanxi_shared.calls import House

FRESH_SECONDS = 1.0
CHANGING_SECONDS = 1.0
MOST_ORGANISATIONS = 10_000

Value = TypeVar("Value")
Read = Callable[[Database, UUID], Awaitable[Value]]


class Remembered(Generic[Value]):
    """Read at most once a second for each organisation; `forget` is called by whoever changes it here."""

    def __init__(self, db: Database, read: Read[Value]) -> None:
        self._db = db
        self._read = read
        self._known: dict[UUID, tuple[float, Value]] = {}
        self._changing: dict[UUID, float] = {}

    async def of(
        self, organisation: UUID, *, lacks: Callable[[Value], bool] | None = None
    ) -> Value:
        """What is remembered; read anew where it lacks what is asked for, since another process may have
        made that just now."""
        now = time.monotonic()
        until, value = self._known.get(organisation, (0.0, None))
        if value is not None and until > now and not (lacks is not None and lacks(value)):
            return value
        read = await self._read(self._db, organisation)
        if self._changing.get(organisation, 0.0) <= now:
            _put(self._known, organisation, (now + FRESH_SECONDS, read))
        return read

    def forget(self, organisation: UUID) -> None:
        """Within the transaction that changes it, or after: what is read before its commit is not
        remembered either."""
        _put(self._changing, organisation, time.monotonic() + CHANGING_SECONDS)
        self._known.pop(organisation, None)


def remembered(house: "House", name: str, read: Read[Value]) -> Remembered[Value]:
    """The one of this process, made when it is first asked for."""
    if name not in house.more:
        house.more[name] = Remembered(house.db, read)
    found: Remembered[Value] = house.more[name]
    return found


def _put(kept: dict[UUID, Any], organisation: UUID, value: Any) -> None:
    if len(kept) >= MOST_ORGANISATIONS:
        kept.clear()
    kept[organisation] = value
