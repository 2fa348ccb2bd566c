"""Who takes part in what a feed shows, as far as its owner may see them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from guanxi_contacts.calendar_feeds.ics_rules import Person
from guanxi_shared.auth import Principal
from guanxi_shared.calls import House

USERS = """
SELECT id, name, email FROM directory_users WHERE organisation_id = $2 AND id = ANY($3::uuid[])
"""
CONTACTS = """
SELECT id, name, emails::text AS emails, owner_id, team_id FROM contacts
WHERE organisation_id = $2 AND id = ANY($3::uuid[]) AND deleted_at IS NULL
"""
Row = Mapping[str, Any]


async def people_of(here: House, by: Principal, rows: Sequence[Row]) -> dict[UUID, Person]:
    """Users and contacts among the participants, and the owners of what has any."""
    users = {*_ids(rows, "user_id"), *_owners(rows)} if by.may("users:read") else set()
    contacts = set(_ids(rows, "contact_id")) if by.may("contacts:read") else set()
    found: dict[UUID, Person] = {}
    if users:
        listed = await here.db.fetch(by.organisation, USERS, by.organisation, list(users))
        found |= {row["id"]: Person(row["name"], row["email"]) for row in listed}
    if contacts:
        covers = (await here.directory.scope(by, "contacts")).covers
        listed = await here.db.fetch(by.organisation, CONTACTS, by.organisation, list(contacts))
        found |= {
            row["id"]: Person(row["name"], _email(orjson.loads(row["emails"])))
            for row in listed
            if covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
        }
    return found


def _ids(rows: Sequence[Row], key: str) -> Iterator[UUID]:
    return (UUID(each[key]) for row in rows for each in row["participants"] if each[key])


def _owners(rows: Sequence[Row]) -> Iterator[UUID]:
    return (row["owner_id"] for row in rows if row["participants"] and row["owner_id"])


def _email(entries: Sequence[Mapping[str, Any]]) -> str | None:
    ordered = sorted(entries, key=lambda each: not each["is_primary"])
    return ordered[0]["address"] if ordered else None
