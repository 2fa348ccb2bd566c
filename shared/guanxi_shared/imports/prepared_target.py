"""A target (see target.py) of a preparer and a function that writes chunks, whose rows put nothing off."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from guanxi_shared.db import Connection, Database
from guanxi_shared.imports.aside import Preparation
from guanxi_shared.imports.kept_rows import Postponed
from guanxi_shared.imports.prepared import Outcome, Prepared
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.resources import Resource

P = TypeVar("P", bound=Preparation)
Write = Callable[[Connection, Sequence[Prepared]], Awaitable[Outcome]]


class Kept(Protocol):
    """What is read once and kept up with while an import runs."""

    async def load(self, database: Database) -> None: ...


class PreparedTarget(Generic[P]):
    def __init__(
        self, preparer: Preparer[P], write: Write, *, resources: Sequence[Resource],
        kept: Sequence[Kept] = (),
    ) -> None:  # fmt: skip
        self.resources = resources
        self._preparer = preparer
        self._write = write
        self._kept = kept

    async def refresh(self) -> None:
        await self._preparer.refresh()
        for each in self._kept:
            await each.load(self._preparer.database)

    @property
    def preparation(self) -> P:
        return self._preparer.now

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        return await self._write(connection, rows)

    async def link(self, connection: Connection, rows: Sequence[Postponed]) -> Outcome:
        return Outcome()
