"""Rows of a file as opportunities: what was there is changed by the rules of patches and moves."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guanxi_pipeline.errors import StageNotInPipeline
from guanxi_pipeline.imports.opportunity_preparing import Preparation
from guanxi_pipeline.imports.rules import OPPORTUNITY_FIELDS, demand_closed, news_in
from guanxi_pipeline.imports.stages import Place, stages_called
from guanxi_pipeline.opportunities import rules, stage_rules
from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.opportunities.stage_rules import Moving
from guanxi_pipeline.pipelines.known import Stage, read_pipelines
from guanxi_pipeline.products.named import NamedProducts
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_shared.db import Connection
from guanxi_shared.errors import Problem
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.kept_rows import Postponed
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.named_records import Named, NamedRecord, NamedRecords
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import own_prefix, take_turns
from guanxi_shared.remembered import Remembered
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope

NAMES = """
SELECT k.id, k.name FROM known_accounts k WHERE k.organisation_id = $1 AND k.id = ANY($2::uuid[])
"""
Columns = dict[str, Any]


class OpportunityRows:
    """The target of an import of opportunities; see guanxi_shared/imports/target.py."""

    resources: Sequence[Resource] = (OPPORTUNITIES,)

    def __init__(self, preparer: Preparer[Preparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        kinds = own_prefix(terms.options.key)
        self._index = KeyIndex(OPPORTUNITIES, terms.organisation_id, kinds)
        self._products = NamedProducts(terms.organisation_id)
        self._top = Decimal(0)

    async def refresh(self) -> None:
        await self._preparer.refresh()
        await self._products.load(self._preparer.database)
        await self._index.load(self._preparer.database)

    @property
    def preparation(self) -> Preparation:
        return self._preparer.now

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        book, outcome = Book(OPPORTUNITIES, self._terms, index=self._index), Outcome()
        self._top = rules.top_rank(datetime.now(UTC))
        scope = await self._preparer.scope(OPPORTUNITIES)
        await take_turns(connection, self._terms)
        await book.load_meant(connection, rows)
        accounts = await self._accounts(connection, rows)
        names = await self._names(connection, book)
        await self._name_products(connection, rows)
        for row in rows:
            account = self._account_of(row, accounts)
            decided = decide(row, book, self._terms.options, scope=scope, outcome=outcome)
            try:
                if decided == CREATE:
                    self._create(row, account, book, outcome)
                elif isinstance(decided, Entry):
                    name = names.get(decided.row["account_id"]) if account is None else account.name
                    self._change(row, decided, account, name, book, scope, outcome)
            except Problem as problem:
                outcome.refuse(row, *self.preparation.blame(problem, row.cells))
        await book.write(connection)
        return outcome

    async def link(self, connection: Connection, rows: Sequence[Postponed]) -> Outcome:
        return Outcome()  # nothing of an opportunity is put off

    async def _name_products(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        """The ids of the products that lines are called by, where there is one of that name."""
        sold = [row for row in rows if row.more.get("sent", {}).get("lines")]
        lines = [line for row in sold for line in row.more["sent"]["lines"]]
        products = await self._products.find(connection, lines)
        for row in sold if products.by_id else ():
            row.more["sent"]["lines"] = [products.named(n) for n in row.more["sent"]["lines"]]
            if row.fresh:
                kept = [products.named(line) for line in row.fresh["lines"]]
                row.fresh |= {"lines": kept, "product_ids": rules.ids_in(kept, "product_id")}

    async def _accounts(self, connection: Connection, rows: Sequence[Prepared]) -> NamedRecords:
        named: set[Named] = {row.more["account"] for row in rows if "account" in row.more}
        scope = await self._preparer.scope("accounts")
        return await ACCOUNTS.find(connection, self._terms.organisation_id, named, scope)

    async def _names(self, connection: Connection, book: Book) -> dict[Any, str]:
        """Of the accounts of what is there: opportunities are found by them too."""
        ids = {entry.row["account_id"] for entry in book.entries.values()} - {None}
        if not ids:
            return {}
        found = await connection.fetch(NAMES, self._terms.organisation_id, list(ids))
        return {row["id"]: row["name"] for row in found}

    def _account_of(self, row: Prepared, accounts: NamedRecords) -> NamedRecord | None:
        """The account that the row names; a reason of the row where it is not one."""
        named: Named | None = row.more.get("account")
        column = self._preparer.column_of(named.field) if named is not None else ""
        return ACCOUNTS.meant(row, named, accounts, column)

    def _create(
        self, row: Prepared, account: NamedRecord | None, book: Book, outcome: Outcome
    ) -> None:
        assert row.fresh is not None
        if (against := row.more.get("against_new")) is not None:
            return outcome.refuse(row, *against)
        pipeline, stage = row.more["where"]
        fresh = {**row.fresh, "rank": self._rank(row)}
        if account is not None:
            fresh["account_id"] = account.id
        stage_rules.demand_entry(fresh, pipeline, stage)
        fresh |= found_by(fresh, account_name=None if account is None else account.name)
        book.create(fresh, {})
        outcome.counts[CREATED] += 1
        return None

    def _rank(self, row: Prepared) -> Decimal:
        """Rows of a chunk stand in the order of the file, each at a place of its own."""
        return self._top + row.number

    def _change(
        self, row: Prepared, entry: Entry, account: NamedRecord | None, account_name: str | None,
        book: Book, scope: Scope, outcome: Outcome,
    ) -> None:  # fmt: skip
        if not self.preparation.knows(entry.row):
            return outcome.refuse(row, reason(None, "", "Its pipeline is just being changed."))
        target = self._target(row.more["place"], entry.row)
        sent = news_in(row.more["sent"], entry.row)
        changes = self._changes(sent, entry.row, target, row.more["closed_at"])
        if account is not None:
            changes |= {"account_id": account.id, "is_account_verified": True}
        if rules.FOUND_BY & set(changes):
            changes |= found_by({**entry.row, **changes}, account_name=account_name)
        moves = (
            None if target is None else self._moved(row, {**entry.row, **changes}, target, scope)
        )
        changed = book.update(entry, changes)
        if moves is not None:
            verb, columns = moves
            changed = book.update(entry, columns, verb=verb) or changed
        outcome.counts[UPDATED if changed else UNCHANGED] += 1
        return None

    def _target(self, place: Place, row: Mapping[str, Any]) -> Stage | None:
        """The stage that the row moves the deal to; None when it stays where it is."""
        here = self.preparation.pipeline_of(row)
        elsewhere = place.pipeline is not None and place.pipeline.id != here.id
        if place.stage is None and not elsewhere and place.status in (None, row["status"]):
            return None
        _, stage = self.preparation.where(place, here)
        if place.by_name and stage.id not in here.stages:
            own = stages_called(stage.name, [here])
            if len(own) != 1:
                raise StageNotInPipeline(
                    f"The deal stands in {here.name}, which has no stage {stage.name!r}.",
                    errors={"stage": "Name its pipeline too."},
                )
            stage = own[0]
        return None if stage.id == row["stage_id"] else stage

    def _changes(
        self, sent: Mapping[str, Any], row: Mapping[str, Any], target: Stage | None,
        closed_at: datetime | None,
    ) -> Columns:  # fmt: skip
        """The rules of a patch, without the stage."""
        demand_closed(closed_at, row["status"] if target is None else target.kind)
        if "opened_on" in sent:
            day_of, ended = self.preparation.day_of, closed_at or row["closed_at"]
            rules.demand_opened(
                sent["opened_on"], closed_on=None if ended is None else day_of(ended),
                today=day_of(datetime.now(UTC)),
            )  # fmt: skip
        pipeline = self.preparation.pipeline_of(row)
        stage = pipeline.stages[row["stage_id"]]
        changes = rules.columns_from(sent, row)
        if target is None or target.kind == "open":
            changes |= rules.by_hand(
                sent, stage_probability=stage.probability, stage_category=stage.forecast_category,
                status=row["status"],
            )  # fmt: skip
        if "custom" in sent:
            changes["custom"] = self.preparation.held.custom(row["custom"], sent["custom"])
        if row["status"] != "open" and target is None:
            if "reason" in sent:
                stage_rules.demand_reason(pipeline, row["status"], sent["reason"])
            if closed_at is not None:
                changes["closed_at"] = closed_at
        return changes

    def _moved(
        self, row: Prepared, whole: Mapping[str, Any], target: Stage, scope: Scope
    ) -> tuple[str, Columns]:
        """The verb and the columns of a move; raises what stands against it. Exit criteria that
        nobody has confirmed do: a file confirms nothing."""
        here = self.preparation.pipeline_of(whole)
        there, _ = self.preparation.where(Place(stage=target))
        before, closed_at = here.stages[whole["stage_id"]], row.more["closed_at"]
        if closed_at is not None and target.kind != "open":
            whole = {**whole, "closed_at": closed_at}
        moving = Moving(
            row={**whole, "pipeline_id": there.id}, pipeline=there, from_stage=before,
            to_stage=target, met=frozenset(whole["confirmed"]), now=datetime.now(UTC),
            leads_others=scope.heads_others,
            is_same_pipeline=here.id == there.id,
        )  # fmt: skip
        stage_rules.demand_move(moving)
        columns = {**stage_rules.changes_of(moving), "rank": self._rank(row)}
        return stage_rules.verb_of(before.kind, target.kind), columns


async def _target(taking: Taking) -> OpportunityRows:
    pipelines = Remembered(taking.database, read_pipelines)

    async def make(held: HeldAgainst) -> Preparation:
        known = await pipelines.of(taking.terms.organisation_id)
        return Preparation(held, taking, known)

    preparer = Preparer(OPPORTUNITIES, taking, make)
    return OpportunityRows(preparer, taking.terms)


OPPORTUNITY_IMPORT = Importable(
    resource=OPPORTUNITIES,
    fields=OPPORTUNITY_FIELDS,
    keys=frozenset({"none", "id", "external_id", "name"}),
    named_by=frozenset({"name", "account", "lines", "external_id"}),
    target=_target,
)
