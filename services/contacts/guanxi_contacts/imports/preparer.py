"""Keeps what rows are prepared with up to date while an import runs."""

from collections.abc import Mapping

from guanxi_contacts.imports.preparing import Preparation, Subject
from guanxi_contacts.privacy.suppressions import worker_list
from guanxi_shared.auth import Principal
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.imports.cells import CellReader
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.options import ColumnRule
from guanxi_shared.imports.prepared import Terms
from guanxi_shared.imports.staff import Home, Staff, read_staff
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Directory, Scope


class Preparer:
    def __init__(
        self, subject: Subject, terms: Terms, database: Database, *, by: Principal, home: Home,
        columns: Mapping[str, tuple[ColumnRule, ImportField]], region: str,
    ) -> None:  # fmt: skip
        self.by = by
        self._subject = subject
        self._terms = terms
        self._database = database
        self._directory = Directory(database)
        self._custom = CustomFields(database)
        self._suppressions = worker_list(database)
        self._region = terms.options.region or home.region or region
        self._cells = CellReader(
            columns, terms.options, zone=home.time_zone, currency=home.currency
        )
        self._staff: Staff | None = None
        self._now: Preparation | None = None

    @property
    def database(self) -> Database:
        return self._database

    @property
    def fields(self) -> set[str]:
        """The names of the fields that the file fills."""
        return self._cells.field_names

    @property
    def now(self) -> Preparation:
        assert self._now is not None, "refresh first"
        return self._now

    async def refresh(self) -> None:
        if self._staff is not None and self._staff.is_fresh:
            return
        # Whose records one sees decides to whom one may give some; the API asks the same scope.
        scope = await self._directory.scope(self.by, "accounts")
        self._staff = await read_staff(self._database, self.by, scope)
        organisation = self._terms.organisation_id
        self._now = Preparation(
            self._subject, self._terms, cells=self._cells, staff=self._staff, region=self._region,
            definitions=await self._custom.definitions(organisation, self._subject.resource),
            suppressed=await self._suppressions.of(organisation),
        )  # fmt: skip

    async def scope(self, resource: Resource) -> Scope:
        return await self._directory.scope(self.by, resource.name)

    def column_of(self, field_name: str) -> str:
        """The column that a field comes from, for a sentence about it."""
        return self._cells.column_of(field_name) or field_name
