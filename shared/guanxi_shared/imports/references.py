"""Records that rows name: found by name or id among those the caller sees."""

from collections.abc import Iterable
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.matching import match_key
from guanxi_shared.visibility import Scope

TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended('imports ' || $1::text, 0))"


class Reference:
    """What a row says of another record: a name, an external id or an id."""

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        self.text = text
        self.key, self.id = _key_or_id(field, text)

    @property
    def is_name(self) -> bool:
        return self.key is not None and self.key.startswith("n:")

    def find(self, book: Book, scope: Scope) -> list[Entry]:
        if self.key is not None:
            found = book.find([self.key])
        else:
            known = book.entries.get(self.id) if self.id is not None else None
            found = [known] if known is not None else []
        return [entry for entry in found if book.may_see(entry, scope)]


def reference_in(row: Prepared, fields: tuple[str, ...]) -> Reference | None:
    """The first of the fields that the row fills: ids before names."""
    name = next((name for name in fields if name in row.references), None)
    return None if name is None else Reference(name, row.references[name])


def _key_or_id(field: str, text: str) -> tuple[str | None, UUID | None]:
    if field.endswith("external_id"):
        return match_key("external_id", text), None
    if not field.endswith("_id"):
        return match_key("name", text), None
    try:
        return None, UUID(text)
    except ValueError:
        return None, None


async def is_above(
    connection: Connection, book: Book, record_id: UUID, *, below: UUID, field: str
) -> bool:
    """Whether a record stands above another (or is it), by what is stored and what the chunk changed."""
    at: UUID | None = below
    seen: set[UUID] = set()
    while at is not None and at not in seen:
        if at == record_id:
            return True
        seen.add(at)
        if at not in book.entries:
            await book.load(connection, [at])
        entry = book.entries.get(at)
        at = entry.row[field] if entry is not None else None
    return False


async def take_turns(connection: Connection, terms: Terms) -> None:
    """Two imports of one organisation at once must not both find that a record is missing."""
    if not terms.is_dry and (terms.options.key != "none" or terms.options.create_missing):
        await connection.execute(TAKE_TURNS, str(terms.organisation_id))


def own_prefix(key: str) -> set[str]:
    """The kind of key that rows themselves are recognised by."""
    kinds = {"external_id": "x:", "email": "e:", "phone": "p:", "domain": "d:", "name": "n:"}
    return {kinds[key]} if key in kinds else set()


def prefixes_of(fields: Iterable[str], named: Iterable[str]) -> set[str]:
    """The kinds of keys by which those of the fields that are mapped name other records."""
    mapped = set(fields) & set(named)
    found = {"x:" for name in mapped if name.endswith("external_id")}
    return found | {"n:" for name in mapped if not name.endswith("_id")}
