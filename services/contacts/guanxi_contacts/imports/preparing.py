"""A row of a file through the very models and rules that a request goes through; no database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel, ValidationError

from guanxi_contacts.privacy.suppressions import Suppressed, stopped
from guanxi_contacts.records import DEFAULTS
from guanxi_shared.bulk import columns_of
from guanxi_shared.custom_fields import Definition, stored_values
from guanxi_shared.errors import Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.cells import CellReader, reason
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.staff import Staff
from guanxi_shared.matching import match_key
from guanxi_shared.resources import Resource
from guanxi_shared.tables.cell_problem import CellProblem
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
    """What the rows of a few seconds are held against: the people there are, the fields there are."""

    def __init__(
        self, subject: Subject, terms: Terms, *, cells: CellReader, staff: Staff,
        definitions: Mapping[str, Definition], region: str, suppressed: Suppressed,
    ) -> None:  # fmt: skip
        self._subject = subject
        self._terms = terms
        self._cells = cells
        self._staff = staff
        self._definitions = definitions
        self._region = region
        self._suppressed = suppressed
        self._empty = dict.fromkeys(columns_of(subject.resource))
        self._base = {
            **self._empty,
            **DEFAULTS[subject.resource.name],
            "organisation_id": terms.organisation_id,
            "owner_id": staff.by.user_id,
            "version": 1,
        }

    def prepare(self, row: Row) -> Prepared:
        found = Prepared(row.number, row.line, row.values, row.checkpoint)
        if row.problem is not None:
            found.reasons.append(reason(None, "", row.problem))
            return found
        read = self._cells.read(row.values)
        found.reasons, found.references = read.reasons, read.references
        document = {**self._terms.options.defaults, **read.document}
        created_at = document.pop("created_at", None)
        self._name_people(found, document)
        sent = self._validated(found, document)
        if sent is None or found.reasons:
            return found
        found.more["accounts"] = sent.pop("accounts", [])
        found.wanted_id = sent.pop("id", None)
        found.columns = self._subject.columns_from(sent, region=self._region)
        found.keys = self._keys(found.columns)
        self._prepare_new(found, created_at)
        return found

    def _name_people(self, found: Prepared, document: dict[str, Any]) -> None:
        """Owner and team by what the cell says; ids are held to the same rules."""
        for name, look in (("owner", self._staff.owner), ("team", self._staff.team)):
            column = self._cells.column_of(name) or self._cells.column_of(f"{name}_id") or name
            text = (
                found.references.pop(name, None)
                or document.pop(name, None)
                or document.get(f"{name}_id")
            )
            if text is None:
                continue
            try:
                document[f"{name}_id"] = look(str(text), column)
            except CellProblem as problem:
                found.reasons.append(reason(column, str(text), problem.detail))

    def _validated(self, found: Prepared, document: dict[str, Any]) -> dict[str, Any] | None:
        subject = self._subject
        for link in document.get("accounts", ()):
            link["account_id"] = NOBODY  # looked up later; the rest of the link is checked here
        model = subject.create_model if document.get("name") else subject.update_model
        if "id" in document and model is subject.update_model:
            found.wanted_id = _uuid(document.pop("id"))
        try:
            data = model.model_validate(document)
        except ValidationError as error:
            found.reasons.extend(self._cells.blame(error, found.cells))
            return None
        sent = data.model_dump(exclude_unset=True, exclude_none=True)
        if found.wanted_id is not None:
            sent["id"] = found.wanted_id
        return sent

    def _prepare_new(self, found: Prepared, created_at: datetime | None) -> None:
        """The whole row of a new record; left out when the row cannot be one."""
        columns = found.columns
        name = self._subject.name_of(columns)
        if name is None:
            return
        fresh = {**self._base, **columns, "name": name, "id": found.wanted_id or new_id()}
        fresh["created_at"] = created_at
        try:
            fresh["custom"] = self.checked_custom(columns.get("custom", {}))
        except Invalid as problem:
            found.more["custom_problem"] = reason(None, "", problem.detail)
            fresh["custom"] = {}
        fresh |= self._subject.found_by(fresh)
        found.fresh = fresh | self._stop_of(fresh)

    def checked_custom(self, custom: Mapping[str, Any]) -> dict[str, Any]:
        if not custom and not self._definitions:
            return {}
        return stored_values(self._definitions, custom)

    def changes(self, found: Prepared, present: Mapping[str, Any]) -> Columns:
        """What the row changes of a record that is there; Invalid if the whole breaks a rule."""
        changes = dict(found.columns)
        for name in ("custom", "key_account"):
            if name in changes:
                changes[name] = {**(present[name] or {}), **changes[name]}
        if "custom" in changes:
            changes["custom"] = self.checked_custom(changes["custom"])
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

    def _keys(self, columns: Columns) -> list[str]:
        """The match keys that the row is recognised by."""
        key = self._terms.options.key
        if key in ("none", "id"):
            return []
        if key == "email":
            texts = [each["address"] for each in columns.get("emails", ())]
        elif key == "phone":
            texts = [each["e164"] or each["number"] for each in columns.get("phones", ())]
        elif key == "name":
            texts = [name] if (name := self._subject.name_of(columns)) else []
        else:
            texts = [columns[key]] if columns.get(key) else []
        return [found for text in texts if (found := match_key(key, text)) and len(found) > 2]


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text).strip())
    except ValueError:
        return None
