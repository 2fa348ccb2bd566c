"""Keeps what rows are prepared with up to date while an import runs."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.imports.aside import Preparation
from guanxi_shared.imports.cells import CellReader
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.staff import Staff, read_staff
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Directory, Scope

P = TypeVar("P", bound=Preparation)


class Preparer(Generic[P]):
    """`make` gives what checks the rows of a resource, from what all rows are held against. Whose
    records one sees decides to whom one may give some, as it does in requests."""

    def __init__(
        self, resource: Resource, taking: Taking, make: Callable[[HeldAgainst], Awaitable[P]]
    ) -> None:
        self.by = taking.by
        self._resource = resource
        self._terms = taking.terms
        self._database = taking.database
        self._directory = Directory(taking.database)
        self._custom = CustomFields(taking.database)
        self._make = make
        self._region = taking.terms.options.region or taking.home.region or taking.region
        self._cells = CellReader(
            taking.columns, taking.terms.options, zone=taking.home.time_zone,
            currency=taking.home.currency,
        )  # fmt: skip
        self._staff: Staff | None = None
        self._now: P | None = None

    @property
    def database(self) -> Database:
        return self._database

    @property
    def fields(self) -> set[str]:
        """The names of the fields that the file fills."""
        return self._cells.field_names

    @property
    def now(self) -> P:
        assert self._now is not None, "refresh first"
        return self._now

    async def refresh(self) -> None:
        if self._staff is not None and self._staff.is_fresh:
            return
        scope = await self._directory.scope(self.by, self._resource.name)
        self._staff = await read_staff(self._database, self.by, scope)
        organisation = self._terms.organisation_id
        definitions = await self._custom.definitions(organisation, self._resource)
        held = HeldAgainst(self._terms, self._cells, self._staff, definitions, self._region)
        self._now = await self._make(held)

    async def scope(self, resource: Resource | str) -> Scope:
        """Where a resource says itself who sees what, as it says; see `Call.scope_of`."""
        if isinstance(resource, str):
            return await self._directory.scope(self.by, resource)
        if resource.sight is not None:
            found: Scope = resource.sight(self.by)
            return found
        return await self._directory.scope(self.by, resource.seen_as or resource.name)

    def column_of(self, field_name: str) -> str:
        """The column that a field comes from, for a sentence about it."""
        return self._cells.column_of(field_name) or field_name
