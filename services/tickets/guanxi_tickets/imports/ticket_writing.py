"""A chunk of tickets on its way into the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_tickets.complaints.rounds import begin_with_ticket, let_rounds_follow
from guanxi_tickets.imports.log_rules import (
    Said,
    Step,
    after_all,
    begun_at,
    first_row,
    in_order,
    is_free,
    log_of,
    said_before,
    steps_of,
)
from guanxi_tickets.imports.past import Past
from guanxi_tickets.imports.ticket_preparing import TicketPreparation
from guanxi_tickets.queues.routing import routed
from guanxi_tickets.sla_clocks.keeping import kept_with_a_past, kept_with_more
from guanxi_tickets.sla_policies.choosing import chosen
from guanxi_tickets.ticket_settings.rules import ENDING
from guanxi_tickets.tickets import rules
from guanxi_tickets.tickets.found_rules import found_by
from guanxi_tickets.tickets.handing import let_follow
from guanxi_tickets.tickets.numbering import Numbers
from guanxi_tickets.tickets.queue_rules import placed

Columns = dict[str, Any]
NO_LOOP: Final = "no"


class Chunk:
    """`pasts` are the logs of those that are there already, `names` those of accounts and people."""

    def __init__(
        self, call: Call, connection: Connection, held: TicketPreparation, book: Book, terms: Terms,
        pasts: Mapping[UUID, Past], names: Mapping[UUID, str],
    ) -> None:  # fmt: skip
        self.book = book
        self._call = call
        self._connection = connection
        self._prepared = held
        self._terms = terms
        self._pasts = pasts
        self._numbers = Numbers(terms.organisation_id, is_dry=terms.is_dry)
        self._names = names
        self._handed: list[Entry] = []
        self._new: list[Entry] = []

    async def create(self, ticket: Prepared, outcome: Outcome) -> None:
        """A new ticket, and all that became of it since. What comes in over has no promises here: they
        were made elsewhere."""
        assert ticket.fresh is not None
        rows, now, held = ticket.more["rows"], datetime.now(UTC), self._prepared
        first, *rest = in_order(row.more["said"] for row in rows)
        moments = [at for row in rows for at in (row.more["created_at"], row.more["said"].at)]
        at, custom = begun_at(moments, now), held.held.custom
        base = {**held.base, **self._owned(first), "id": ticket.wanted_id or new_id()}
        row = first_row({**base, **ticket.fresh}, first, held.ways, at, custom)
        steps = steps_of(row, rest, held.ways, now, custom)
        after = after_all(row, steps)
        if after["status_kind"] not in ENDING and not self._terms.is_dry:
            if all(is_free(row.more["said"]) for row in rows):
                await self._route(row, after, now)
            await self._promise(row, steps, now)
        row["number"] = await self._numbers.next(self._connection)
        entry = self.book.create({**row, **self._found(row)}, {}, at=at)
        self._write(entry, steps)
        self._new.append(entry)
        outcome.counts[CREATED] += 1
        outcome.counts[UPDATED] += len(rest)

    async def _route(self, row: Columns, after: Columns, now: datetime) -> None:
        """One of nobody's goes into the queue whose filter it fits."""
        if found := await routed(self._call, self._connection, after):
            row |= placed({}, found, now)

    async def _promise(self, row: Columns, steps: Sequence[Step], now: datetime) -> None:
        """Into the new row the policy that it has, into the newest version what its clocks show."""
        row |= await chosen(self._call, self._connection, after_all(row, steps))
        begun = Step("created", row["created_at"], {})
        kept = await kept_with_a_past(self._connection, row, log_of(row, [begun, *steps]), now)
        (steps[-1].columns if steps else row).update(kept)

    async def go_on(self, ticket: Prepared, entry: Entry, outcome: Outcome) -> None:
        """What is new of a ticket that is there. Its past is not rewritten: what a file says of it must be
        what the log says."""
        rows, now, held = ticket.more["rows"], datetime.now(UTC), self._prepared
        news = self._news(rows, entry)
        if any(row.reasons for row in rows):
            return
        said, before = in_order(row.more["said"] for row in news), dict(entry.row)
        steps = steps_of(before, said, held.ways, now, held.held.custom)
        if steps and not self._terms.is_dry:
            log = log_of(before, steps)
            steps[-1].columns.update(await kept_with_more(self._connection, before, log, now))
            await self._turn_rounds(before, steps, now)
        is_changed = self._write(entry, steps)
        if not rules.ASSIGNED.isdisjoint(name for step in steps for name in step.columns):
            self._handed.append(entry)
        outcome.counts[UPDATED if is_changed else UNCHANGED] += len(news)
        outcome.counts[UNCHANGED] += len(rows) - len(news)

    async def write(self) -> None:
        await self.book.write(self._connection)
        if self._terms.is_dry:
            return
        await self._numbers.keep(self._connection)
        for entry in self._handed:
            await let_follow(self._connection, entry.row)
        for entry in self._new:
            if entry.row["status_kind"] not in ENDING:  # what was over was worked elsewhere
                await begin_with_ticket(
                    self._connection, entry.row, need=NO_LOOP, actor=self._terms.actor
                )

    async def _turn_rounds(self, before: Columns, steps: Sequence[Step], now: datetime) -> None:
        """Those of a complaint that the file solves or reopens. What is past was not held to them."""
        after = after_all(before, steps)
        ends = (before["status_kind"] in ENDING) != (after["status_kind"] in ENDING)
        if ends or after["kind"] != before["kind"]:
            is_past = steps[-1].at != now
            need = NO_LOOP if is_past else self._prepared.ways.complaints_need_loop
            await let_rounds_follow(
                self._connection, after, need=need, now=now, actor=self._terms.actor
            )

    def _news(self, rows: Sequence[Prepared], entry: Entry) -> list[Prepared]:
        """The rows that tell of what came after the newest in the log; reasons of those that say something
        else of before."""
        past = self._pasts.get(entry.id, [])
        newest, news = max((at for at, _ in past), default=None), []
        for row in rows:
            said: Said = row.more["said"]
            if said.at is None or newest is None or said.at > newest:
                news.append(row)
            elif not said_before(said, past):
                sentence = f"The log says otherwise of {said.at.isoformat()}; what is past is not rewritten."
                row.reasons.append(reason(None, "", sentence))
        return news

    def _owned(self, first: Said) -> Columns:
        """Without assignee and team it is whose file it is, as in requests."""
        return {"owner_id": self._call.by.user_id} if is_free(first) else {}

    def _found(self, row: Mapping[str, Any]) -> Columns:
        names = (self._names.get(row[noun]) for noun in ("account_id", "requester_id"))
        return found_by(row, account_name=next(names), requester_name=next(names))

    def _write(self, entry: Entry, steps: Iterable[Step]) -> bool:
        is_changed = False
        for step in steps:
            columns = step.columns
            if rules.FOUND_BY & set(columns):
                columns = {**columns, **self._found({**entry.row, **columns})}
            done = self.book.update(entry, columns, verb=step.verb, at=step.at)
            is_changed = done or is_changed
        return is_changed
