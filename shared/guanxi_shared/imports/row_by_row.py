"""The target of imports whose rows are a record each: looked up together, decided about one by one,
written in bulk. What a new record needs and what a change may do is each service's own (`Ruling`)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from guanxi_shared.db import Connection
from guanxi_shared.errors import Problem
from guanxi_shared.imports.aside import Preparation
from guanxi_shared.imports.book import Book, Entry, KeysOf, kept_keys
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_shared.imports.prepared_target import Kept, PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.references import take_turns
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import EVERYTHING


class Blaming(Preparation, Protocol):
    """A preparation that can say which columns a rule's refusal is about."""

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]: ...


class Ruling(Protocol):
    """`needs` says why a row is refused that is recognised as none and is no whole new record."""

    needs: str

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        """Into the book what the rows are recognised by or held against; what a row names that is
        not there is a reason of it."""

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> dict[str, Any]:
        """The columns of the new record, or those that change of `entry`. A Problem refuses the row."""


P = TypeVar("P", bound=Blaming)
Beside = Callable[[Connection], Awaitable[None]]


def row_by_row(
    resource: Resource, preparer: Preparer[P], terms: Terms, ruling: Ruling, *,
    index: KeyIndex, keys_of: KeysOf = kept_keys, kept: Sequence[Kept] = (),
    beside: Beside | None = None, also: Sequence[Resource] = (),
) -> PreparedTarget[P]:  # fmt: skip
    """`keys_of` is what records are found by that have no search row to keep it; `beside` writes what stands
    beside the records of a chunk, once these are written, and `also` are the resources of it."""
    written = Rows(resource, preparer, terms, ruling, index, keys_of, beside)
    resources, known = (resource, *also), (index, *kept)
    return PreparedTarget(preparer, written.write, resources=resources, kept=known)


class Rows:
    def __init__(
        self, resource: Resource, preparer: Preparer[P], terms: Terms, ruling: Ruling,
        index: KeyIndex, keys_of: KeysOf, beside: Beside | None,
    ) -> None:  # fmt: skip
        self._resource = resource
        self._preparer: Preparer[Any] = preparer
        self._terms = terms
        self._ruling = ruling
        self._index = index
        self._keys_of = keys_of
        self._beside = beside

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        resource, options, outcome = self._resource, self._terms.options, Outcome()
        scope = await self._preparer.scope(resource) if resource.is_owned else EVERYTHING
        book = Book(resource, self._terms, index=self._index, keys_of=self._keys_of)
        await take_turns(connection, self._terms)
        # Nobody looks for what is refused anyway: its words may be such that the database takes none of them.
        await self._ruling.load(connection, book, [row for row in rows if not row.reasons])
        for row in rows:
            decided = decide(
                row, book, options, scope=scope, outcome=outcome, needs=self._ruling.needs
            )
            if decided == CREATE:
                self._take(row, None, book, outcome)
            elif isinstance(decided, Entry):
                self._take(row, decided, book, outcome)
        await book.write(connection)
        if self._beside is not None:
            await self._beside(connection)
        return outcome

    def _take(self, row: Prepared, entry: Entry | None, book: Book, outcome: Outcome) -> None:
        try:
            columns = self._ruling.settle(row, entry, book)
        except Problem as problem:
            return outcome.refuse(row, *self._preparer.now.blame(problem, row.cells))
        if entry is None:
            book.create(columns, {})
            outcome.counts[CREATED] += 1
        else:
            outcome.counts[UPDATED if book.update(entry, columns) else UNCHANGED] += 1
        return None
