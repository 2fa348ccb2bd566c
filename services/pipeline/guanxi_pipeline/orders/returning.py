"""What comes back of an order, and what is paid back: rows of their own, counted on their own day."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.orders.line_rules import money
from guanxi_pipeline.orders.lines import set_lines
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.orders.return_rules import Part, part_as_shown, refund_of, returned_lines
from guanxi_pipeline.orders.schemas import Return
from guanxi_pipeline.orders.service import load_order
from guanxi_pipeline.orders.status_rules import (
    demand_past,
    demand_since,
    demand_status,
    status_after,
)
from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.writes import check_version

KEEP = """
WITH made AS (INSERT INTO order_returns (organisation_id, id, order_id, returned_on, reason, note, refund, created_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING organisation_id, id, order_id)
INSERT INTO order_return_lines (organisation_id, id, return_id, order_id, line_id, quantity, amount, tax, cost)
SELECT m.organisation_id, e.id, m.id, m.order_id, e.line_id, e.quantity, e.amount, e.tax, e.cost
FROM made m CROSS JOIN jsonb_to_recordset($9::text::jsonb) AS e (id uuid, line_id uuid, quantity numeric,
  amount numeric, tax numeric, cost numeric)
"""
LISTED = """
SELECT r.id::text, r.returned_on, r.reason, r.note, r.refund, r.created_by::text, r.created_at, o.currency,
  (SELECT jsonb_agg(jsonb_build_object('line_id', l.line_id, 'quantity', l.quantity::text, 'amount', l.amount::text,
     'tax', l.tax::text, 'cost', l.cost::text) ORDER BY l.id)
   FROM order_return_lines l WHERE l.organisation_id = r.organisation_id AND l.return_id = r.id)::text AS lines
FROM order_returns r JOIN orders o ON o.organisation_id = r.organisation_id AND o.id = r.order_id
WHERE r.organisation_id = $2 AND r.order_id = $3 ORDER BY r.returned_on, r.id
"""


async def return_order(
    call: Call, connection: Connection, order_id: UUID, data: Return, version: int | None
) -> State:
    """Told as `refunded` when money goes back, else as `returned`; `before.return` says what."""
    loaded = await load_order(call, connection, order_id)
    await check_version(connection, ORDERS, loaded, version)
    demand_status("return", loaded.row["status"])
    currency, today = loaded.row["currency"], call.clock.today
    day = data.returned_on or today
    demand_past(day, today, field="returned_on")
    demand_since(day, loaded.row["ordered_on"])
    wanted = [line.model_dump() for line in data.lines]
    lines, parts = returned_lines(loaded.computed["lines"], wanted, currency)
    refund, return_id = refund_of(parts), new_id()
    await set_lines(connection, call.organisation, order_id, lines)
    await connection.execute(
        KEEP, call.organisation, return_id, order_id, day, data.reason, data.note, refund,
        call.by.user_id, _rows(parts),
    )  # fmt: skip
    told = {
        "id": str(return_id), "returned_on": day, "reason": data.reason,
        "refund": money(refund, currency), "lines": [part_as_shown(part, currency) for part in parts],
    }  # fmt: skip
    changes = {
        "status": status_after(loaded.row["status"], lines),
        "refunded_amount": loaded.row["refunded_amount"] + refund,
    }
    return await records.update_record(
        connection, ORDERS, loaded, changes, actor=call.actor, computed={"lines": lines},
        verb="refunded" if refund else "returned", more={"return": told},
    )  # fmt: skip


def _rows(parts: Sequence[Part]) -> str:
    rows = [{**part, "id": new_id()} for part in parts]
    return orjson.dumps(rows, default=str).decode()


async def list_returns(call: Call, order_id: UUID) -> dict[str, Any]:
    """The returns of a visible order, the first one first."""
    await reads.find_record(call, ORDERS, order_id)
    rows = await call.db.fetch(call.organisation, LISTED, call.organisation, order_id)
    return {"data": [_shown(dict(row)) for row in rows]}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    currency = row["currency"]
    parts = [
        {k: v if k == "line_id" or v is None else Decimal(v) for k, v in part.items()}
        for part in orjson.loads(row["lines"])
    ]
    shown = {name: value for name, value in row.items() if name not in ("currency", "lines")}
    return shown | {
        "refund": money(row["refund"], currency),
        "lines": [part_as_shown(part, currency) for part in parts],
    }
