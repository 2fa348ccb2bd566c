"""How a person is erased from deals, quotes and orders: what names them goes, what was sold stays."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders.found_rules import FOUND_BY as FOUND_ORDER_BY
from guanxi_pipeline.orders.found_rules import found_by as found_order_by
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.privacy.erasing import Erasing
from guanxi_pipeline.privacy.text_rules import changes_of, told_of
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.rules import found_by as found_quote_by
from guanxi_pipeline.references.service import names_of_accounts
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.records import exactly, forget
from guanxi_shared.erasing.traces import NAMED
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import Loaded
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
LOG: Final = """
SELECT subject_id, before::text, after::text FROM events
WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[]) AND subject_type = $3
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
    """First the rows, each with its event, then the log, that event's `before` included."""
    connection = erasing.connection
    loaded = await load_many(connection, resource, theirs)
    log = await _log_of(erasing, resource, loaded)
    changes, all_told = [], []
    for record in loaded.values():
        told = told_of(
            record.id, log[record.id], fields, needles=erasing.needles,
            whole_texts=erasing.whole_texts, is_theirs=theirs[record.id],
        )  # fmt: skip
        all_told += told
        if told_now := changes_of(_present(record), told):
            changes.append(_change(resource, record, told_now))
    await _add_words(erasing, resource, changes)
    await _set_order_lines(erasing, changes)
    rows = await write_many(connection, resource, changes, actor=erasing.actor)
    erasing.ids += [change.loaded.id for change in changes]
    events = await forget(erasing, resource.noun, all_told)
    return {str(resource.table.name): rows, "events": events}


async def _log_of(
    erasing: Erasing, resource: Resource, loaded: Mapping[UUID, Loaded]
) -> dict[UUID, list[dict[str, Any]]]:
    """What every record is, and ever was."""
    found = {id: [_present(record)] for id, record in loaded.items()}
    rows = await erasing.connection.fetch(LOG, erasing.organisation, list(found), resource.noun)
    for row in rows:
        texts = (row["before"], row["after"])
        found[row["subject_id"]] += [exactly(text) for text in texts if text is not None]
    return found


def _change(resource: Resource, record: Loaded, told: Mapping[str, Any]) -> Change:
    """A deleted one stays so for whoever follows: an update would be a sign of life."""
    columns = {name: value for name, value in told.items() if name not in resource.computed}
    computed = {name: value for name, value in told.items() if name in resource.computed}
    verb = "updated" if record.row["deleted_at"] is None else "deleted"
    return Change(record, columns, computed=computed, verb=verb)


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


def _present(record: Loaded) -> dict[str, Any]:
    whole = {**record.row, **record.computed}
    found: dict[str, Any] = orjson.loads(orjson.dumps(whole, default=str))
    return found
