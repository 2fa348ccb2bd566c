"""Opportunities from a phone: its few columns as the API's documents, through the same use cases."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.opportunities import service
from guanxi_pipeline.opportunities.schemas import OpportunityCreate, OpportunityUpdate
from guanxi_pipeline.sync.rules import amount_from
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.writes import parse_object

Values = Mapping[str, Any]
PLAIN: Final = ("account_id", "name", "stage_id", "close_on", "owner_id")
NEVER_EMPTY: Final = ("name", "stage_id")
CURRENCY: Final = "SELECT currency FROM directory_state WHERE organisation_id = $1"


async def create(call: Call, connection: Connection, id: UUID, values: Values) -> None:
    """A sum without a currency is one of the organisation's own."""
    if values.get("amount_minor") is not None and values.get("currency") is None:
        own = await connection.fetchval(CURRENCY, call.organisation)
        values = {**values, "currency": own or "CNY"}
    sent = {name: value for name, value in _fields(values, {}).items() if value is not None}
    data = parse_object(OpportunityCreate, {"id": str(id), **sent})
    await service.create_opportunity(call, connection, data)


async def update(
    call: Call, connection: Connection, id: UUID, values: Values, stored: Values
) -> None:
    sent = _fields(values, stored)
    for name in NEVER_EMPTY:
        if name in sent and sent[name] is None:
            del sent[name]
    if sent:
        data = parse_object(OpportunityUpdate, sent)
        await service.update_opportunity(call, connection, id, data, None)


async def delete(call: Call, connection: Connection, id: UUID, stored: Values) -> None:
    await service.delete_opportunity(call, connection, id, None)


def _fields(values: Values, stored: Values) -> dict[str, Any]:
    found = {name: values[name] for name in PLAIN if name in values}
    if {"amount_minor", "currency"} & set(values):
        found["amount"] = amount_from({**stored, **values})
    return found
