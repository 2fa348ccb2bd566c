"""New orders into the database: one, or many in a few statements.

What is written was decided by `rules.order_from`. An order that begins placed is told as `created`, then
as `placed`; one that is brought in further on is told as `created` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.numbering import ORDER_NUMBERS, number_all
from guanxi_pipeline.orders.found_rules import found_by
from guanxi_pipeline.orders.line_rules import Line
from guanxi_pipeline.orders.lines import enter_lines, with_ids
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.orders.rules import order_from
from guanxi_pipeline.orders.schemas import OrderCreate
from guanxi_shared import records
from guanxi_shared.bulk import encoded, insert_events, insert_rows
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State, event_of, state_bytes
from guanxi_shared.resources import DOCUMENT
from guanxi_shared.writes import parse_object

ABOUT = """
SELECT s.currency, (now() AT TIME ZONE s.time_zone)::date AS today,
  (SELECT jsonb_object_agg(k.id, k.name) FROM known_accounts k
   WHERE k.organisation_id = $1 AND k.id = ANY($2::uuid[]))::text AS names
FROM (SELECT 1) AS one LEFT JOIN directory_state s ON s.organisation_id = $1
"""
NAMED_BY_US = ("quote_id", "is_account_verified")


@dataclass(frozen=True, slots=True)
class NewOrder:
    """All columns but the number, if none is brought, and the lines with their ids; by which name of its
    account it is found."""

    row: dict[str, Any]
    lines: list[Line]
    account_name: str | None

    def found_by(self) -> dict[str, Any]:
        """Once it has its number."""
        return found_by({**self.row, "lines": self.lines}, account_name=self.account_name)


async def place_order(
    connection: Connection, organisation: UUID, data: Mapping[str, Any], *, actor: Actor
) -> State:
    """An order as it was agreed elsewhere in this service (a quote that is accepted), placed.

    `data` is what `POST /v1/orders` takes, and `quote_id`. Whom it names was looked up by whoever calls;
    Invalid where it cannot be placed (nobody ordered, nothing was, several currencies)."""
    return (await place_many(connection, organisation, [data], actor=actor))[0]


async def place_many(
    connection: Connection, organisation: UUID, orders: Sequence[Mapping[str, Any]], *, actor: Actor
) -> list[State]:
    """Many of them, each with its own `status` (placed, unless it says so), in some ten statements:
    number, rows, lines and events. The first that cannot be written refuses all."""
    if not orders:
        return []
    checked = [_checked(order) for order in orders]
    accounts = {order["account_id"] for order in checked if "account_id" in order}
    about = await connection.fetchrow(ABOUT, organisation, sorted(accounts))
    assert about is not None
    names = orjson.loads(about["names"] or "{}")
    made = [
        new_order(
            order, organisation=organisation, own_currency=about["currency"] or "CNY",
            today=about["today"] or datetime.now(UTC).date(),
            account_name=names.get(str(order.get("account_id"))),
        )
        for order in checked
    ]  # fmt: skip
    return await write_orders(connection, organisation, made, actor=actor)


def _checked(order: Mapping[str, Any]) -> dict[str, Any]:
    """By the same model as a request; ids, days and decimals may come as such."""
    named = {name: order[name] for name in NAMED_BY_US if order.get(name) is not None}
    sent = {name: value for name, value in order.items() if name not in NAMED_BY_US}
    model = parse_object(OrderCreate, {"status": "placed", **sent})
    return model.model_dump(exclude_unset=True, exclude_none=True) | named


def new_order(
    sent: Mapping[str, Any], *, organisation: UUID, own_currency: str, today: date,
    account_name: str | None = None,
) -> NewOrder:  # fmt: skip
    wanted = {**sent, "lines": with_ids(sent.get("lines") or [])}
    row, lines = order_from(
        wanted, organisation=organisation, own_currency=own_currency, today=today
    )
    now = datetime.now(UTC)
    row = {"number": None, **row, "id": row.get("id") or new_id()}
    row |= {"version": 1, "created_at": now, "updated_at": now}
    return NewOrder(row, lines, account_name)


async def write_order(
    connection: Connection, organisation: UUID, new: NewOrder, *, actor: Actor
) -> State:
    """One, in as few statements as it takes."""
    await number_all(connection, organisation, ORDER_NUMBERS, [new.row])
    first = {**new.row, "status": "draft"} if new.row["status"] == "placed" else new.row
    computed, whole = {"lines": new.lines}, {**first, **new.found_by()}
    state = await records.insert_record(connection, ORDERS, whole, actor=actor, computed=computed)
    await enter_lines(connection, organisation, [(new.row["id"], new.lines)])
    if first is new.row:
        return state
    return await records.update_record(
        connection,
        ORDERS,
        Loaded(first, computed),
        {"status": "placed"},
        actor=actor,
        verb="placed",
    )


async def write_orders(
    connection: Connection, organisation: UUID, orders: Sequence[NewOrder], *, actor: Actor
) -> list[State]:
    await number_all(connection, organisation, ORDER_NUMBERS, [order.row for order in orders])
    logged: list[list[Any]] = []
    rows, states = [], []
    for order in orders:
        row, state = _as_written(order, actor, logged)
        rows.append(encoded(ORDERS, {**row, **order.found_by()}))
        states.append(state)
    await insert_rows(connection, ORDERS, rows)
    await enter_lines(connection, organisation, [(o.row["id"], o.lines) for o in orders])
    await insert_events(connection, logged)
    return states


def _as_written(
    order: NewOrder, actor: Actor, logged: list[list[Any]]
) -> tuple[dict[str, Any], State]:
    """The row with its document, and its state; its events are left in `logged`."""
    row, computed = dict(order.row), {"lines": order.lines}
    status = row["status"]
    if status == "placed":
        row["status"] = "draft"
    state = ORDERS.state(row, computed)
    after = state_bytes(state)
    logged.append(event_of(ORDERS, "created", row, after, actor, changed=(), before=None))
    if status == "placed":
        row |= {"status": status, "version": 2}
        state = ORDERS.state(row, computed)
        after, before, names = state_bytes(state), {"status": "draft"}, ("status",)
        logged.append(event_of(ORDERS, "placed", row, after, actor, changed=names, before=before))
    return {**row, DOCUMENT: after.decode()}, state
