"""The account, or another record, that a row or the defaults name, kept for whoever has the database."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.named_records import FIELDS, Named, NamedRecord, NamedRecords
from guanxi_shared.imports.prepared import Prepared

T = TypeVar("T")


def take_account(found: Prepared, document: dict[str, Any]) -> str | None:
    """Into `more["account"]`; ids come before names. The name, if there is one, is given back."""
    return take_named(found, document, "account", FIELDS)


def take_named(
    found: Prepared, document: dict[str, Any], noun: str, fields: Sequence[str]
) -> str | None:
    """Into `more[noun]`, by the first of the fields that says something. What the last one says, the name,
    is given back."""
    given = {name: found.references.pop(name, None) or document.pop(name, None) for name in fields}
    field = next((name for name in fields if given[name]), None)
    if field is not None:
        found.more[noun] = Named(field, str(given[field]))
    name = given[fields[-1]]
    return str(name).strip() if name else None


def account_of(
    row: Prepared, named: Named | None, known: NamedRecords, column: str
) -> NamedRecord | None:
    """The one account that is meant; a reason of the row where there is none, or are several."""
    return None if named is None else meant(row, named, known.of(named), column, "account")


def meant(row: Prepared, named: Named, found: Sequence[T], column: str, noun: str) -> T | None:
    """The only one; a reason of the row where there is none, or are several."""
    if len(found) == 1:
        return found[0]
    several = f"{len(found)} {PLURALS[noun]} are called so"
    said = f"there is no such {noun}" if not found else several
    row.reasons.append(reason(column, named.text, f"{column}: {named.text!r}: {said}"))
    return None


PLURALS: Mapping[str, str] = {
    "account": "accounts", "opportunity": "opportunities", "contact": "contacts",
}  # fmt: skip
