"""What an activity points at: accounts, contacts and people that the caller may name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference

# All that is named, in one statement. Accounts and contacts are held until the transaction ends: who
# merges or erases them waits, and then sees what points at them.
KNOWN = """
WITH held_accounts AS (
    SELECT id, owner_id, team_id FROM accounts
    WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE
), held_contacts AS (
    SELECT id, owner_id, team_id FROM contacts
    WHERE organisation_id = $1 AND id = ANY($3::uuid[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE
)
SELECT 'accounts' AS resource, * FROM held_accounts UNION ALL SELECT 'contacts', * FROM held_contacts
UNION ALL SELECT 'activities', id, owner_id, team_id FROM activities
WHERE organisation_id = $1 AND id = ANY($4::uuid[]) AND deleted_at IS NULL
UNION ALL SELECT 'users', id, NULL, NULL FROM directory_users
WHERE organisation_id = $1 AND id = ANY($5::uuid[]) AND active
"""
NAMED = ("accounts", "contacts", "activities", "users")
Place = tuple[str, str, UUID]  # resource, the field and its index, the id


def places_of(record: Mapping[str, Any]) -> Iterator[Place]:
    """Everything that an activity names, with where it stands."""
    for resource, field in (("accounts", "account_ids"), ("contacts", "contact_ids")):
        for index, one in enumerate(record.get(field) or ()):
            yield resource, f"{field}.{index}", one
    if record.get("follow_up_of_id") is not None:
        yield ACTIVITIES.name, "follow_up_of_id", record["follow_up_of_id"]
    for index, person in enumerate(record.get("participants") or ()):
        for resource, key in (("users", "user_id"), ("contacts", "contact_id")):
            if person.get(key) is not None:
                yield resource, f"participants.{index}.{key}", UUID(str(person[key]))


async def hold_links(call: Call, connection: Connection, sent: Mapping[str, Any]) -> None:
    """Accounts and contacts before the activity itself: the order in which a merge holds them."""
    wanted = [place for place in places_of(sent) if place[0] in ("accounts", "contacts")]
    if wanted:
        ids = [[one for resource, _, one in wanted if resource == name] for name in NAMED]
        await connection.fetch(KNOWN, call.organisation, *ids)


async def check_links(
    call: Call, connection: Connection, sent: Mapping[str, Any], before: Mapping[str, Any] | None
) -> None:
    """Each must exist and be visible, but for those that stood there already; UnknownReference
    names the field and the place in it."""
    standing = {(resource, one) for resource, _, one in places_of(before or {})}
    wanted = [place for place in places_of(sent) if (place[0], place[2]) not in standing]
    if not wanted:
        return
    known = await _known(call, connection, wanted)
    missing = {field: one for resource, field, one in wanted if (resource, one) not in known}
    if missing:
        field, one = next(iter(missing.items()))
        raise UnknownReference(
            f"{field}: there is no record {str(one)!r}.",
            errors=dict.fromkeys(missing, "There is no such record."),
        )


async def _known(
    call: Call, connection: Connection, wanted: Sequence[Place]
) -> set[tuple[str, UUID]]:
    ids = [[one for resource, _, one in wanted if resource == name] for name in NAMED]
    scopes = {
        name: await call.scope(name)
        for name, some in zip(NAMED, ids, strict=True)
        if some and name != "users"
    }
    rows = await connection.fetch(KNOWN, call.organisation, *ids)
    return {
        (row["resource"], row["id"])
        for row in rows
        if row["resource"] == "users"
        or scopes[row["resource"]].covers(
            id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"]
        )
    }
