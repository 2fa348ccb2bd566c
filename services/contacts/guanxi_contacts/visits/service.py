"""Use cases of visits: arriving at a customer and leaving."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_contacts.activities.occurrences import STANDING, differ
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.activities.service import insert_activity, load_activity
from guanxi_contacts.errors import AlreadyChecked, NotCheckedIn, NotVisited, VisitCancelled
from guanxi_contacts.places.rules import Point
from guanxi_contacts.places.service import placed_accounts, point_of
from guanxi_contacts.settings import own_settings
from guanxi_contacts.visits import rules
from guanxi_contacts.visits.rules import Reference
from guanxi_contacts.visits.schemas import CheckIn, UnplannedCheckIn
from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, NotFound, UnknownReference
from guanxi_shared.records import Loaded, State

COLUMNS = (
    "organisation_id", "activity_id", "step", "at", "device_at", "sent_at", "is_clock_suspect",
    "latitude", "longitude", "accuracy_m", "measured_from", "account_id", "distance_m", "is_far",
    "tolerance_m", "device_id", "note", "photo_ids", "by_id",
)  # fmt: skip
NAMES = ", ".join(COLUMNS)
KEEP = (
    f"INSERT INTO visit_checks ({NAMES})"
    f" VALUES ({', '.join(f'${i}' for i in range(1, len(COLUMNS) + 1))})"
)
# The activity's own row is under lock, so nobody else checks in or out meanwhile.
CHECKS = f"SELECT {NAMES} FROM visit_checks WHERE organisation_id = $1 AND activity_id = $2"
SEEN = f"SELECT {NAMES} FROM visit_checks WHERE organisation_id = $2 AND activity_id = $3"
Checks = dict[str, dict[str, Any]]


async def check_in(call: Call, connection: Connection, activity_id: UUID, data: CheckIn) -> State:
    loaded = await _load_visit(call, connection, activity_id, data)
    return await _arrive(call, connection, loaded, data)


async def check_out(call: Call, connection: Connection, activity_id: UUID, data: CheckIn) -> State:
    loaded = await _load_visit(call, connection, activity_id, data)
    checks = await _checks(connection, loaded)
    if "in" not in checks:
        raise NotCheckedIn("Nobody has checked in to this visit yet; check in first.")
    if "out" in checks:
        return _as_it_is(call, loaded, checks["out"], data, verb="out of")
    left = await _keep(call, connection, loaded, data, step="out")
    return await _show(call, connection, loaded, checks["in"], left)


async def check_in_unplanned(
    call: Call, connection: Connection, data: UnplannedCheckIn
) -> tuple[State, bool]:
    """The activity and whether this made it; one with the client's own id is made once."""
    if data.id is not None and (known := await _known(call, connection, data.id, data)) is not None:
        if data.account_id not in known.row["account_ids"]:
            raise Conflict(
                "An activity with this id exists already and differs.",
                errors={"id": "Taken; choose a new id."},
                code="id_taken",
            )
        return await _arrive(call, connection, known, data), False
    accounts = await placed_accounts(call, [data.account_id], within=connection)
    if (account := accounts.get(data.account_id)) is None:
        raise UnknownReference(
            f"There is no account with the id {str(data.account_id)!r}.",
            errors={"account_id": "There is no such account."},
        )
    sent = {
        "kind": "visit", "subject": data.subject or account["name"],
        "account_ids": [data.account_id], "starts_at": data.device_time or datetime.now(UTC),
    }  # fmt: skip
    made = await insert_activity(
        call, connection, sent | ({"id": data.id} if data.id else {}), may_clash=True
    )
    loaded = await load_activity(call, connection, UUID(str(made["id"])))
    return await _arrive(call, connection, loaded, data), True


async def read_visit(call: Call, activity_id: UUID) -> dict[str, Any]:
    """Both checks of a visible activity, null where there is none."""
    await reads.find_record(call, ACTIVITIES, activity_id)
    rows = await call.db.fetch(call.organisation, SEEN, call.organisation, activity_id)
    checks: Checks = {row["step"]: dict(row) for row in rows}
    arrived, left = checks.get("in"), checks.get("out")
    seconds = rules.seconds_between(arrived, left) if arrived and left else None
    return {
        "activity_id": activity_id,
        "check_in": arrived and _check_shown(arrived),
        "check_out": left and _check_shown(left),
        "duration_seconds": seconds,
    }


async def _load_visit(
    call: Call, connection: Connection, activity_id: UUID, data: CheckIn
) -> Loaded:
    """The visit, or the record of the occurrence that is meant, which is made if there is none."""
    loaded = await load_activity(call, connection, activity_id)
    row = loaded.row
    if row["kind"] != "visit":
        raise NotVisited(f"This activity is a {row['kind']}; one checks in to visits.")
    if row["recurrence"] is None:
        return loaded
    if data.recurrence_id is None:
        raise NotVisited(
            "This is a series of visits; say which of them.",
            errors={"recurrence_id": "Send the start of the occurrence."},
        )
    place = (call.organisation, activity_id, data.recurrence_id)
    own = await connection.fetchval(STANDING, *place)
    if own is None:
        made = await differ(call, connection, loaded, data.recurrence_id, {}, may_clash=True)
        own = UUID(str(made["id"]))
    return await load_activity(call, connection, own)


async def _known(
    call: Call, connection: Connection, activity_id: UUID, data: CheckIn
) -> Loaded | None:
    try:
        return await _load_visit(call, connection, activity_id, data)
    except NotFound:
        return None


async def _arrive(call: Call, connection: Connection, loaded: Loaded, data: CheckIn) -> State:
    checks = await _checks(connection, loaded)
    if "in" in checks:
        return _as_it_is(call, loaded, checks["in"], data, verb="in to")
    if loaded.row["status"] == "cancelled":
        raise VisitCancelled("This visit was cancelled; plan it anew, or check in without a plan.")
    arrived = await _keep(call, connection, loaded, data, step="in")
    return await _show(call, connection, loaded, arrived, None)


def _as_it_is(
    call: Call, loaded: Loaded, stored: Mapping[str, Any], data: CheckIn, *, verb: str
) -> State:
    """A repeated request changes nothing; another one does not overwrite what was said."""
    if stored["by_id"] != call.by.user_id or not rules.is_same_check(stored, _said(data)):
        raise AlreadyChecked(
            f"Somebody checked {verb} this visit at {stored['at']:%Y-%m-%dT%H:%M:%SZ} already."
        )
    return ACTIVITIES.state(loaded.row, loaded.computed)


async def _checks(connection: Connection, loaded: Loaded) -> Checks:
    rows = await connection.fetch(CHECKS, loaded.row["organisation_id"], loaded.id)
    return {row["step"]: dict(row) for row in rows}


def _said(data: CheckIn) -> dict[str, Any]:
    said = data.model_dump(include=set(CheckIn.model_fields) - {"recurrence_id"})
    return {**said, "device_at": said.pop("device_time")}


async def _keep(
    call: Call, connection: Connection, loaded: Loaded, data: CheckIn, *, step: str
) -> dict[str, Any]:
    now, tolerance = datetime.now(UTC), float(own_settings(call).visit_tolerance_m)
    check = {
        **_said(data),
        "organisation_id": call.organisation, "activity_id": loaded.id, "step": step, "at": now,
        "by_id": call.by.user_id, "tolerance_m": tolerance,
        "is_clock_suspect": rules.is_clock_suspect(
            now, device_at=data.device_time, sent_at=data.sent_at
        ),
        **rules.measured(
            Point(data.latitude, data.longitude), await _references(call, connection, loaded.row),
            accuracy_m=data.accuracy_m, tolerance_m=tolerance,
        ),
    }  # fmt: skip
    await connection.execute(KEEP, *(check[name] for name in COLUMNS))
    return check


async def _references(
    call: Call, connection: Connection, row: Mapping[str, Any]
) -> list[Reference]:
    """The activity's accounts that the caller sees (a distance tells where the others are), or the
    place that the activity names itself."""
    accounts = await placed_accounts(call, row["account_ids"], within=connection)
    placed = [(id, point_of(account)) for id, account in accounts.items()]
    found = [Reference(point, id) for id, point in placed if point is not None]
    own = point_of(row)
    return found if found or own is None else [Reference(own, None)]


async def _show(
    call: Call, connection: Connection, loaded: Loaded, arrived: Mapping[str, Any],
    left: Mapping[str, Any] | None,
) -> State:  # fmt: skip
    """The activity shows the visit, in a new version with an event."""
    return await records.update_record(
        connection, ACTIVITIES, loaded, {"visit": rules.summary(arrived, left)}, actor=call.actor,
        verb="checked_in" if left is None else "checked_out",
    )  # fmt: skip


NOWHERE = "Neither a visible account of the activity nor the activity itself has a position."


def _check_shown(check: Mapping[str, Any]) -> dict[str, Any]:
    hidden = ("organisation_id", "activity_id", "step", "device_at")
    shown = {name: value for name, value in check.items() if name not in hidden}
    reason = NOWHERE if check["distance_m"] is None else None
    return {**shown, "device_time": check["device_at"], "reason": reason}
