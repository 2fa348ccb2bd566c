"""Use cases of contacts (people) and of their places in accounts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from guanxi_contacts.belongings.service import delete_with_children, restore_with_children
from guanxi_contacts.errors import ReportingCycle
from guanxi_contacts.people import rules
from guanxi_contacts.people.schemas import ContactCreate, ContactUpdate
from guanxi_contacts.privacy.suppressions import stop_of
from guanxi_contacts.records import default_columns, demand_named, hold_references
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.erasing.tombstones import demand_not_erased, raise_missing
from guanxi_shared.errors import Invalid, NotFound, UnknownReference
from guanxi_shared.matching import match_key
from guanxi_shared.merging import refuse_merged
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, region_of, stored

ABOVE = """
WITH RECURSIVE above (id, reports_to_id) AS (
    SELECT id, reports_to_id FROM contacts WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
    UNION SELECT c.id, c.reports_to_id FROM contacts c JOIN above ON c.id = above.reports_to_id
    WHERE c.organisation_id = $1
) SELECT id FROM above
"""
# Changes of reporting lines take turns, before any row is locked: two at once could close a cycle.
LOCK_TREE = "SELECT pg_advisory_xact_lock(hashtextextended('contacts tree ' || $1::text, 0))"
BY_KEY = """
SELECT id FROM contacts_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""
UNLINK = "DELETE FROM contact_accounts WHERE organisation_id = $1 AND contact_id = $2"
LINK = """
INSERT INTO contact_accounts (organisation_id, contact_id, account_id, role, stance, is_primary)
SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[], $5::text[], $6::boolean[])
"""
# Held against merges until the link stands, else it could come too late to move with the others.
# Deleted ones too: an undone merge may have brought one back before the link is written.
HOLD_ACCOUNTS = """
SELECT id FROM accounts WHERE organisation_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR KEY SHARE
"""
KNOWN_ACCOUNTS = """
SELECT id, owner_id, team_id FROM accounts
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE
"""


SUPERIOR = {"reports_to_id": "The person reported to does not exist."}
STOP = frozenset({"do_not_contact", "do_not_contact_reason"})


async def create_contact(call: Call, connection: Connection, data: ContactCreate) -> State:
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    sent["name"] = sent.get("name") or rules.whole_name(
        sent.get("given_name"), sent.get("family_name")
    )
    if not sent["name"]:
        raise Invalid(
            "A contact needs a name.", errors={"name": "Send name, or given and family name."}
        )
    columns = default_columns(call, CONTACTS, sent)
    columns |= rules.columns_from(sent, region=region_of(call))
    columns["custom"] = await stored(call, CONTACTS, sent.get("custom", {}))
    await owned_by(call, connection, CONTACTS, sent)
    await _check_reporting(call, connection, columns["id"], sent, {})
    columns |= rules.found_by(columns)
    columns |= rules.contact_stop(sent, {"do_not_contact": False}, datetime.now(UTC))
    columns |= await stop_of(call, columns["match_keys"])
    links = await _checked_links(call, connection, sent.get("accounts", []), ())
    state = await records.insert_record(
        connection, CONTACTS, columns, actor=call.actor, computed={"accounts": links}
    )
    await _link(connection, call.organisation, columns["id"], links)
    return state


async def load_contact(call: Call, connection: Connection, contact_id: UUID) -> Loaded:
    scope = await call.scope(CONTACTS.name)
    try:
        return await records.load_record(connection, CONTACTS, contact_id, scope=scope)
    except NotFound as error:
        return await raise_missing(call, CONTACTS, contact_id, error)


async def update_contact(
    call: Call, connection: Connection, contact_id: UUID, data: ContactUpdate, version: int | None
) -> State:
    sent = data.model_dump(exclude_unset=True)
    if sent.get("reports_to_id") is not None:
        await connection.execute(LOCK_TREE, str(call.organisation))
    if "accounts" in sent:
        # Accounts before contacts, the order in which a merge holds them; and, with none named too,
        # the contact under its lock before its places, which are rows of their own.
        named = [link["account_id"] for link in sent["accounts"]]
        await connection.fetch(HOLD_ACCOUNTS, call.organisation, named)
    loaded = await load_contact(call, connection, contact_id)
    await check_version(connection, CONTACTS, loaded, version)
    changes = rules.columns_from(sent, region=region_of(call))
    if "custom" in sent:
        changes["custom"] = await stored(
            call, CONTACTS, sent["custom"], present=loaded.row["custom"]
        )
    await owned_by(call, connection, CONTACTS, sent)
    await _check_reporting(call, connection, contact_id, sent, loaded.row)
    if rules.FOUND_BY & set(changes):
        changes |= rules.found_by({**loaded.row, **changes})
    if STOP & set(sent):
        changes |= rules.contact_stop(sent, loaded.row, datetime.now(UTC))
    if not loaded.row["do_not_contact"] and {"emails", "phones"} & set(sent):
        changes |= await stop_of(call, changes["match_keys"])
    computed = {}
    if "accounts" in sent:
        links = await _checked_links(
            call, connection, sent["accounts"], loaded.computed["accounts"]
        )
        computed["accounts"] = links
        await set_places(connection, call.organisation, contact_id, links)
    return await records.update_record(
        connection, CONTACTS, loaded, changes, actor=call.actor, computed=computed
    )


async def delete_contact(
    call: Call, connection: Connection, contact_id: UUID, version: int | None,
    *, with_children: bool = False,
) -> State:  # fmt: skip
    """What is linked to it keeps its links; with its children, what is its alone goes too."""
    loaded = await load_contact(call, connection, contact_id)
    await check_version(connection, CONTACTS, loaded, version)
    if with_children:
        return await delete_with_children(call, connection, CONTACTS, loaded)
    return await records.delete_record(connection, CONTACTS, loaded, actor=call.actor)


async def restore_contact(call: Call, connection: Connection, contact_id: UUID) -> State:
    scope = await call.scope(CONTACTS.name)
    loaded = await records.load_record(connection, CONTACTS, contact_id, scope=scope, deleted=True)
    if loaded.row["erased_at"] is not None:
        await demand_not_erased(call, CONTACTS, contact_id)
    refuse_merged(CONTACTS, loaded)
    return await restore_with_children(call, connection, CONTACTS, loaded)


async def find_contacts(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The contacts that a batch's `match` or an import's key means (at most a thousand)."""
    if field == "id":
        found = await connection.fetch(
            "SELECT id FROM contacts WHERE organisation_id = $1 AND id = $2::text::uuid"
            " AND deleted_at IS NULL",
            call.organisation,
            value,
        )
        return [row["id"] for row in found]
    key = match_key(field, value)
    if key is None:
        raise UnknownReference(
            f"Contacts cannot be matched by {field!r}.",
            errors={"match": "Match by id, external_id, email, phone or name."},
        )
    return [row["id"] for row in await connection.fetch(BY_KEY, call.organisation, key)]


async def _checked_links(
    call: Call, connection: Connection, links: Sequence[Mapping[str, Any]], present: Sequence[Any]
) -> list[dict[str, Any]]:
    """Links as stored; each account must exist and be visible, but for those that stand already."""
    stored_links = rules.links_as_stored([dict(link) for link in links])
    standing = {link["account_id"] for link in present}
    wanted = [
        UUID(link["account_id"]) for link in stored_links if link["account_id"] not in standing
    ]
    if wanted:
        rows = await connection.fetch(KNOWN_ACCOUNTS, call.organisation, wanted)
        scope = await call.scope(ACCOUNTS.name)
        seen = {
            r["id"]
            for r in rows
            if scope.covers(id=r["id"], owner_id=r["owner_id"], team_id=r["team_id"])
        }
        if missing := [str(account_id) for account_id in wanted if account_id not in seen]:
            raise UnknownReference(
                f"There is no account {missing[0]!r}.",
                errors={"accounts": "There is no such account."},
            )
    return stored_links


async def _link(
    connection: Connection | asyncpg.Connection, organisation: UUID, contact_id: UUID,
    links: Sequence[Mapping[str, Any]],
) -> None:  # fmt: skip
    if not links:
        return
    columns = [
        [link[name] for link in links] for name in ("account_id", "role", "stance", "is_primary")
    ]
    await connection.execute(LINK, organisation, contact_id, *columns)


async def set_places(
    connection: Connection, organisation: UUID, contact_id: UUID, links: Sequence[Mapping[str, Any]]
) -> None:
    """The contact's places in accounts, these and no others."""
    await connection.execute(UNLINK, organisation, contact_id)
    await _link(connection, organisation, contact_id, links)


async def _check_reporting(
    call: Call, connection: Connection, contact_id: UUID, sent: Mapping[str, Any],
    present: Mapping[str, Any],
) -> None:  # fmt: skip
    if (superior := sent.get("reports_to_id")) is None:
        return
    above = await connection.fetch(ABOVE, call.organisation, superior)
    held = await hold_references(connection, CONTACTS, call.organisation, [superior])
    demand_named(sent, present, held, await call.scope(CONTACTS.name), SUPERIOR)
    if any(row["id"] == contact_id for row in above):
        raise ReportingCycle(
            "That person reports to this one.",
            errors={"reports_to_id": "This would close a cycle."},
        )
