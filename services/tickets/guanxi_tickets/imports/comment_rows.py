"""Rows of a file as replies and notes of the past, on tickets that came in from elsewhere.

What was said since a ticket is here is said here: no file adds to that, so that nobody's clock is met by words
that nobody wrote. No letter goes out, and no state moves.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.imports.book import Book
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, Outcome, Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import take_turns
from guanxi_tickets.comments.resources import COMMENTS, NOTES
from guanxi_tickets.comments.rules import responded
from guanxi_tickets.imports.comment_preparing import (
    AGENT,
    COMMENT_FIELDS,
    INTERNAL,
    PUBLIC,
    CommentPreparation,
)
from guanxi_tickets.imports.named_tickets import find_tickets
from guanxi_tickets.sla_clocks.refreshing import keep_again

RESOURCES: Final = {PUBLIC: COMMENTS, INTERNAL: NOTES}


class CommentRows:
    def __init__(self, preparer: Preparer[CommentPreparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        self._indexes = {name: planned_index(each, terms, ()) for name, each in RESOURCES.items()}

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        outcome, organisation = Outcome(), self._terms.organisation_id
        await take_turns(connection, self._terms)
        right = [row for row in rows if not row.reasons]
        await find_tickets(
            connection, self._preparer, right, organisation=organisation, lock="UPDATE"
        )
        _name_each(right)
        books = {
            name: Book(each, self._terms, index=self._indexes[name], keys_of=lambda row: ())
            for name, each in RESOURCES.items()
        }
        for book in books.values():
            await book.load_meant(connection, right)
        for row in rows:
            await self._take(row, books, outcome)
        for book in books.values():
            await book.write(connection)
        if not self._terms.is_dry:
            await self._let_tickets_follow(connection, books[PUBLIC])
        return outcome

    async def _take(self, row: Prepared, books: Mapping[str, Book], outcome: Outcome) -> None:
        own = books[row.more.get("visibility", PUBLIC)]
        others = [book for book in books.values() if book is not own]
        if not row.reasons and any(row.wanted_id in book.entries for book in others):
            row.reasons.append(
                reason(None, str(row.wanted_id), "Something else has this id already.")
            )
        if not row.reasons and row.more["is_named_by_itself"] and row.wanted_id in own.entries:
            outcome.counts[UNCHANGED] += 1
            return
        scope = await self._preparer.scope(own.resource)
        if decide(row, own, self._terms.options, scope=scope, outcome=outcome) != CREATE:
            return
        try:
            _demand_past(row)
        except Problem as problem:
            outcome.refuse(row, *self._preparer.now.blame(problem, row.cells))
        else:
            own.create(self._written(row, own), {}, at=row.more["at"])
            outcome.counts[CREATED] += 1

    def _written(self, row: Prepared, book: Book) -> dict[str, Any]:
        more, ticket = row.more, row.more["of"]
        by_requester = more["author_kind"] != AGENT
        empty = self._preparer.now.held.empty_row(
            book.resource, {"mention_ids": [], "file_ids": []}
        )
        return empty | {
            "id": row.wanted_id, "ticket_id": ticket["id"], "visibility": more["visibility"],
            "body": more["body"], "author_kind": more["author_kind"],
            "author_id": ticket["requester_id"] if by_requester else more["author_id"],
            "owner_id": ticket["owner_id"], "team_id": ticket["team_id"], "created_at": more["at"],
        }  # fmt: skip

    async def _let_tickets_follow(self, connection: Connection, replies: Book) -> None:
        """When they were first answered, and their clocks, read again with all that was said."""
        said = [entry.row for entry in replies.entries.values() if entry.events]
        first = _first_answers(said)

        def answered(ticket: Mapping[str, Any]) -> Mapping[str, Any]:
            known, found = ticket["first_responded_at"], first.get(ticket["id"])
            is_first = found is not None and (known is None or found < known)
            return responded(found) if is_first and found is not None else {}

        ids = {each["ticket_id"] for each in said}
        await keep_again(connection, ids, actor=self._terms.actor, changes_of=answered)


def _name_each(rows: Sequence[Prepared]) -> None:
    """What brings no id gets the one of its ticket, moment, author and words: the same file again finds them."""
    for row in rows:
        more = row.more
        more["is_named_by_itself"] = row.wanted_id is None
        if row.wanted_id is None and more.get("of") is not None:
            said = (
                more["at"].isoformat(),
                more["visibility"],
                more["author_kind"],
                more["author_id"],
                more["body"],
            )
            row.wanted_id = uuid5(more["of"]["id"], "\n".join(map(str, said)))


def _demand_past(row: Prepared) -> None:
    ticket, at = row.more["of"], row.more["at"]
    came_at = ticket["imported_at"]
    if came_at is None:
        raise Invalid(
            "The ticket began here: what is said on it is said here.", errors={"ticket_id": ""}
        )
    if at > came_at:
        sentence = (
            f"The ticket is here since {came_at.isoformat()}; what was said since is said here."
        )
        raise Invalid(sentence, errors={"created_at": ""})
    if at < ticket["created_at"]:
        sentence = f"The ticket began only at {ticket['created_at'].isoformat()}."
        raise Invalid(sentence, errors={"created_at": ""})


def _first_answers(said: Sequence[Mapping[str, Any]]) -> dict[UUID, datetime]:
    found: dict[UUID, datetime] = {}
    for each in said:
        if each["author_kind"] == AGENT:
            at, id = each["created_at"], each["ticket_id"]
            found[id] = min(at, found.get(id, at))
    return found


async def _target(taking: Taking) -> PreparedTarget[CommentPreparation]:
    may_note = taking.by.may(NOTES.permission("create"))

    async def make(held: HeldAgainst) -> CommentPreparation:
        return CommentPreparation(held, may_note=may_note)

    preparer = Preparer(COMMENTS, taking, make)
    written = CommentRows(preparer, taking.terms)
    return PreparedTarget(preparer, written.write, resources=tuple(RESOURCES.values()))


COMMENT_IMPORT = Importable(
    resource=COMMENTS,
    fields=COMMENT_FIELDS,
    keys=frozenset({"none", "id"}),
    named_by=frozenset(),
    target=_target,
    duplicates=frozenset({"skip", "refuse"}),
)
