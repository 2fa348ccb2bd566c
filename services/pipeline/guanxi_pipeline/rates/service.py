"""Use cases of exchange rates: one a pair and day, and what an amount comes to on a day."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from guanxi_pipeline.errors import RateDayTaken
from guanxi_pipeline.rates.looking_up import rates_into
from guanxi_pipeline.rates.resources import EXCHANGE_RATES
from guanxi_pipeline.rates.rules import age_of
from guanxi_pipeline.rates.schemas import ExchangeRateCreate, ExchangeRateUpdate
from guanxi_pipeline.sum_rules import money
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

ONE_A_DAY = "uq_exchange_rates_day"
BY_ID = """
SELECT id FROM exchange_rates WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL
"""


async def create_exchange_rate(
    call: Call, connection: Connection, data: ExchangeRateCreate
) -> State:
    columns = {
        "source": None, **columns_of_rate(data.model_dump(exclude_unset=True)),
        "organisation_id": call.organisation, "id": data.id or new_id(),
    }  # fmt: skip
    demand_pair(columns)
    async with _one_a_day(columns):
        return await records.insert_record(connection, EXCHANGE_RATES, columns, actor=call.actor)


async def update_exchange_rate(
    call: Call, connection: Connection, exchange_rate_id: UUID, data: ExchangeRateUpdate,
    version: int | None,
) -> State:  # fmt: skip
    loaded = await records.load_record(
        connection, EXCHANGE_RATES, exchange_rate_id, scope=EVERYTHING
    )
    await check_version(connection, EXCHANGE_RATES, loaded, version)
    changes = columns_of_rate(data.model_dump(exclude_unset=True))
    whole = {**loaded.row, **changes}
    demand_pair(whole)
    async with _one_a_day(whole):
        return await records.update_record(
            connection, EXCHANGE_RATES, loaded, changes, actor=call.actor
        )


async def delete_exchange_rate(
    call: Call, connection: Connection, exchange_rate_id: UUID, version: int | None
) -> State:
    loaded = await records.load_record(
        connection, EXCHANGE_RATES, exchange_rate_id, scope=EVERYTHING
    )
    await check_version(connection, EXCHANGE_RATES, loaded, version)
    return await records.delete_record(connection, EXCHANGE_RATES, loaded, actor=call.actor)


async def restore_exchange_rate(
    call: Call, connection: Connection, exchange_rate_id: UUID
) -> State:
    """Refused when the day was given another rate meanwhile."""
    loaded = await records.load_record(
        connection, EXCHANGE_RATES, exchange_rate_id, scope=EVERYTHING, deleted=True
    )
    async with _one_a_day(loaded.row):
        return await records.restore_record(connection, EXCHANGE_RATES, loaded, actor=call.actor)


async def find_exchange_rates(
    call: Call, connection: Connection, field: str, value: str
) -> list[UUID]:
    if field != "id":
        raise UnknownReference(
            f"Exchange rates cannot be matched by {field!r}.", errors={"match": "Match by id."}
        )
    return [row["id"] for row in await connection.fetch(BY_ID, call.organisation, value)]


async def convert_amount(
    call: Call, amount: Decimal, currency: str, target: str, on: date
) -> dict[str, Any]:
    """What an amount comes to on a day, with the rate and its day; RateMissing without one."""
    shown = {"amount": money(amount, currency), "on": on}
    if currency == target:
        return shown | {
            "converted": money(amount, target), "rate": "1", "rate_date": on, "is_inverse": False,
            "via": None, "age_days": 0, "is_old": False,
        }  # fmt: skip
    rates = await rates_into(call.db, call.organisation, target, on)
    converted = rates.convert(amount, currency)
    rate = rates.known[currency]
    stated = {"via": None, **rate.shown(), "is_inverse": rate.is_inverse}
    stated.pop("currency")
    return shown | {"converted": money(converted, target), **stated, **age_of(rate, on)}


def columns_of_rate(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Stored columns; the number as the decimal that it was written as."""
    columns = dict(sent)
    columns.pop("id", None)
    if "rate" in columns:
        columns["rate"] = Decimal(str(columns["rate"]))
    return columns


def demand_pair(row: Mapping[str, Any]) -> None:
    """Invalid for a currency in itself."""
    if row["currency"] == row["base"]:
        raise Invalid(
            "A currency has no rate to itself.", errors={"base": "Name another currency."}
        )


@asynccontextmanager
async def _one_a_day(row: Mapping[str, Any]) -> AsyncIterator[None]:
    """The database decides, so that of two at once one is refused."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != ONE_A_DAY:
            raise
        pair = f"{row['currency']} to {row['base']}"
        raise RateDayTaken(
            f"There is a rate from {pair} for {row['valid_on']} already; change that one.",
            errors={"valid_on": f"{row['valid_on']} has a rate already."},
        ) from error
