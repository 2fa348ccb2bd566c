"""The account that a row or the defaults name, kept for whoever has the database."""

from typing import Any

from guanxi_pipeline.references.named import FIELDS, Account, Named, NamedAccounts
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared


def take_account(found: Prepared, document: dict[str, Any]) -> str | None:
    """Into `more["account"]`; ids come before names. The name, if there is one, is given back."""
    given = {name: found.references.pop(name, None) or document.pop(name, None) for name in FIELDS}
    field = next((name for name in FIELDS if given[name]), None)
    if field is not None:
        found.more["account"] = Named(field, str(given[field]))
    return str(given["account"]).strip() if given["account"] else None


def account_of(
    row: Prepared, named: Named | None, known: NamedAccounts, column: str
) -> Account | None:
    """The one account that is meant; a reason of the row where there is none, or are several."""
    if named is None:
        return None
    found = known.of(named)
    if len(found) == 1:
        return found[0]
    said = "there is no such account" if not found else f"{len(found)} accounts are called so"
    row.reasons.append(reason(column, named.text, f"{column}: {named.text!r}: {said}"))
    return None
