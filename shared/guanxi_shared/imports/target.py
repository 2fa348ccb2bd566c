"""What a service says about a resource so that files of it can be imported."""

from collections.abc import Sequence
from typing import Protocol

from guanxi_shared.db import Connection
from guanxi_shared.imports.aside import Preparation
from guanxi_shared.imports.kept_rows import Postponed
from guanxi_shared.imports.prepared import Outcome, Prepared
from guanxi_shared.resources import Resource


class Target(Protocol):
    @property
    def resources(self) -> Sequence[Resource]:
        """The resources whose records are looked up or written, for the overlay of a dry run."""

    async def refresh(self) -> None:
        """Read again what `prepare` relies on: users, teams, scopes."""

    @property
    def preparation(self) -> Preparation:
        """What checks a row without the database, in a thread or in another process: it can be
        pickled."""

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        """Inside a transaction: decide about the rows and write them with their events."""

    async def link(self, connection: Connection, rows: Sequence[Postponed]) -> Outcome:
        """The same at the end of the file, for what named records further down; rows that stay
        incomplete come back as refused."""
