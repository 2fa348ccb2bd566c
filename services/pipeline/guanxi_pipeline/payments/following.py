"""Payments are their invoice's: account, owner and team follow it, of deleted ones, too."""

from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.payments.resources import PAYMENTS
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import Change, load_many, write_many

AT_ONCE: Final = 500
OF_INVOICE, OF_ACCOUNT = "i.id = $2", "i.account_id = $2"
APART: Final = """
SELECT p.id, i.account_id, i.owner_id, i.team_id FROM invoices i
JOIN payments p ON p.organisation_id = i.organisation_id AND p.invoice_id = i.id
WHERE i.organisation_id = $1 AND {which}
  AND (p.account_id, p.owner_id, p.team_id) IS DISTINCT FROM (i.account_id, i.owner_id, i.team_id)
ORDER BY p.id LIMIT $3
"""


async def follow_invoices(
    connection: Connection, organisation: UUID, which: str, id: UUID, *, actor: Actor
) -> None:
    """Of one invoice, or of those of an account. Whoever changes an invoice holds it, and then these."""
    sql = APART.format(which=which)
    while rows := await connection.fetch(sql, organisation, id, AT_ONCE):
        whose: dict[UUID, dict[str, Any]] = {row["id"]: dict(row) for row in rows}
        loaded = await load_many(connection, PAYMENTS, whose)
        changes = [Change(each, _columns(whose[each.id])) for each in loaded.values()]
        await write_many(connection, PAYMENTS, changes, actor=actor)


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("account_id", "owner_id", "team_id")}
