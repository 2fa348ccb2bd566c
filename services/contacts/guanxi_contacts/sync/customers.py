"""Accounts and contacts from a phone: its few columns as the API's documents, through the same use cases."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_contacts.accounts import service as accounts
from guanxi_contacts.accounts.schemas import AccountCreate, AccountUpdate
from guanxi_contacts.people import service as people
from guanxi_contacts.people.schemas import ContactCreate, ContactUpdate
from guanxi_contacts.resources import CONTACTS
from guanxi_contacts.sync.rules import first_replaced, links_with, place_replaced
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.writes import parse_object

Values = Mapping[str, Any]
PLAIN_OF_ACCOUNT: Final = ("name", "industry", "region", "owner_id", "grade")
PLAIN_OF_CONTACT: Final = ("name", "title", "owner_id")
# People of this account and of no other.
ALONE = """
SELECT c.id, c.owner_id, c.team_id FROM contacts AS c
JOIN contact_accounts AS l ON l.organisation_id = c.organisation_id AND l.contact_id = c.id
WHERE c.organisation_id = $1 AND l.account_id = $2 AND c.deleted_at IS NULL AND NOT EXISTS (
  SELECT FROM contact_accounts AS o JOIN accounts AS a
    ON a.organisation_id = o.organisation_id AND a.id = o.account_id AND a.deleted_at IS NULL
  WHERE o.organisation_id = $1 AND o.contact_id = c.id AND o.account_id <> $2)
ORDER BY c.id
"""


async def create_account(call: Call, connection: Connection, id: UUID, values: Values) -> None:
    sent = {"id": str(id), **_present(_account(values, {}))}
    await accounts.create_account(call, connection, parse_object(AccountCreate, sent))


async def update_account(
    call: Call, connection: Connection, id: UUID, values: Values, stored: Values
) -> None:
    data = parse_object(AccountUpdate, _account(values, stored))
    await accounts.update_account(call, connection, id, data, None)


async def delete_account(call: Call, connection: Connection, id: UUID, stored: Values) -> None:
    """With what belongs to it alone, as far as the caller may delete that too."""
    if call.by.may("contacts:delete"):
        scope = await call.scope(CONTACTS.name)
        for row in await connection.fetch(ALONE, call.organisation, id):
            if scope.may_write(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"]):
                await people.delete_contact(call, connection, row["id"], None, with_children=True)
    await accounts.delete_account(call, connection, id, None, with_children=True)


async def create_contact(call: Call, connection: Connection, id: UUID, values: Values) -> None:
    sent = {"id": str(id), **_present(_contact(values, {}))}
    await people.create_contact(call, connection, parse_object(ContactCreate, sent))


async def update_contact(
    call: Call, connection: Connection, id: UUID, values: Values, stored: Values
) -> None:
    data = parse_object(ContactUpdate, _contact(values, stored))
    await people.update_contact(call, connection, id, data, None)


async def delete_contact(call: Call, connection: Connection, id: UUID, stored: Values) -> None:
    await people.delete_contact(call, connection, id, None, with_children=True)


def _account(values: Values, stored: Values) -> dict[str, Any]:
    found = {name: values[name] for name in PLAIN_OF_ACCOUNT if name in values}
    found |= _reach(values, stored)
    if {"latitude", "longitude"} & set(values):
        place = {**stored, **values}
        found["addresses"] = place_replaced(
            _list(stored, "_addresses"), place.get("latitude"), place.get("longitude")
        )
    return found


def _contact(values: Values, stored: Values) -> dict[str, Any]:
    found = {name: values[name] for name in PLAIN_OF_CONTACT if name in values}
    found |= _reach(values, stored)
    if "account_id" in values:
        found["accounts"] = links_with(_list(stored, "_links"), values["account_id"])
    return found


def _reach(values: Values, stored: Values) -> dict[str, Any]:
    found = {}
    for name, listed, key in (("phone", "phones", "number"), ("email", "emails", "address")):
        if name in values:
            found[listed] = first_replaced(_list(stored, f"_{listed}"), key, values[name])
    return found


def _list(stored: Values, name: str) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(stored.get(name) or "[]")
    return found


def _present(sent: Values) -> dict[str, Any]:
    """A create says nothing about what it leaves empty."""
    return {name: value for name, value in sent.items() if value is not None}
