"""Use cases of orders: load, decide, change, publish. New ones are written in placing.py, what comes back
in returning.py."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders import rules, status_rules
from guanxi_pipeline.orders.found_rules import FOUND_BY, bought, found_by
from guanxi_pipeline.orders.line_rules import Line
from guanxi_pipeline.orders.lines import set_lines
from guanxi_pipeline.orders.placing import new_order, write_order
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.orders.schemas import Cancel, Fulfil, OrderCreate, OrderUpdate, Place
from guanxi_pipeline.products.service import demand_products
from guanxi_pipeline.rates.looking_up import own_currency
from guanxi_pipeline.references.service import find_references, name_of_account
from guanxi_shared import records, selects
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.schema import WORDS
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import predicate
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, stored

SHAPES = Shapes()
MATCHED = ("number", "external_id")
BY_ID = "SELECT id FROM orders WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
BY_WORD = """
SELECT id FROM orders WHERE organisation_id = $1 AND {column} = $2::text AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_order(call: Call, connection: Connection, data: OrderCreate) -> State:
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    sent = {"owner_id": call.by.user_id, **sent}
    sent["custom"] = await stored(call, ORDERS, sent.get("custom", {}))
    account_name = await _set_references(call, sent)
    await demand_products(call, _products(sent.get("lines", ())), field="lines")
    await owned_by(call, connection, ORDERS, sent)
    new = new_order(
        sent, organisation=call.organisation, own_currency=await own_currency(call),
        today=call.clock.today, account_name=account_name,
    )  # fmt: skip
    return await write_order(connection, call.organisation, new, actor=call.actor)


async def load_order(call: Call, connection: Connection, order_id: UUID) -> Loaded:
    scope = await call.scope(ORDERS.name)
    return await records.load_record(connection, ORDERS, order_id, scope=scope)


async def update_order(
    call: Call, connection: Connection, order_id: UUID, data: OrderUpdate, version: int | None
) -> State:
    """A merge patch under If-Match. What was agreed of a placed order is told as `changed`."""
    sent = data.model_dump(exclude_unset=True)
    if "lines" in sent and isinstance(connection, Deferred):
        await connection.open()  # the lines are rows of their own
    loaded = await load_order(call, connection, order_id)
    await check_version(connection, ORDERS, loaded, version)
    if "custom" in sent:
        sent["custom"] = await stored(call, ORDERS, sent["custom"], present=loaded.row["custom"])
    account_name = await _set_references(call, sent)
    new = _products(sent.get("lines", ())) - _products(loaded.computed["lines"])
    await demand_products(call, new, field="lines")
    await owned_by(call, connection, ORDERS, sent)
    changes, lines = _changes(call, loaded, sent)
    if is_found_otherwise(loaded, changes, lines):
        whole = {**loaded.row, **changes, "lines": lines}
        if "account_id" not in changes:
            account_name = await name_of_account(connection, call.organisation, whole["account_id"])
        changes |= found_by(whole, account_name=account_name)
    return await _write(call, connection, loaded, changes, lines)


def _changes(call: Call, loaded: Loaded, sent: dict[str, Any]) -> tuple[dict[str, Any], list[Line]]:
    present = loaded.computed["lines"]
    changes, lines = rules.changes_from(sent, loaded.row, present, new_id)
    status = loaded.row["status"]
    different = differing(loaded, changes, lines)
    status_rules.demand_editable(status, different)
    if status != "draft" and different & status_rules.AGREED:
        status_rules.demand_placeable({**loaded.row, **changes}, lines, call.clock.today)
    return changes, lines


def differing(loaded: Loaded, changes: Mapping[str, Any], lines: list[Line]) -> set[str]:
    """The fields that a patch really changes, by the names of the API."""
    found = {n for n, value in changes.items() if n not in WORDS and value != loaded.row[n]}
    if "shipping_amount" in found:
        found.add("shipping")
    return found | ({"lines"} if lines != loaded.computed["lines"] else set())


def is_found_otherwise(loaded: Loaded, changes: Mapping[str, Any], lines: list[Line]) -> bool:
    """Whether the words change that it is found by; what becomes of its lines changes none."""
    different = differing(loaded, changes, lines) & FOUND_BY
    return bool(different - {"lines"}) or bought(lines) != bought(loaded.computed["lines"])


async def _write(
    call: Call, connection: Connection, loaded: Loaded, changes: Mapping[str, Any], lines: list[Line],
    verb: str | None = None, more: Mapping[str, Any] | None = None,
) -> State:  # fmt: skip
    """The order and, where they differ, its lines; the verb says what of an agreed order changed."""
    if lines != loaded.computed["lines"]:
        await set_lines(connection, call.organisation, loaded.id, lines)
    if verb is None:
        is_agreed = loaded.row["status"] != "draft"
        differs = differing(loaded, changes, lines) & status_rules.AGREED
        verb = "changed" if is_agreed and differs else "updated"
    return await records.update_record(
        connection, ORDERS, loaded, changes, actor=call.actor, computed={"lines": lines}, verb=verb,
        more=more,
    )  # fmt: skip


async def place(
    call: Call, connection: Connection, order_id: UUID, data: Place, version: int | None
) -> State:
    loaded = await _begun(call, connection, order_id, "place", version)
    day = data.ordered_on or loaded.row["ordered_on"] or call.clock.today
    changes = {"status": "placed", "ordered_on": day}
    lines = loaded.computed["lines"]
    status_rules.demand_placeable({**loaded.row, **changes}, lines, call.clock.today)
    return await _write(call, connection, loaded, changes, lines, "placed")


async def confirm(call: Call, connection: Connection, order_id: UUID, version: int | None) -> State:
    loaded = await _begun(call, connection, order_id, "confirm", version)
    lines = loaded.computed["lines"]
    return await _write(call, connection, loaded, {"status": "confirmed"}, lines, "confirmed")


async def fulfil(
    call: Call, connection: Connection, order_id: UUID, data: Fulfil, version: int | None
) -> State:
    """All that is left, or these quantities; the row's lock makes two at once take turns."""
    loaded = await _begun(call, connection, order_id, "fulfil", version)
    wanted = None if data.lines is None else [line.model_dump() for line in data.lines]
    lines, done = status_rules.fulfilled_lines(loaded.computed["lines"], wanted)
    changes = {"status": status_rules.status_after(loaded.row["status"], lines)}
    more = {"fulfilment": done}
    return await _write(call, connection, loaded, changes, lines, "fulfilled", more)


async def cancel(
    call: Call, connection: Connection, order_id: UUID, data: Cancel, version: int | None
) -> State:
    loaded = await _begun(call, connection, order_id, "cancel", version)
    day = loaded.row["ordered_on"] or call.clock.today
    changes = {"status": "cancelled", "cancel_reason": data.reason, "ordered_on": day}
    lines = loaded.computed["lines"]
    return await _write(call, connection, loaded, changes, lines, "cancelled")


async def _begun(
    call: Call, connection: Connection, order_id: UUID, action: str, version: int | None
) -> Loaded:
    """The order under its lock, of a status that the action is for."""
    loaded = await load_order(call, connection, order_id)
    await check_version(connection, ORDERS, loaded, version)
    status_rules.demand_status(action, loaded.row["status"])
    return loaded


async def delete_order(
    call: Call, connection: Connection, order_id: UUID, version: int | None
) -> State:
    loaded = await load_order(call, connection, order_id)
    await check_version(connection, ORDERS, loaded, version)
    return await records.delete_record(connection, ORDERS, loaded, actor=call.actor)


async def restore_order(call: Call, connection: Connection, order_id: UUID) -> State:
    scope = await call.scope(ORDERS.name)
    loaded = await records.load_record(connection, ORDERS, order_id, scope=scope, deleted=True)
    return await records.restore_record(connection, ORDERS, loaded, actor=call.actor)


async def find_orders(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The orders that a batch's `match` or an import's key means (at most a thousand)."""
    if field == "id":
        return [row["id"] for row in await connection.fetch(BY_ID, call.organisation, value)]
    if field not in MATCHED:
        raise UnknownReference(
            f"Orders cannot be matched by {field!r}.",
            errors={"match": "Match by id, number or external_id."},
        )
    sql = BY_WORD.format(column=field)
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]


async def _set_references(call: Call, sent: dict[str, Any]) -> str | None:
    """Whom it names exists for the caller, merged ones as their survivors; so does its deal. The
    account's name, if one is named and known."""
    name = None
    if (account_id := sent.get("account_id")) is not None:
        found = await find_references(call, "accounts", [account_id], field="account_id")
        meant = found[account_id]
        sent |= {"account_id": meant.id, "is_account_verified": meant.is_verified}
        name = meant.name
    elif "account_id" in sent:
        sent["is_account_verified"] = True
    if (contact_id := sent.get("contact_id")) is not None:
        people = await find_references(call, "contacts", [contact_id], field="contact_id")
        sent["contact_id"] = people[contact_id].id
    if (opportunity_id := sent.get("opportunity_id")) is not None:
        await _demand_opportunity(call, opportunity_id)
    return name


def _products(lines: Iterable[Mapping[str, Any]]) -> set[UUID]:
    return {UUID(str(id)) for line in lines if (id := line.get("product_id")) is not None}


async def _demand_opportunity(call: Call, opportunity_id: UUID) -> None:
    scope = await call.scope_of(OPPORTUNITIES)
    table = OPPORTUNITIES.table
    compiled = SHAPES.get(
        ("opportunity", scope.shape),
        lambda: select(table.c.id).where(
            selects.of_organisation(table), table.c.id == bindparam("record", type_=Uuid),
            table.c.deleted_at.is_(None), predicate(table, scope),
        ),
    )  # fmt: skip
    values = {"organisation": call.organisation, "record": opportunity_id, **scope.params()}
    if not await call.db.lookup(call.organisation, compiled.sql, *compiled.args(values)):
        raise UnknownReference(
            f"There is no opportunity {str(opportunity_id)!r}.",
            errors={"opportunity_id": "There is no such opportunity."},
        )
