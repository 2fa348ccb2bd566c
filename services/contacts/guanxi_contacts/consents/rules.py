"""Pure decisions about consents: what counts, and whether somebody may be contacted."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Entry = Mapping[str, Any]


def in_order(entry: Entry) -> tuple[Any, ...]:
    """By when it was said; of the same moment, the one that was recorded later counts."""
    return (entry["given_at"], entry["created_at"], str(entry["id"]))


def present(entries: Iterable[Entry]) -> Entry | None:
    """The entry that counts, of those about one channel and one purpose."""
    return max(entries, key=in_order, default=None)


def reason_for(
    entry: Entry | None, now: datetime, *, do_not_contact: bool, suppressed: bool
) -> str:
    """`granted` is the only one that allows anything: silence is no consent, do-not-contact stands
    above every entry, and who was erased once is asked again before anything else."""
    if do_not_contact:
        return "do_not_contact"
    if entry is None:
        return "suppressed" if suppressed else "no_consent"
    if entry["status"] != "granted":
        return str(entry["status"])
    if entry["expires_at"] is not None and entry["expires_at"] <= now:
        return "expired"
    return "granted"
