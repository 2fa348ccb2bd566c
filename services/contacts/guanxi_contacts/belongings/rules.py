"""What belongs to one record alone, and so goes and comes back with it. Pure."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID


def is_activity_of(row: Mapping[str, Any], noun: str, record_id: UUID) -> bool:
    """Whether an activity names this account or contact and nothing else that it could be of: no
    other customer, no other person taking part, no opportunity, no ticket."""
    own, other = row[f"{noun}_ids"], row["contact_ids" if noun == "account" else "account_ids"]
    if set(own) != {record_id} or other or row["opportunity_id"] or row["ticket_id"]:
        return False
    guests = {guest["contact_id"] for guest in row["participants"] if guest.get("contact_id")}
    return not guests - {str(record_id)}


def is_file_of(links: Collection[Mapping[str, Any]], owners: Collection[tuple[str, str]]) -> bool:
    """Whether a file is linked, and to these (noun, id) only."""
    return bool(links) and all((str(link["type"]), str(link["id"])) in owners for link in links)
