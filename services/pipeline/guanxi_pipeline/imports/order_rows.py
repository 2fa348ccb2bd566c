"""Rows of a file as orders: whole orders are made, changed or refused, in a few statements a chunk."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_pipeline.imports.account_cells import account_of
from guanxi_pipeline.imports.order_changing import change_of
from guanxi_pipeline.imports.order_chunk import Chunk, find_known, word_of
from guanxi_pipeline.imports.order_fields import ORDER_FIELDS
from guanxi_pipeline.imports.order_preparing import KEYS, OrderPreparation
from guanxi_pipeline.orders.lines import set_many_lines
from guanxi_pipeline.orders.numbering import taken_numbers
from guanxi_pipeline.orders.placing import NewOrder, write_orders
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.products.named import FoundProducts, NamedProducts
from guanxi_pipeline.references.named import Account, Named, find_named
from guanxi_shared.db import Connection
from guanxi_shared.errors import Problem
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.prepared import (
    CREATED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    Outcome,
    Prepared,
    Terms,
)
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import take_turns
from guanxi_shared.many_records import load_many, write_many
from guanxi_shared.records import Loaded


class OrderRows:
    """Writes chunks of orders. What a dry run would have
    made is kept in memory: keys and numbers, which later rows are held against."""

    def __init__(
        self, preparer: Preparer[OrderPreparation], terms: Terms, products: NamedProducts
    ) -> None:
        self._preparer = preparer
        self._terms = terms
        self._products = products
        self._planned: set[str | None] = set()
        self._planned_numbers: set[str | None] = set()

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        outcome = Outcome()
        orders = [row for row in rows if not _refused_already(row, outcome)]
        if not orders:
            return outcome
        await take_turns(connection, self._terms)
        chunk = await self._look_up(connection, orders)
        for order in orders:
            try:
                self._decide(order, chunk, outcome)
            except Problem as problem:
                self._preparer.now.blame(order, problem.detail, problem.errors)
                refuse(order, outcome)
        await self._enter(connection, chunk)
        return outcome

    async def _look_up(self, connection: Connection, orders: Sequence[Prepared]) -> Chunk:
        organisation = self._terms.organisation_id
        named: set[Named] = {o.more["account"] for o in orders if o.more["account"] is not None}
        accounts = await self._preparer.scope("accounts")
        lines = [line for o in orders for line in o.more["sent"].get("lines") or ()]
        known, deleted = await find_known(connection, self._terms, orders)
        loaded: Mapping[UUID, Loaded] = {}
        if self._terms.options.duplicates == "update":
            ids = [id for found in known.values() for id in found]
            loaded = await load_many(connection, ORDERS, ids)
        numbers = [n for o in orders if (n := o.more["sent"].get("number")) is not None]
        return Chunk(
            accounts=await find_named(connection, organisation, named, accounts),
            products=await self._products.find(connection, lines),
            known=known, deleted=deleted, loaded=loaded,
            taken=await taken_numbers(connection, organisation, numbers),
            scope=await self._preparer.scope(ORDERS),
        )  # fmt: skip

    def _decide(self, order: Prepared, chunk: Chunk, outcome: Outcome) -> None:
        account = self._account_of(order, chunk)
        sent = self._with_products(order, chunk.products)
        if any(row.reasons for row in order.more["rows"]):
            return refuse(order, outcome)
        matches, is_planned = self._matches(order, chunk)
        policy, key = self._terms.options.duplicates, self._terms.options.key
        size = len(order.more["rows"])
        if policy == "create" or not (matches or is_planned):
            return self._create(order, chunk, account, sent, outcome)
        if policy == "skip":
            outcome.counts[SKIPPED] += size
        elif policy == "refuse":
            refuse(order, outcome, f"There is an order with this {key} already.")
        elif is_planned:
            outcome.counts[UNCHANGED] += size  # a dry run has no record to compare with
        elif len(matches) > 1:
            refuse(
                order, outcome, f"{len(matches)} orders have this {key}; delete the others first."
            )
        else:
            self._change(order, matches[0], chunk, account, sent, outcome)
        return None

    def _matches(self, order: Prepared, chunk: Chunk) -> tuple[list[UUID], bool]:
        word = word_of(self._terms.options.key, order)
        return ([], False) if word is None else (chunk.known.get(word, []), word in self._planned)

    def _account_of(self, order: Prepared, chunk: Chunk) -> Account | None:
        named: Named | None = order.more["account"]
        column = self._preparer.column_of(named.field) if named is not None else ""
        return account_of(order.more["rows"][0], named, chunk.accounts, column)

    def _with_products(self, order: Prepared, products: FoundProducts) -> dict[str, Any]:
        """What is sent, with the products that its lines name; a row whose line names none that there
        is by its id is to blame."""
        sent = order.more["sent"]
        lines = sent.get("lines")
        if not lines:
            return dict(sent)
        for line, place in zip(lines, order.more["line_rows"], strict=True):
            if products.lacks(line):
                column = self._preparer.column_of("product_id")
                text = str(line["product_id"])
                sentence = f"{column}: {text!r}: there is no such product"
                order.more["rows"][place].reasons.append(reason(column, text, sentence))
        return {**sent, "lines": [_with_product(line, products) for line in lines]}

    def _create(
        self, order: Prepared, chunk: Chunk, account: Account | None, sent: Mapping[str, Any],
        outcome: Outcome,
    ) -> None:  # fmt: skip
        if (against := order.more.get("against_new")) is not None:
            self._preparer.now.blame(order, *against)
            return refuse(order, outcome)
        wanted_id, number = order.wanted_id, sent.get("number")
        if wanted_id is not None and (wanted_id in chunk.deleted or str(wanted_id) in chunk.known):
            there = "was deleted; restore it instead" if wanted_id in chunk.deleted else "is there"
            return refuse(order, outcome, f"The order with this id {there}.")
        if number is not None and (number in chunk.taken or number in self._planned_numbers):
            return refuse(order, outcome, f"There is an order {number!r} already.")
        made: NewOrder = order.more["order"]
        row = {**made.row, **({"account_id": account.id} if account is not None else {})}
        lines = [_with_product(line, chunk.products) for line in made.lines]
        chunk.new.append(NewOrder(row, lines))
        if number is not None:
            chunk.taken.add(number)
        word = word_of(self._terms.options.key, order)
        if word is not None and order.keys and self._terms.options.duplicates != "create":
            chunk.known.setdefault(word, []).append(row["id"])
        if self._terms.is_dry:
            self._planned.add(word)
            self._planned_numbers.add(number)
        outcome.counts[CREATED] += len(order.more["rows"])
        return None

    def _change(
        self, order: Prepared, order_id: UUID, chunk: Chunk, account: Account | None,
        sent: Mapping[str, Any], outcome: Outcome,
    ) -> None:  # fmt: skip
        loaded = chunk.loaded.get(order_id)
        row = None if loaded is None else loaded.row
        if row is None or row["deleted_at"] is not None or not chunk.scope.may_write(
            id=order_id, owner_id=row["owner_id"], team_id=row["team_id"]
        ):  # fmt: skip
            key = self._terms.options.key
            return refuse(
                order, outcome, f"This {key} belongs to an order that you may not change."
            )
        assert loaded is not None
        change = change_of(
            loaded,
            order,
            sent,
            account,
            custom=self._preparer.now.held.custom,
            today=self._preparer.now.today,
        )
        if change is None:
            outcome.counts[UNCHANGED] += len(order.more["rows"])
            return None
        lines_differ = change.computed["lines"] != loaded.computed["lines"]
        chunk.changes.append((change, lines_differ))
        outcome.counts[UPDATED] += len(order.more["rows"])
        return None

    async def _enter(self, connection: Connection, chunk: Chunk) -> None:
        organisation, actor = self._terms.organisation_id, self._terms.actor
        if self._terms.is_dry:
            return
        if chunk.new:
            await write_orders(connection, organisation, chunk.new, actor=actor)
        lined = [
            (change.loaded.id, change.computed["lines"])
            for change, differ in chunk.changes
            if differ
        ]
        await set_many_lines(connection, organisation, lined)
        await write_many(connection, ORDERS, [change for change, _ in chunk.changes], actor=actor)


def refuse(order: Prepared, outcome: Outcome, sentence: str | None = None) -> None:
    """All rows of an order; those with which nothing is wrong say why all the same."""
    rows: list[Prepared] = order.more["rows"]
    if sentence is not None:
        rows[0].reasons.append(reason(None, "", sentence))
    wrong = next((row for row in rows if row.reasons), rows[0])
    said = f"The order is refused for what stands in line {wrong.line}."
    for row in rows:
        outcome.refuse(row, *([] if row.reasons else [reason(None, "", said)]))


def _refused_already(order: Prepared, outcome: Outcome) -> bool:
    """What is wrong with an order as such (the database refused it) is told with its first row."""
    rows: list[Prepared] = order.more["rows"]
    rows[0].reasons.extend(each for each in order.reasons if each not in rows[0].reasons)
    if not any(row.reasons for row in rows):
        return False
    refuse(order, outcome)
    return True


def _with_product(line: Mapping[str, Any], products: FoundProducts) -> dict[str, Any]:
    """A line with its product, where there is one; what it says itself stays."""
    found = products.of(line)
    if found is None:
        return dict(line)
    own = {"sku": found.sku, "name": found.name, "category": found.category}
    product_id = found.id if isinstance(line.get("product_id"), UUID) else str(found.id)
    return {**line, "product_id": product_id} | {
        name: value for name, value in own.items() if not line.get(name)
    }


async def _target(taking: Taking) -> PreparedTarget[OrderPreparation]:
    async def make(held: HeldAgainst) -> OrderPreparation:
        return OrderPreparation(held, taking)

    preparer = Preparer(ORDERS, taking, make)
    products = NamedProducts(taking.terms.organisation_id)
    written = OrderRows(preparer, taking.terms, products)
    return PreparedTarget(preparer, written.write, resources=(), kept=[products])


ORDER_IMPORT = Importable(
    resource=ORDERS,
    fields=ORDER_FIELDS,
    keys=frozenset({"none", "id", *KEYS}),
    named_by=frozenset(),
    target=_target,
    together=(*KEYS, "id"),
)
