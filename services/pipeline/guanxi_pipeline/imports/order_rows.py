"""Rows of a file as orders: whole orders are made, changed or refused, in a few statements a chunk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi_pipeline.imports.lined_deciding import CREATE, Deciding
from guanxi_pipeline.imports.lined_there import There, find_there
from guanxi_pipeline.imports.order_changing import change_of
from guanxi_pipeline.imports.order_fields import ORDER_FIELDS
from guanxi_pipeline.imports.order_preparing import ORDER_ROWS, OrderPreparation
from guanxi_pipeline.numbering import ORDER_NUMBERS
from guanxi_pipeline.orders.found_rules import found_by
from guanxi_pipeline.orders.lines import set_many_lines
from guanxi_pipeline.orders.placing import NewOrder, write_orders
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.orders.service import is_found_otherwise
from guanxi_pipeline.products.named import FoundProducts, NamedProducts
from guanxi_shared.db import Connection
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.named_records import NamedRecord
from guanxi_shared.imports.prepared import UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import take_turns
from guanxi_shared.many_records import Change, write_many
from guanxi_shared.records import Loaded


@dataclass(slots=True)
class Chunk:
    """What is there of it, and what is to be written."""

    there: There
    new: list[NewOrder] = field(default_factory=list)
    changes: list[tuple[Change, bool]] = field(default_factory=list)  # whether lines differ


class OrderRows:
    """Writes chunks of orders."""

    def __init__(
        self, preparer: Preparer[OrderPreparation], terms: Terms, products: NamedProducts
    ) -> None:
        self._preparer = preparer
        self._terms = terms
        self._products = products
        self._deciding = Deciding(terms, preparer, ORDER_ROWS)

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        outcome = Outcome()
        orders = [row for row in rows if not self._deciding.refused_already(row, outcome)]
        if not orders:
            return outcome
        await take_turns(connection, self._terms)
        there = await find_there(
            connection, self._terms, self._preparer, self._products, ORDERS, ORDER_NUMBERS, orders
        )
        chunk = Chunk(there)
        self._deciding.each(
            orders, self._preparer.now.gathering, outcome,
            lambda order: self._decide(order, chunk, outcome),
        )  # fmt: skip
        await self._enter(connection, chunk)
        return outcome

    def _decide(self, order: Prepared, chunk: Chunk, outcome: Outcome) -> None:
        account = self._deciding.account_of(order, chunk.there)
        self._deciding.blame_unknown_products(order, chunk.there.products)
        decided = self._deciding.decide(order, chunk.there, outcome)
        if decided == CREATE:
            self._create(order, chunk, account, outcome)
        elif isinstance(decided, Loaded):
            self._change(order, decided, chunk, account, outcome)

    def _create(
        self, order: Prepared, chunk: Chunk, account: NamedRecord | None, outcome: Outcome
    ) -> None:
        if (against := order.more.get("against_new")) is not None:
            self._preparer.now.gathering.blame(order, *against)
            return self._deciding.refuse(order, outcome)
        if (said := self._deciding.against_new(order, chunk.there)) is not None:
            return self._deciding.refuse(order, outcome, said)
        made: NewOrder = order.more["order"]
        row = {**made.row, **({"account_id": account.id} if account is not None else {})}
        lines = [_with_product(line, chunk.there.products) for line in made.lines]
        chunk.new.append(NewOrder(row, lines, None if account is None else account.name))
        return self._deciding.note_new(order, chunk.there, row["id"], outcome)

    def _change(
        self, order: Prepared, loaded: Loaded, chunk: Chunk, account: NamedRecord | None,
        outcome: Outcome,
    ) -> None:  # fmt: skip
        sent = dict(order.more["sent"])
        if sent.get("lines"):
            sent["lines"] = [_with_product(line, chunk.there.products) for line in sent["lines"]]
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
            return
        lines, row = change.computed["lines"], loaded.row
        if is_found_otherwise(loaded, change.columns, lines):
            names = chunk.there.account_names
            name = names.get(row["account_id"]) if account is None else account.name
            whole = {**row, **change.columns, "lines": lines}
            change.columns = {**change.columns, **found_by(whole, account_name=name)}
        chunk.changes.append((change, lines != loaded.computed["lines"]))
        outcome.counts[UPDATED] += len(order.more["rows"])

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
    keys=frozenset({"none", "id", *ORDER_ROWS.keys}),
    named_by=frozenset(),
    target=_target,
    together=(*ORDER_ROWS.keys, "id"),
)
