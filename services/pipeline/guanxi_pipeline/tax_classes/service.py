"""Use cases of tax classes, and the rates that hold on a day."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.tax_classes.resources import TAX_CLASSES
from guanxi_pipeline.tax_classes.schemas import TaxClassCreate, TaxClassUpdate
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

RATES = """
SELECT DISTINCT ON (code) code, rate FROM tax_classes
WHERE organisation_id = $2 AND code = ANY($3::text[]) AND valid_from <= $4 AND deleted_at IS NULL
ORDER BY code, valid_from DESC
"""
KNOWN = """
SELECT code FROM tax_classes WHERE organisation_id = $2 AND code = $3 AND deleted_at IS NULL LIMIT 1
"""
CODES = "SELECT DISTINCT code FROM tax_classes WHERE organisation_id = $2 AND deleted_at IS NULL"


async def create_tax_class(call: Call, connection: Connection, data: TaxClassCreate) -> State:
    columns: dict[str, Any] = data.model_dump(exclude={"id"})
    columns["rate"] = Decimal(str(data.rate))
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id()}
    return await records.insert_record(connection, TAX_CLASSES, columns, actor=call.actor)


async def update_tax_class(
    call: Call, connection: Connection, tax_class_id: UUID, data: TaxClassUpdate,
    version: int | None,
) -> State:  # fmt: skip
    loaded = await records.load_record(connection, TAX_CLASSES, tax_class_id, scope=EVERYTHING)
    await check_version(connection, TAX_CLASSES, loaded, version)
    changes = data.model_dump(exclude_unset=True)
    if "rate" in changes:
        changes["rate"] = Decimal(str(changes["rate"]))
    return await records.update_record(connection, TAX_CLASSES, loaded, changes, actor=call.actor)


async def delete_tax_class(
    call: Call, connection: Connection, tax_class_id: UUID, version: int | None
) -> State:
    loaded = await records.load_record(connection, TAX_CLASSES, tax_class_id, scope=EVERYTHING)
    await check_version(connection, TAX_CLASSES, loaded, version)
    return await records.delete_record(connection, TAX_CLASSES, loaded, actor=call.actor)


async def rates_on(call: Call, codes: Collection[str], on: date) -> Mapping[str, Decimal]:
    """Percent by code; a class that has no rate on the day is not in it."""
    if not codes:
        return {}
    rows = await call.db.lookup(call.organisation, RATES, call.organisation, sorted(set(codes)), on)
    return {row["code"]: row["rate"] for row in rows}


async def rates_within(
    connection: Connection, organisation: UUID, codes: Collection[str], on: date
) -> Mapping[str, Decimal]:
    """The same inside a transaction that is bound already."""
    if not codes:
        return {}
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({RATES}) AS found"
    rows = await connection.fetch(sql, "", organisation, sorted(set(codes)), on)
    return {row["code"]: row["rate"] for row in rows}


async def list_codes(database: Database, organisation: UUID) -> frozenset[str]:
    """Of every class there is."""
    rows = await database.fetch(organisation, CODES, organisation)
    return frozenset(row["code"] for row in rows)


async def demand_tax_class(call: Call, code: str | None) -> None:
    """The class exists, from whatever day on."""
    if code is None:
        return
    if not await call.db.lookup(call.organisation, KNOWN, call.organisation, code):
        raise UnknownReference(
            f"There is no tax class {code!r}.",
            errors={"tax_class": "Choose a code of GET /v1/products/tax-classes."},
        )
