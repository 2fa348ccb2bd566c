"""Pure decisions about members: who is held out, and how a member goes on."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from guanxi_contacts.errors import MemberRefused, NotSendable

ROOM: Final = 2**64
NEXT: Final[Mapping[str, frozenset[str]]] = {
    "targeted": frozenset({"sent", "responded"}),
    "sent": frozenset({"responded"}),
    "responded": frozenset({"sent", "targeted"}),
}
SAID: Final = {"targeted": "waits", "sent": "was sent to", "responded": "responded"}
HAS: Final = {"sent_at": ("sent", "responded"), "responded_at": ("responded",)}
NOT_SENT: Final = "Who is held out is not sent anything."


def member_record_id(campaign_id: UUID, member_id: UUID) -> UUID:
    """One record for each whom a campaign is meant for, whoever adds them how often."""
    return uuid5(campaign_id, str(member_id))


def is_held_out(campaign_id: UUID, member_id: UUID, *, share: float, seed: int) -> bool:
    """By a number from 0 to 1 that comes of the three alone: a repeat draws the same, and a greater share holds out
    those too whom a smaller one did."""
    drawn = hashlib.sha256(f"{campaign_id}:{seed}:{member_id}".encode()).digest()[:8]
    return int.from_bytes(drawn) / ROOM < share


def after_move(row: Mapping[str, Any], sent: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A member's columns after a patch. MemberRefused where it does not go so; NotSendable of one held out."""
    was, wanted = row["status"], sent.get("status", row["status"])
    if wanted != was and wanted not in NEXT[was]:
        raise MemberRefused(
            f"A member who {SAID[was]} is not {wanted} next.",
            errors={"status": f"Send {' or '.join(sorted(NEXT[was]))}."},
        )
    if row["member_group"] == "held_out" and (wanted == "sent" or sent.get("sent_at") is not None):
        raise NotSendable(NOT_SENT, errors={"status": "Send responded, or nothing."})
    changes: dict[str, Any] = {"status": wanted}
    if wanted == "targeted":
        changes |= {"sent_at": None}
    if wanted != "responded":
        changes |= {"responded_at": None, "answers": {}}
    changes |= {name: value for name, value in sent.items() if value is not None}
    for name, status in (("sent_at", "sent"), ("responded_at", "responded")):
        if wanted == status and changes.get(name) is None:
            changes[name] = row[name] or now
    _demand_times({**row, **changes}, sent, now)
    return changes


def _demand_times(row: Mapping[str, Any], sent: Mapping[str, Any], now: datetime) -> None:
    for name in ("sent_at", "responded_at"):
        if sent.get(name) is not None and row["status"] not in HAS[name]:
            raise MemberRefused(
                f"{name} goes with its status.", errors={name: "Send the status, too."}
            )
        if row[name] is not None and row[name] > now:
            raise MemberRefused(
                "Nothing has happened in the future.", errors={name: "Send a past time."}
            )
    if sent.get("answers") and row["status"] != "responded":
        raise MemberRefused(
            "Only who responded has answers.", errors={"answers": "Send the status responded, too."}
        )
    if row["sent_at"] and row["responded_at"] and row["responded_at"] < row["sent_at"]:
        raise MemberRefused(
            "They responded before anything was sent.", errors={"responded_at": "Send a later time."}
        )  # fmt: skip
