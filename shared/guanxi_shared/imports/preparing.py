"""The steps by which a row becomes a record's columns, through the very models that a request goes
through; no database. What the steps between are is each service's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError

from guanxi_shared.bulk import columns_of
from guanxi_shared.custom_fields import Definitions, stored_values
from guanxi_shared.imports.cells import CellReader, reason
from guanxi_shared.imports.options import ImportOptions
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.staff import Staff
from guanxi_shared.matching import match_key
from guanxi_shared.resources import Resource
from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.tables.rows import Row
from guanxi_shared.validation_words import message_of
from guanxi_shared.values import Instant

Document = dict[str, Any]
MOMENT: Final[TypeAdapter[datetime]] = TypeAdapter(Instant)


@dataclass(frozen=True, slots=True)
class HeldAgainst:
    """What the rows of a few seconds are held against, whatever they are of: how cells are read, who
    there is, which fields an organisation added, and whose phone numbers are meant."""

    terms: Terms
    cells: CellReader
    staff: Staff
    definitions: Definitions
    region: str

    @property
    def options(self) -> ImportOptions:
        return self.terms.options

    def custom(self, present: Mapping[str, Any], sent: Mapping[str, Any]) -> Document:
        """Own fields after those that are sent, as they are stored; Invalid where they are not as
        defined."""
        return stored_values(self.definitions, {**present, **sent})

    def empty_row(self, resource: Resource, defaults: Mapping[str, Any]) -> Document:
        """The columns of a new record of which nothing is known yet."""
        empty = dict.fromkeys(columns_of(resource)) | dict(defaults)
        return empty | {"version": 1, "organisation_id": self.terms.organisation_id}


def read_row(row: Row, held: HeldAgainst) -> tuple[Prepared, Document, datetime | None]:
    """The row, the document that its cells and the defaults make, and when the record was made, where
    the file knows. Owner and team are ids already. A row that cannot be read has reasons."""
    found = Prepared(row.number, row.line, row.values, row.checkpoint)
    if row.problem is not None:
        found.reasons.append(reason(None, "", row.problem))
        return found, {}, None
    read = held.cells.read(row.values)
    found.reasons, found.references = read.reasons, read.references
    document = {**held.options.defaults, **read.document}
    created_at = take_moment(found, document, held.cells, "created_at")
    _name_people(found, document, held.cells, held.staff)
    return found, document, created_at


def take_moment(
    found: Prepared, document: Document, cells: CellReader, name: str
) -> datetime | None:
    """A moment out of the document, where a cell or a default in JSON put it; a reason of the row where
    that is none, or of another age."""
    value = document.pop(name, None)
    if value is None:
        return None
    try:
        return MOMENT.validate_python(value)
    except ValidationError as error:
        column = cells.column_of(name) or name
        said = message_of(error.errors(include_url=False)[0])
        cell = found.cells.get(column, str(value))
        found.reasons.append(reason(column, cell, f"{column}: {said}"))
        return None


def _name_people(found: Prepared, document: Document, cells: CellReader, staff: Staff) -> None:
    """Owner and team by what the cell says; ids are held to the same rules."""
    for name, look in (("owner", staff.owner), ("team", staff.team)):
        text = (
            found.references.pop(name, None)
            or document.pop(name, None)
            or document.get(f"{name}_id")
        )
        if text is None:
            continue
        column = cells.column_of(name, f"{name}_id") or name
        try:
            document[f"{name}_id"] = look(str(text), column)
        except CellProblem as problem:
            found.reasons.append(reason(column, str(text), problem.detail))


def validated(
    found: Prepared, document: Document, cells: CellReader, *, new: type[BaseModel],
    change: type[BaseModel], is_new: bool,
) -> Document | None:  # fmt: skip
    """What the row sends, held against the model of a new record or of a change; None with reasons."""
    model = new if is_new else change
    if "id" in document and not is_new:
        found.wanted_id = _uuid(document.pop("id"))
    try:
        data = model.model_validate(document)
    except ValidationError as error:
        found.reasons.extend(cells.blame(error, found.cells))
        return None
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    if found.wanted_id is not None:
        sent["id"] = found.wanted_id
    return sent


def keys_of(key: str, columns: Mapping[str, Any], name: str | None) -> list[str]:
    """The match keys that the row is recognised by; `key` is that of the options."""
    if key in ("none", "id"):
        return []
    if key == "email":
        texts = [each["address"] for each in columns.get("emails", ())]
    elif key == "phone":
        texts = [each["e164"] or each["number"] for each in columns.get("phones", ())]
    elif key == "name":
        texts = [name] if name else []
    else:
        texts = [columns[key]] if columns.get(key) else []
    return [found for text in texts if (found := match_key(key, text)) and len(found) > 2]


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text).strip())
    except ValueError:
        return None
