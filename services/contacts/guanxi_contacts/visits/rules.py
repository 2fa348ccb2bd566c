"""How far from the customer, how long, and whether the device's clock can be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi_contacts.places.rules import Point, distance_m

CLOCK_TOLERANCE = timedelta(minutes=2)
Check = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a check is measured from: an account, or the place that the activity names itself."""

    point: Point
    account_id: UUID | None


def measured(
    here: Point, references: Sequence[Reference], *, accuracy_m: float | None, tolerance_m: float
) -> dict[str, Any]:
    """Columns of the nearest reference; all empty when nothing has a position."""
    if not references:
        return {"measured_from": None, "account_id": None, "distance_m": None, "is_far": None}
    nearest = min(references, key=lambda reference: distance_m(here, reference.point))
    distance = distance_m(here, nearest.point)
    return {
        "measured_from": "activity" if nearest.account_id is None else "account",
        "account_id": nearest.account_id,
        "distance_m": round(distance, 1),
        "is_far": is_far(distance, accuracy_m=accuracy_m, tolerance_m=tolerance_m),
    }


def is_far(distance: float, *, accuracy_m: float | None, tolerance_m: float) -> bool:
    """Beyond the tolerance even at the near edge of where the device can have been. An accuracy
    counts up to the tolerance itself: a device that knows nothing is no excuse for any distance."""
    return distance > tolerance_m + min(accuracy_m or 0.0, tolerance_m)


def is_clock_suspect(
    now: datetime, *, device_at: datetime | None, sent_at: datetime | None
) -> bool:
    """Whether the device's clock is off by more than two minutes. A device that was offline sends
    late, which is no fault: it says with `sent_at` what its clock shows while it sends. Without that
    only a time that is still to come is wrong for certain."""
    if sent_at is not None:
        return abs(now - sent_at) > CLOCK_TOLERANCE or (
            device_at is not None and device_at > sent_at + CLOCK_TOLERANCE
        )
    return device_at is not None and device_at > now + CLOCK_TOLERANCE


def seconds_between(arrived: Check, left: Check) -> int:
    """By the device's clock where both times are to be believed, else by the server's."""
    began: datetime | None = arrived["device_at"]
    ended: datetime | None = left["device_at"]
    suspect = arrived["is_clock_suspect"] or left["is_clock_suspect"]
    if began is None or ended is None or suspect or ended < began:
        began, ended = arrived["at"], max(arrived["at"], left["at"])
    taken: timedelta = ended - began
    return round(taken.total_seconds())


def summary(arrived: Check, left: Check | None) -> dict[str, Any]:
    """What the activity shows of its visit, and the log keeps for ever: no position."""
    flags = [check["is_far"] for check in (arrived, left or {"is_far": None})]
    known = [flag for flag in flags if flag is not None]
    return {
        "checked_in_at": arrived["at"],
        "checked_out_at": None if left is None else left["at"],
        "duration_seconds": None if left is None else seconds_between(arrived, left),
        "distance_m": arrived["distance_m"],
        "is_far": any(known) if known else None,
    }


SAME = ("latitude", "longitude", "accuracy_m", "device_at", "device_id", "note", "photo_ids")


def is_same_check(stored: Check, wanted: Check) -> bool:
    """Whether a request says again what is stored; what the server found out does not count."""
    return all(stored[name] == wanted[name] for name in SAME)
