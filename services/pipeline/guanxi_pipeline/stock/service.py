"""Use cases of stock reports: each month comes out by itself, and goes on from the one before."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from guanxi_pipeline.errors import StockMonthTaken
from guanxi_pipeline.products.service import demand_products
from guanxi_pipeline.purchases.period_rules import step
from guanxi_pipeline.references.service import find_references
from guanxi_pipeline.stock import stock_rules as rules
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_pipeline.stock.schemas import StockReportCreate, StockReportUpdate
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by

ONE_A_MONTH = "uq_stock_reports_month"
DEFAULTS: Mapping[str, Any] = {
    "product_id": None, "sku": None, "bought": 0, "sold": 0, "adjusted": 0, "adjustment_reason": None,
    "restates_opening": False, "restatement_reason": None, "note": None, "external_id": None,
    "team_id": None,
}  # fmt: skip
# Months of one product of one distributor are written one after the other: each looks at its neighbours.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('stock ' || each.words, 0))
FROM (SELECT words FROM unnest($1::text[]) WITH ORDINALITY AS asked (words, n) ORDER BY n) AS each
"""
WHOSE = "SELECT reporter_id, product_key FROM stock_reports WHERE organisation_id = $1 AND id = $2"
NEIGHBOURS = """
SELECT month, opening, closing, restates_opening FROM stock_reports
WHERE organisation_id = $1 AND reporter_id = $2 AND product_key = $3 AND month = ANY($4::date[]) AND deleted_at IS NULL
"""
BY_ID = """
SELECT id FROM stock_reports WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL
"""
BY_WORD = """
SELECT id FROM stock_reports
WHERE organisation_id = $1 AND external_id = $2::text AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_stock_report(call: Call, connection: Connection, data: StockReportCreate) -> State:
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    account = (await find_references(call, "accounts", [data.account_id], field="account_id"))[
        data.account_id
    ]
    row = {
        **DEFAULTS, "owner_id": call.by.user_id, **sent, "id": data.id or new_id(),
        "organisation_id": call.organisation, "account_id": account.id, "reporter_id": account.id,
        "is_account_verified": account.is_verified,
    }  # fmt: skip
    if data.product_id is not None:
        await demand_products(call, [data.product_id], field="product_id")
    row |= {"product_key": rules.key_of(row), **rules.counted(row)}
    await owned_by(call, connection, STOCK_REPORTS, sent)
    await _demand_sequence(connection, row)
    async with _one_a_month(row):
        return await records.insert_record(connection, STOCK_REPORTS, row, actor=call.actor)


async def update_stock_report(
    call: Call, connection: Connection, stock_report_id: UUID, data: StockReportUpdate,
    version: int | None,
) -> State:  # fmt: skip
    """A merge patch; a closing that is not sent follows from the rest."""
    if isinstance(connection, Deferred):
        await connection.open()  # its neighbours are looked at, under a lock
    await _hold(call, connection, stock_report_id)
    loaded = await _load(call, connection, stock_report_id)
    await check_version(connection, STOCK_REPORTS, loaded, version)
    sent = data.model_dump(exclude_unset=True)
    whole = {**loaded.row, "closing": None, **sent}
    whole |= rules.counted(whole)
    await owned_by(call, connection, STOCK_REPORTS, sent)
    await _demand_sequence(connection, whole)
    changes = {name: whole[name] for name in {*sent, "closing"}}
    return await records.update_record(connection, STOCK_REPORTS, loaded, changes, actor=call.actor)


async def delete_stock_report(
    call: Call, connection: Connection, stock_report_id: UUID, version: int | None
) -> State:
    loaded = await _load(call, connection, stock_report_id)
    await check_version(connection, STOCK_REPORTS, loaded, version)
    return await records.delete_record(connection, STOCK_REPORTS, loaded, actor=call.actor)


async def restore_stock_report(call: Call, connection: Connection, stock_report_id: UUID) -> State:
    """Only where it still fits between its neighbours."""
    await _hold(call, connection, stock_report_id)
    loaded = await _load(call, connection, stock_report_id, deleted=True)
    await _demand_sequence(connection, loaded.row)
    async with _one_a_month(loaded.row):
        return await records.restore_record(connection, STOCK_REPORTS, loaded, actor=call.actor)


async def find_stock_reports(
    call: Call, connection: Connection, field: str, value: str
) -> list[UUID]:
    sql = {"id": BY_ID, "external_id": BY_WORD}.get(field)
    if sql is None:
        raise UnknownReference(
            f"Stock reports cannot be matched by {field!r}.",
            errors={"match": "Match by id or external_id."},
        )
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]


async def _load(
    call: Call, connection: Connection, stock_report_id: UUID, *, deleted: bool = False
) -> Loaded:
    scope = await call.scope_of(STOCK_REPORTS)
    return await records.load_record(
        connection, STOCK_REPORTS, stock_report_id, scope=scope, deleted=deleted
    )


async def hold_sequences(
    connection: Connection, organisation: UUID, whose: Iterable[tuple[UUID, str]]
) -> None:
    """Nobody else writes months of these reporters and products until the transaction ends. Always taken
    in one order, and before any row is: two who hold several do not wait for each other."""
    words = sorted({f"{organisation} {reporter} {product}" for reporter, product in whose})
    await connection.execute(LOCK, words)


async def _hold(call: Call, connection: Connection, stock_report_id: UUID) -> None:
    """Whose a report is and of what never changes, so it can be read before anything is locked."""
    found = await connection.fetchrow(WHOSE, call.organisation, stock_report_id)
    if found is not None:
        await hold_sequences(connection, call.organisation, [tuple(found)])


async def _demand_sequence(connection: Connection, row: Mapping[str, Any]) -> None:
    whose = (row["organisation_id"], row["reporter_id"], row["product_key"])
    await hold_sequences(connection, whose[0], [whose[1:]])
    before, after = (step(row["month"], "month", count) for count in (-1, 1))
    rows = await connection.fetch(NEIGHBOURS, *whose, [before, after])
    found = {each["month"]: dict(each) for each in rows}
    rules.demand_opening(row, found.get(before))
    rules.demand_following(row, found.get(after))


@asynccontextmanager
async def _one_a_month(row: Mapping[str, Any]) -> AsyncIterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != ONE_A_MONTH:
            raise
        raise month_taken(row["month"]) from error


def month_taken(month: date) -> StockMonthTaken:
    said = month.isoformat()[:7]
    return StockMonthTaken(
        f"{said} was reported for this account and product already; change that report.",
        errors={"month": f"{said} was reported already."},
    )
