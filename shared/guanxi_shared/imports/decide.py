"""What becomes of a row: a new record, a change of one that is there, or neither."""

from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.options import ImportOptions
from guanxi_shared.imports.prepared import SKIPPED, Outcome, Prepared
from guanxi_shared.visibility import Scope

CREATE = "create"


def decide(
    row: Prepared, book: Book, options: ImportOptions, *, scope: Scope, outcome: Outcome,
    needs: str | None = None,
) -> Entry | str | None:  # fmt: skip
    """`CREATE`, the record to change, or None when the row is done with: skipped, or refused for
    what is wrong with it already or for what there is. `needs` is said of a new record that is not
    whole; without it, that it needs a name."""
    if row.reasons:
        outcome.refuse(row)
        return None
    matches = matches_of(row, book, options)
    if not matches or options.duplicates == "create":
        return _creatable(row, book, outcome, needs)
    if options.duplicates == "skip":
        outcome.counts[SKIPPED] += 1
        return None
    noun = book.resource.noun
    if options.duplicates == "refuse":
        outcome.refuse(
            row, reason(None, "", f"There is {_a(noun)} with this {options.key} already.")
        )
    elif len(matches) > 1:
        sentence = f"{len(matches)} {book.resource.name} have this {options.key}; merge them first."
        outcome.refuse(row, reason(None, "", sentence))
    elif not book.may_write(matches[0], scope):
        sentence = f"This {options.key} belongs to {_a(noun)} that you may not change."
        outcome.refuse(row, reason(None, "", sentence))
    else:
        return matches[0]
    return None


def matches_of(row: Prepared, book: Book, options: ImportOptions) -> list[Entry]:
    """The records of the book that the row is recognised as."""
    if options.key == "id":
        found = book.entries.get(row.wanted_id) if row.wanted_id is not None else None
        return [found] if found is not None else []
    return book.find(row.keys) if row.keys else []


def _creatable(row: Prepared, book: Book, outcome: Outcome, needs: str | None) -> str | None:
    noun = book.resource.noun
    if row.wanted_id is not None and row.wanted_id in book.entries:
        outcome.refuse(
            row, reason(None, str(row.wanted_id), f"There is {_a(noun)} with this id already.")
        )
    elif row.wanted_id is not None and row.wanted_id in book.deleted:
        sentence = f"This id belongs to {_a(noun)} that was deleted; restore it instead."
        outcome.refuse(row, reason(None, str(row.wanted_id), sentence))
    elif row.fresh is None and needs is not None:
        outcome.refuse(row, reason(None, "", needs))
    elif row.fresh is None:
        outcome.refuse(row, reason("name", "", f"A new {noun.replace('_', ' ')} needs a name."))
    else:
        return CREATE
    return None


def _a(noun: str) -> str:
    noun = noun.replace("_", " ")
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
