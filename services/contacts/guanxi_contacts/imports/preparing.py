"""A row of a file through the very models and rules that a request goes through; no database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel

from guanxi_contacts.privacy.suppressions import Suppressed, stopped
from guanxi_contacts.records import DEFAULTS
from guanxi_shared.errors import Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, keys_of, read_row, validated
from guanxi_shared.resources import Resource
from guanxi_shared.tables.rows import Row

NOBODY = UUID(int=0)
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource as its API takes it: models, stored columns, search columns.

    Made once a process, and known there by its name: that is what travels to another one.
    """

    resource: Resource
    create_model: type[BaseModel]
    update_model: type[BaseModel]
    columns_from: "ColumnsFrom"
    found_by: Callable[[Mapping[str, Any]], Columns]
    name_of: Callable[[Mapping[str, Any]], str | None]

    def __reduce__(self) -> tuple[Callable[[str], "Subject"], tuple[str]]:
        return subject_named, (self.resource.name,)


def subject_named(name: str) -> Subject:
    taking = import_module("guanxi_contacts.imports.taking")  # which knows the subjects, as they us
    found: Subject = taking.SUBJECTS[name]
    return found


class ColumnsFrom(Protocol):
    def __call__(self, sent: Mapping[str, Any], /, *, region: str | None) -> Columns: ...


class Preparation:
    """Customers are also held against those who were erased."""

    def __init__(self, subject: Subject, held: HeldAgainst, *, suppressed: Suppressed) -> None:
        self._subject = subject
        self._held = held
        self._suppressed = suppressed
        usual = {**DEFAULTS[subject.resource.name], "owner_id": held.staff.by.user_id}
        self._base = held.empty_row(subject.resource, usual)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self._held)
        if row.problem is not None:
            return found
        sent = self._validated(found, document)
        if sent is None or found.reasons:
            return found
        found.more["accounts"] = sent.pop("accounts", [])
        found.wanted_id = sent.pop("id", None)
        found.columns = self._subject.columns_from(sent, region=self._held.region)
        name = self._subject.name_of(found.columns)
        found.keys = keys_of(self._held.options.key, found.columns, name)
        self._prepare_new(found, created_at)
        return found

    def _validated(self, found: Prepared, document: dict[str, Any]) -> dict[str, Any] | None:
        links = document.get("accounts")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict):
                link["account_id"] = NOBODY  # looked up later; the rest of the link is checked here
        return validated(
            found, document, self._held.cells, new=self._subject.create_model,
            change=self._subject.update_model, is_new=bool(document.get("name")),
        )  # fmt: skip

    def _prepare_new(self, found: Prepared, created_at: datetime | None) -> None:
        """The whole row of a new record; left out when the row cannot be one."""
        columns = found.columns
        name = self._subject.name_of(columns)
        if name is None:
            return
        fresh = {**self._base, **columns, "name": name, "id": found.wanted_id or new_id()}
        fresh["created_at"] = created_at
        try:
            fresh["custom"] = self._held.custom({}, columns.get("custom", {}))
        except Invalid as problem:
            found.more["custom_problem"] = reason(None, "", problem.detail)
            fresh["custom"] = {}
        fresh |= self._subject.found_by(fresh)
        found.fresh = fresh | self._stop_of(fresh)

    def changes(self, found: Prepared, present: Mapping[str, Any]) -> Columns:
        """What the row changes of a record that is there; Invalid if the whole breaks a rule."""
        changes = dict(found.columns)
        for name in ("custom", "key_account"):
            if name in changes:
                changes[name] = {**(present[name] or {}), **changes[name]}
        if "custom" in changes:
            changes["custom"] = self._held.custom({}, changes["custom"])
        if self._subject.found_by is not None:
            changes |= self._subject.found_by({**present, **changes})
        if "emails" in changes or "phones" in changes:
            changes |= self._stop_of({**present, **changes})
        return changes

    def _stop_of(self, columns: Mapping[str, Any]) -> Columns:
        """Who was erased and comes back by a file is not contacted by that."""
        if columns.get("do_not_contact", True) or not self._suppressed.holds(columns["match_keys"]):
            return {}
        return stopped(datetime.now(UTC))
