"""Rows of a file as tickets with their logs: each ticket is made, goes on, or is refused with all its rows."""

from collections.abc import Sequence

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errands import as_call
from guanxi_shared.errors import Problem
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.prepared import SKIPPED, Outcome, Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import own_prefix, take_turns
from guanxi_shared.imports.taking import CHANNEL
from guanxi_tickets.errands import own_house
from guanxi_tickets.imports.named_settings import find_settings
from guanxi_tickets.imports.naming import name_in, names_of
from guanxi_tickets.imports.past import pasts_of
from guanxi_tickets.imports.ticket_fields import TICKET_FIELDS
from guanxi_tickets.imports.ticket_preparing import POLICY, TicketPreparation
from guanxi_tickets.imports.ticket_writing import Chunk
from guanxi_tickets.ticket_settings.known import ways_of
from guanxi_tickets.tickets.resources import TICKETS


class TicketRows:
    """Writes chunks of tickets."""

    def __init__(self, preparer: Preparer[TicketPreparation], terms: Terms, call: Call) -> None:
        self._preparer = preparer
        self._terms = terms
        self._call = call
        self.index = KeyIndex(TICKETS, terms.organisation_id, own_prefix(terms.options.key))

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        outcome = Outcome()
        await take_turns(connection, self._terms)
        tickets = [each for each in rows if not each.reasons and not _are_wrong(each)]
        book = Book(TICKETS, self._terms, index=self.index)
        await book.load_meant(connection, tickets)
        names = await names_of(connection, book)
        names |= await name_in(connection, self._terms.organisation_id, self._preparer, tickets)
        await find_settings(
            connection, self._preparer, [row for each in tickets for row in each.more["rows"]],
            organisation=self._terms.organisation_id, nouns={POLICY: "sla_policies"},
        )  # fmt: skip
        pasts = await pasts_of(connection, book, tickets)
        chunk = Chunk(self._call, connection, self._preparer.now, book, self._terms, pasts, names)
        await chunk.prepare(tickets)
        for ticket in rows:
            await self._take(ticket, chunk, outcome)
        await chunk.write()
        return outcome

    async def _take(self, ticket: Prepared, chunk: Chunk, outcome: Outcome) -> None:
        if ticket.reasons or _are_wrong(ticket):
            return _refuse(ticket, outcome)
        scope, found = await self._preparer.scope(TICKETS), Outcome()
        needs = "A new ticket needs a subject, a description or a number of its own."
        decided = decide(
            ticket, chunk.book, self._terms.options, scope=scope, outcome=found, needs=needs
        )
        try:
            if decided == CREATE:
                await chunk.create(ticket, outcome)
            elif isinstance(decided, Entry):
                await chunk.go_on(ticket, decided, outcome)
        except Problem as problem:
            ticket.reasons.extend(self._preparer.now.blame(problem, ticket.cells))
        if ticket.reasons or _are_wrong(ticket):
            return _refuse(ticket, outcome)
        if decided is None:
            outcome.counts[SKIPPED] += len(ticket.more["rows"])
        return None


def _are_wrong(ticket: Prepared) -> bool:
    return any(row.reasons for row in ticket.more["rows"])


def _refuse(ticket: Prepared, outcome: Outcome) -> None:
    """With all of its rows; those with which nothing is wrong say why all the same."""
    rows: list[Prepared] = ticket.more["rows"]
    rows[0].reasons.extend(each for each in ticket.reasons if each not in rows[0].reasons)
    wrong = next(row for row in rows if row.reasons)
    said = f"The ticket is refused for what stands in line {wrong.line}."
    for row in rows:
        outcome.refuse(row, *([] if row.reasons else [reason(None, "", said)]))


async def _target(taking: Taking) -> PreparedTarget[TicketPreparation]:
    call = as_call(own_house(taking.database), taking.by, CHANNEL)

    async def make(held: HeldAgainst) -> TicketPreparation:
        return TicketPreparation(held, await ways_of(call.house).of(call.organisation))

    preparer = Preparer(TICKETS, taking, make)
    written = TicketRows(preparer, taking.terms, call)
    return PreparedTarget(preparer, written.write, resources=(TICKETS,), kept=[written.index])


TICKET_IMPORT = Importable(
    resource=TICKETS,
    fields=TICKET_FIELDS,
    keys=frozenset({"none", "id", "external_id"}),
    named_by=frozenset({"subject", "description", "external_id"}),
    target=_target,
    together=("external_id", "id"),
)
