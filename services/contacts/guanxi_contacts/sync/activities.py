"""Activities from a phone: visits, tasks and notes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from guanxi_contacts.activities import service
from guanxi_contacts.activities.schemas import ActivityCreate, ActivityUpdate
from guanxi_contacts.sync.rules import fitted, ids_with, is_over
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.sync.cells import as_instant
from guanxi_shared.writes import parse_object

Values = Mapping[str, Any]
PLAIN = (
    "kind", "subject", "body", "status", "opportunity_id", "latitude", "longitude", "owner_id",
)  # fmt: skip


async def create(call: Call, connection: Connection, id: UUID, values: Values) -> None:
    """Of an unknown kind it is a note, which says least. What took place already clashes with nothing."""
    sent = _fields(fitted({"kind": "note", **values}, {}), {})
    given = {"id": str(id), **{name: value for name, value in sent.items() if value is not None}}
    data = parse_object(ActivityCreate, given)
    plain = data.model_dump(exclude_unset=True, exclude_none=True)
    over = is_over(values, call.clock.now)
    await service.insert_activity(call, connection, plain, may_clash=over)


async def update(
    call: Call, connection: Connection, id: UUID, values: Values, stored: Values
) -> None:
    sent = _fields(fitted(values, stored), stored)
    if sent:
        data = parse_object(ActivityUpdate, sent)
        await service.update_activity(call, connection, id, data, None)


async def delete(call: Call, connection: Connection, id: UUID, stored: Values) -> None:
    await service.delete_activity(call, connection, id, None)


def _fields(values: Values, stored: Values) -> dict[str, Any]:
    found = {name: values[name] for name in PLAIN if name in values}
    for name in ("starts_at", "done_at"):
        if name in values:
            found[name] = None if values[name] is None else as_instant(values[name]).isoformat()
    for name, listed in (("account_id", "account_ids"), ("contact_id", "contact_ids")):
        if name in values:
            found[listed] = ids_with(stored.get(f"_{listed}") or [], values[name])
    return found | _end_of(values, stored)


def _end_of(values: Values, stored: Values) -> dict[str, Any]:
    """A phone knows no end: what is moved keeps its length."""
    if "starts_at" not in values or stored.get("_ends_at") is None:
        return {}
    if values["starts_at"] is None:
        return {"ends_at": None, "duration_minutes": None}
    minutes = stored.get("_duration_minutes") or 0
    ends_at = as_instant(values["starts_at"]) + timedelta(minutes=minutes)
    return {"ends_at": ends_at.isoformat() if minutes else None}
