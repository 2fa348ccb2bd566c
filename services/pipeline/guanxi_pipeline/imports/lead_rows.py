"""Rows of a file as leads: scored, given to somebody and held to a time as those of requests are."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.assignment_rules.deciding import take_turn
from guanxi_pipeline.errands import bare_house
from guanxi_pipeline.imports.lead_fields import CONSENTS, LEAD_FIELDS
from guanxi_pipeline.imports.lead_preparing import NAMED_BY, LeadPreparation
from guanxi_pipeline.imports.lead_rules import consents_after, likely_same, load_of
from guanxi_pipeline.lead_duplicates.rules import strong
from guanxi_pipeline.leads import rules
from guanxi_pipeline.leads.known import LeadWays, ways_of
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.service import scored_and_given
from guanxi_pipeline.scorecards.scoring import scored
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errands import as_call
from guanxi_shared.errors import Problem
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import own_prefix, take_turns
from guanxi_shared.imports.taking import CHANNEL
from guanxi_shared.visibility import Scope

# Creates of others wait for their turn while a chunk is given out, at some 5 ms a row with rules.
MOST_AT_ONCE: Final = 100
STRONG_KINDS = frozenset({"x:", "e:", "p:"})
Columns = dict[str, Any]


class LeadRows:
    """Writes chunks of leads."""

    def __init__(self, preparer: Preparer[LeadPreparation], terms: Terms, call: Call) -> None:
        self.preparer = preparer
        self._terms = terms
        self.call = call
        self._looks_for_likely = terms.options.likely_duplicates == "refuse"
        kinds = own_prefix(terms.options.key) | (STRONG_KINDS if self._looks_for_likely else set())
        self.index = KeyIndex(LEADS, terms.organisation_id, kinds)

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        book, outcome = Book(LEADS, self._terms, index=self.index), Outcome()
        scope = await self.preparer.scope(LEADS)
        ways = await ways_of(self.call.house).of(self.call.organisation)
        await take_turns(connection, self._terms)
        async with self._deciding(connection, ways, rows):
            await self._load(connection, book, rows)
            written = Chunk(self, connection, ways, book, outcome)
            for row in rows:
                decided = decide(row, book, self._terms.options, scope=scope, outcome=outcome)
                if decided == CREATE:
                    await written.create(row, scope)
                elif isinstance(decided, Entry):
                    await written.change(row, decided)
        await book.write(connection)
        return outcome

    def likely(self, row: Prepared, book: Book, scope: Scope) -> dict[str, Any] | None:
        """Why a new row is not taken that is very probably a lead all the same."""
        if not self._looks_for_likely:
            return None
        assert row.fresh is not None
        keys = row.fresh["match_keys"]
        near = book.find(strong(keys))
        if (found := likely_same(keys, [entry.row for entry in near])) is None:
            return None
        other, shared = found
        entry = book.entries[other["id"]]
        whose = repr(other["name"]) if book.may_see(entry, scope) else "a lead that you do not see"
        return reason(None, "", f"This is likely {whose} already. The same: {shared}.")

    @asynccontextmanager
    async def _deciding(
        self, connection: Connection, ways: LeadWays, rows: Sequence[Prepared]
    ) -> AsyncIterator[None]:
        """One's turn is waited for before any lead is locked; a dry run gives nobody's turn away."""
        asks = any(row.more.get("by_rules") and not row.reasons for row in rows)
        if not (ways.rules and asks):
            yield
        elif not self._terms.is_dry:
            await take_turn(connection, self._terms.organisation_id)
            yield
        else:
            apart = connection.transaction()
            await apart.start()
            try:
                yield
            finally:
                await apart.rollback()

    async def _load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        new = [row.fresh for row in rows if row.fresh] if self._looks_for_likely else []
        likely = {key for fresh in new for key in strong(fresh.get("match_keys") or ())}
        await book.load_meant(connection, rows, keys=likely)


class Chunk:
    """The leads of one transaction. `unwritten` is how many more open leads somebody has than are stored,
    for rules that ask for whom has least."""

    def __init__(
        self, target: LeadRows, connection: Connection, ways: LeadWays, book: Book, outcome: Outcome
    ) -> None:
        self._target = target
        self._connection = connection
        self._ways = ways
        self._book = book
        self._outcome = outcome
        self._unwritten: Counter[UUID] = Counter()

    async def create(self, row: Prepared, scope: Scope) -> None:
        against = row.more.get("against_new")
        if against is None and (likely := self._target.likely(row, self._book, scope)) is not None:
            against = [likely]
        if against is not None:
            return self._outcome.refuse(row, *against)
        assert row.fresh is not None
        now, call = datetime.now(UTC), self._target.call
        by_rules = row.more["by_rules"]
        owner_id = call.by.user_id if by_rules else row.fresh["owner_id"]
        due = rules.response_due(now, (self._ways.first_response_minutes,))
        fresh = {**row.fresh, **rules.owned(owner_id, now), "first_response_due_at": due}
        fresh |= {"created_at": fresh["created_at"] or now, "updated_at": now}
        fresh |= await scored_and_given(
            call, self._connection, self._ways, fresh, now, by_rules=by_rules,
            unwritten=self._unwritten,
        )  # fmt: skip
        self._book.create(fresh, {})
        self._count(None, fresh)
        self._outcome.counts[CREATED] += 1
        return None

    async def change(self, row: Prepared, entry: Entry) -> None:
        if entry.row["conversion_id"] is not None:
            sentence = "The lead is being converted; send the row again afterwards."
            return self._outcome.refuse(row, reason(None, "", sentence))
        before, now = entry.row, datetime.now(UTC)
        try:
            changes = self._changes(row, before, now)
        except Problem as problem:
            reasons = self._target.preparer.now.blame(problem, row.cells)
            return self._outcome.refuse(row, *reasons)
        is_handed = "owner_id" in changes and changes["owner_id"] != before["owner_id"]
        if is_handed:
            changes |= rules.owned(changes["owner_id"], now)
        changes |= await scored(
            self._target.call, self._connection, self._ways.scorecard, {**before, **changes}, now
        )
        changed = self._book.update(entry, changes, verb="assigned" if is_handed else "updated")
        self._count(before, entry.row)
        self._outcome.counts[UPDATED if changed else UNCHANGED] += 1
        return None

    def _changes(self, row: Prepared, before: Mapping[str, Any], now: datetime) -> Columns:
        """What a patch of these fields would change, but for owner and score."""
        changes = dict(row.columns)
        changes |= rules.state_changes(before, changes, by=self._target.call.by.user_id, now=now)
        if row.more["custom"]:
            custom = self._target.preparer.now.held.custom(before["custom"], row.more["custom"])
            changes["custom"] = custom
        if row.more[CONSENTS]:
            changes[CONSENTS] = consents_after(before[CONSENTS], row.more[CONSENTS])
        if rules.FOUND_BY & set(changes):
            changes |= rules.found_by({**before, **changes})
        return changes

    def _count(self, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
        if before is not None and (owner := load_of(before)) is not None:
            self._unwritten[owner] -= 1
        if (owner := load_of(after)) is not None:
            self._unwritten[owner] += 1


async def _target(taking: Taking) -> PreparedTarget[LeadPreparation]:
    async def make(held: HeldAgainst) -> LeadPreparation:
        return LeadPreparation(held)

    call = as_call(bare_house(taking.database), taking.by, CHANNEL)
    written = LeadRows(Preparer(LEADS, taking, make), taking.terms, call)
    return PreparedTarget(written.preparer, written.write, resources=(LEADS,), kept=[written.index])


LEAD_IMPORT = Importable(
    resource=LEADS,
    fields=LEAD_FIELDS,
    keys=frozenset({"none", "id", "external_id", "email", "phone", "name"}),
    named_by=NAMED_BY,
    target=_target,
    most_at_once=MOST_AT_ONCE,
)
