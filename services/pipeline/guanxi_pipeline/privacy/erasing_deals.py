"""How a person is erased from deals, quotes, orders and invoices: what names them goes, what was sold and
what was paid stays."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.invoices.resources import INVOICES
from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders.found_rules import FOUND_BY as FOUND_ORDER_BY
from guanxi_pipeline.orders.found_rules import found_by as found_order_by
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.payments.resources import PAYMENTS
from guanxi_pipeline.privacy.erasing import Erasing
from guanxi_pipeline.privacy.text_rules import told_of
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.rules import found_by as found_quote_by
from guanxi_pipeline.references.service import names_of_accounts
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.rules import Told
from guanxi_shared.erasing.texts import States, texts_told, write_texts
from guanxi_shared.erasing.traces import NAMED
from guanxi_shared.many_records import Change
from guanxi_shared.resources import Resource

# What people write there, with what an empty one is.
OF_DEALS: Final[Mapping[str, Any]] = {
    "name": "", "description": None, "next_step": None, "reason_note": None, "competitors": [],
    "source": None, "external_id": None, "tags": [], "custom": {}, "lines": [],
}  # fmt: skip
OF_QUOTES: Final[Mapping[str, Any]] = {
    "name": "", "terms": None, "description": None, "decision": None, "external_id": None, "tags": [],
    "custom": {}, "lines": [], "approvals": [],
}  # fmt: skip
OF_ORDERS: Final[Mapping[str, Any]] = {
    "description": None, "cancel_reason": None, "source": None, "external_id": None, "tags": [],
    "custom": {}, "lines": [], "return": {},  # the last is in the log alone
}  # fmt: skip
OF_STOCK: Final[Mapping[str, Any]] = {
    "adjustment_reason": None, "restatement_reason": None, "note": None, "external_id": None,
}  # fmt: skip
OF_INVOICES: Final[Mapping[str, Any]] = {
    "void_reason": None, "reference": None, "notes": None, "external_id": None,
}  # fmt: skip
OF_PAYMENTS: Final[Mapping[str, Any]] = {"reference": None, "notes": None, "external_id": None}
# What a record is found by, and of which texts it is made.
FOUND: Final[Mapping[str, tuple[Callable[..., dict[str, Any]], frozenset[str]]]] = {
    OPPORTUNITIES.name: (found_by, frozenset({"name", "external_id"})),
    QUOTES.name: (found_quote_by, frozenset({"name", "external_id"})),
    ORDERS.name: (found_order_by, FOUND_ORDER_BY),
}

QUOTES_OF: Final = """
SELECT id, coalesce({noun}_id = ANY($2::uuid[]), false) AS is_theirs FROM quotes
WHERE organisation_id = $1 AND ({noun}_id = ANY($2::uuid[]) OR opportunity_id = ANY($3::uuid[]))
"""
ORDERS_OF: Final = """
SELECT id, coalesce({noun}_id = ANY($2::uuid[]), false) AS is_theirs FROM orders
WHERE organisation_id = $1 AND ({noun}_id = ANY($2::uuid[]) OR opportunity_id = ANY($3::uuid[]))
"""
REPORTS_OF: Final = "SELECT id, true AS is_theirs FROM stock_reports WHERE organisation_id = $1 AND account_id = ANY($2::uuid[])"
INVOICES_OF: Final = """
SELECT i.id, coalesce(i.{noun}_id = ANY($2::uuid[]), false) AS is_theirs FROM invoices i
LEFT JOIN orders o ON o.organisation_id = i.organisation_id AND o.id = i.order_id
WHERE i.organisation_id = $1 AND (i.{noun}_id = ANY($2::uuid[]) OR o.{noun}_id = ANY($2::uuid[])
  OR o.opportunity_id = ANY($3::uuid[]))
"""
PAYMENTS_OF: Final = f"""
SELECT p.id, true AS is_theirs FROM ({INVOICES_OF}) AS i
JOIN payments p ON p.organisation_id = $1 AND p.invoice_id = i.id
"""
ORDER_LINES: Final = """
UPDATE order_lines AS l SET name = s.name FROM unnest($2::uuid[], $3::text[]) AS s (id, name)
WHERE l.organisation_id = $1 AND l.id = s.id AND l.name IS DISTINCT FROM s.name
"""
RETURNS: Final = f"""
UPDATE order_returns AS r SET note = NULL, reason = CASE WHEN {NAMED.format(text="r.reason")} THEN '' ELSE r.reason END
WHERE r.organisation_id = $1 AND r.order_id = ANY($3::uuid[])
  AND {NAMED.format(text="concat_ws(' ', r.reason, r.note)")}
"""


async def erase_quotes(erasing: Erasing) -> dict[str, int]:
    """Before orders and deals, as an acceptance holds them."""
    return await _erase_texts(erasing, QUOTES, OF_QUOTES, await _theirs(erasing, QUOTES_OF))


async def erase_orders(erasing: Erasing) -> dict[str, int]:
    theirs = await _theirs(erasing, ORDERS_OF)
    counts = await _erase_texts(erasing, ORDERS, OF_ORDERS, theirs)
    needles = [in_json(needle) for needle in erasing.needles]
    done = await erasing.connection.execute(RETURNS, erasing.organisation, needles, list(theirs))
    return counts | {"order_returns": int(done.rpartition(" ")[2])}


async def erase_stock_reports(erasing: Erasing) -> dict[str, int]:
    """Whoever reports stock is an account."""
    if erasing.noun != "account":
        return {}
    rows = await erasing.connection.fetch(REPORTS_OF, erasing.organisation, list(erasing.known_ids))
    theirs = {row["id"]: row["is_theirs"] for row in rows}
    return await _erase_texts(erasing, STOCK_REPORTS, OF_STOCK, theirs)


async def erase_invoices(erasing: Erasing) -> dict[str, int]:
    """Before payments, as whoever takes one holds them."""
    theirs = await _theirs(erasing, INVOICES_OF)
    return await _erase_texts(erasing, INVOICES, OF_INVOICES, theirs)


async def erase_payments(erasing: Erasing) -> dict[str, int]:
    theirs = await _theirs(erasing, PAYMENTS_OF)
    return await _erase_texts(erasing, PAYMENTS, OF_PAYMENTS, theirs)


async def erase_deals(erasing: Erasing) -> dict[str, int]:
    theirs = dict.fromkeys(erasing.deal_ids, True)
    return await _erase_texts(erasing, OPPORTUNITIES, OF_DEALS, theirs)


async def _theirs(erasing: Erasing, sql: str) -> dict[UUID, bool]:
    """Records by id, and whether they are the person's own."""
    if erasing.noun not in ("contact", "account"):
        return {}
    rows = await erasing.connection.fetch(
        sql.format(noun=erasing.noun), erasing.organisation, list(erasing.known_ids),
        list(erasing.deal_ids),
    )  # fmt: skip
    return {row["id"]: row["is_theirs"] for row in rows}


async def _erase_texts(
    erasing: Erasing, resource: Resource, fields: Mapping[str, Any], theirs: Mapping[UUID, bool]
) -> dict[str, int]:
    def telling(id: UUID, states: States) -> list[Told]:
        return told_of(
            id, states, fields, needles=erasing.needles, whole_texts=erasing.whole_texts,
            is_theirs=theirs[id],
        )  # fmt: skip

    changes, told = await texts_told(erasing, resource, theirs, telling)
    await _add_words(erasing, resource, changes)
    await _set_order_lines(erasing, changes)
    return await write_texts(erasing, resource, changes, told)


async def _set_order_lines(erasing: Erasing, changes: Sequence[Change]) -> None:
    """Those of orders are rows of their own, shown inside it."""
    lines = [line for change in changes for line in change.computed.get("lines", ())]
    ids, names = [UUID(line["id"]) for line in lines], [line["name"] for line in lines]
    await erasing.connection.execute(ORDER_LINES, erasing.organisation, ids, names)


async def _add_words(erasing: Erasing, resource: Resource, changes: Sequence[Change]) -> None:
    """What a record is found by follows its texts."""
    if resource.name not in FOUND:
        return
    find, made_of = FOUND[resource.name]
    named = {change.loaded.row["account_id"] for change in changes}
    accounts = named - {None, *erasing.known_ids}
    names = await names_of_accounts(erasing.connection, erasing.organisation, accounts)
    for change in changes:
        if made_of & (change.columns.keys() | change.computed.keys()):
            row = {**change.loaded.row, **change.columns}
            row |= {**change.loaded.computed, **change.computed}
            words = find(row, account_name=names.get(row["account_id"]))
            change.columns = {**change.columns, **words}
