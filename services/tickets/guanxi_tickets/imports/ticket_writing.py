"""A chunk of tickets on its way into the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import matches_of
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_tickets.complaints.rounds import begin_with_tickets, let_rounds_follow
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
from guanxi_tickets.imports.ticket_preparing import POLICY, TicketPreparation
from guanxi_tickets.queues.routing import routed_each
from guanxi_tickets.sla_clocks.keeping import (
    Parts,
    is_timed,
    kept_with_a_past,
    kept_with_more,
    told_of,
)
from guanxi_tickets.sla_policies.choosing import chosen_for_each, policies_by_id
from guanxi_tickets.ticket_settings.rules import ENDING
from guanxi_tickets.tickets import rules
from guanxi_tickets.tickets.found_rules import found_by
from guanxi_tickets.tickets.handing import let_all_follow
from guanxi_tickets.tickets.numbering import Numbers
from guanxi_tickets.tickets.queue_rules import placed

Columns = dict[str, Any]
NO_LOOP: Final = "no"
POLICY_ID: Final = f"{POLICY}_id"


@dataclass(slots=True)
class Begun:
    """A ticket that is about to be made: its first row, its steps, how it stands after them."""

    row: Columns
    steps: list[Step]
    after: Columns
    rest: int
    is_free: bool
    policy: Columns
    is_promised: bool = False


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
        self._now = datetime.now(UTC)
        self._policies: Mapping[UUID, Columns] = {}
        self._told: dict[UUID, Parts] = {}
        self._handed: list[Entry] = []
        self._new: list[Entry] = []

    async def prepare(self, tickets: Sequence[Prepared]) -> None:
        """What is asked of the database for all of them at once, before they are taken one by one: into which
        queues the new ones go and what they are promised, and what was told of those that are there."""
        self._policies = await policies_by_id(self._call)
        if self._terms.is_dry:
            return
        begun = [found for each in tickets if (found := self._begun(each)) is not None]
        opened = [each for each in begun if each.after["status_kind"] not in ENDING]
        free = [each for each in opened if each.is_free]
        routed = await routed_each(self._call, self._connection, [each.after for each in free])
        for each, place in zip(free, routed, strict=True):
            if place:
                each.row |= placed({}, place, self._now)
        wholes = [after_all(each.row, each.steps) for each in opened]
        policies = await chosen_for_each(self._call, self._connection, wholes)
        for each, policy in zip(opened, policies, strict=True):
            each.row |= each.policy or policy
            each.is_promised = True
        for each in begun:
            if each.policy and not each.is_promised:
                each.row |= each.policy
                each.is_promised = True
        timed = [entry.id for entry in self.book.entries.values() if is_timed(entry.row)]
        if timed:
            self._told = await told_of(self._connection, self._terms.organisation_id, timed)

    def _begun(self, ticket: Prepared) -> "Begun | None":
        """Of one that is new, as far as that can be said before those above it are taken; whoever refuses it
        finds out again."""
        if ticket.fresh is None:
            return None
        if self._terms.options.duplicates != "create" and matches_of(
            ticket, self.book, self._terms.options
        ):
            return None
        try:
            found = self._begin(ticket)
        except Problem:
            return None
        ticket.more["begun"] = found
        return found

    def _begin(self, ticket: Prepared) -> "Begun":
        assert ticket.fresh is not None
        rows, held = ticket.more["rows"], self._prepared
        first, *rest = in_order(row.more["said"] for row in rows)
        moments = [at for row in rows for at in (row.more["created_at"], row.more["said"].at)]
        at, custom = begun_at(moments, self._now), held.held.custom
        base = {**held.base, **self._owned(first), "id": ticket.wanted_id or new_id()}
        row = first_row({**base, **ticket.fresh}, first, held.ways, at, custom)
        steps = steps_of(row, rest, held.ways, self._now, custom)
        is_free_of_all = all(is_free(each.more["said"]) for each in rows)
        policy = self._named_policy(rows)
        return Begun(row, steps, after_all(row, steps), len(rest), is_free_of_all, policy)

    def _named_policy(self, rows: Sequence[Prepared]) -> Columns:
        """By which the clocks are read whatever the filters say, of what is over too."""
        named = next((found for row in rows if (found := row.columns.get(POLICY_ID))), None)
        if named is None:
            return {}
        if named not in self._policies:
            raise Invalid("The policy is not in use.", errors={POLICY_ID: ""})
        return self._policies[named]

    async def create(self, ticket: Prepared, outcome: Outcome) -> None:
        """A new ticket, and all that became of it since. What comes in over has no promises here: they
        were made elsewhere."""
        begun: Begun = ticket.more.get("begun") or self._begin(ticket)
        row, steps = begun.row, begun.steps
        row["imported_at"] = self._now
        if begun.is_promised:
            await self._promise(row, steps)
        row["number"] = await self._numbers.next(self._connection)
        entry = self.book.create({**row, **self._found(row)}, {}, at=row["created_at"])
        self._write(entry, steps)
        self._new.append(entry)
        outcome.counts[CREATED] += 1
        outcome.counts[UPDATED] += begun.rest

    async def _promise(self, row: Columns, steps: Sequence[Step]) -> None:
        """Into the newest version what its clocks show."""
        begun = Step("created", row["created_at"], {})
        log = log_of(row, [begun, *steps])
        kept = await kept_with_a_past(self._connection, row, log, self._now)
        (steps[-1].columns if steps else row).update(kept)

    async def go_on(self, ticket: Prepared, entry: Entry, outcome: Outcome) -> None:
        """What is new of a ticket that is there. Its past is not rewritten: what a file says of it must be
        what the log says."""
        rows, now, held = ticket.more["rows"], self._now, self._prepared
        _demand_policy(rows, entry)
        news = self._news(rows, entry)
        if any(row.reasons for row in rows):
            return
        said, before = in_order(row.more["said"] for row in news), dict(entry.row)
        steps = steps_of(before, said, held.ways, now, held.held.custom)
        if steps and not self._terms.is_dry:
            log = log_of(before, steps)
            told = await self._told_of(before)
            kept = await kept_with_more(self._connection, before, told, log, now)
            steps[-1].columns.update(kept)
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
        handed = {entry.id: entry.row for entry in self._handed}
        await let_all_follow(self._connection, list(handed.values()))
        # What was over was worked elsewhere.
        opened = [each.row for each in self._new if each.row["status_kind"] not in ENDING]
        await begin_with_tickets(self._connection, opened, need=NO_LOOP, actor=self._terms.actor)

    async def _told_of(self, row: Columns) -> Parts:
        """Read with the others, or of what an earlier row of the chunk made."""
        if row["id"] not in self._told:
            organisation = self._terms.organisation_id
            self._told |= await told_of(self._connection, organisation, [row["id"]])
        return self._told[row["id"]]

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


def _demand_policy(rows: Sequence[Prepared], entry: Entry) -> None:
    """What is promised of a ticket that is there stays."""
    has = entry.row["sla_policy_id"]
    for row in rows:
        if row.columns.get(POLICY_ID) not in (None, has):
            sentence = (
                "The ticket has another policy, and keeps it."
                if has
                else "The ticket has no policy, and gets none later."
            )
            raise Invalid(sentence, errors={POLICY_ID: ""})
