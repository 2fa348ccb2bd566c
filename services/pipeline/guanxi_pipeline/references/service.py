"""Whether an account or a person that is named exists, for this caller (see guanxi_shared.references)."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from guanxi_pipeline.clients import CONTACTS
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.references import Copied, Reference, copied_or_trusted, find_copied

__all__ = [
    "Reference",
    "find_references",
    "known_or_trusted",
    "name_of_account",
    "names_of_accounts",
]

COPIED: Final = {
    "accounts": Copied(CONTACTS, "accounts", "account"),
    "contacts": Copied(CONTACTS, "contacts", "contact"),
}


NAMES_OF_ACCOUNTS: Final = (
    "SELECT id, name FROM known_accounts WHERE organisation_id = $1 AND id = ANY($2::uuid[])"
)


async def find_references(
    call: Call, resource: str, ids: Collection[UUID], *, field: str
) -> dict[UUID, Reference]:
    """`resource` is `accounts` or `contacts`."""
    return await find_copied(call, COPIED[resource], ids, field=field)


async def known_or_trusted(
    call: Call, resource: str, ids: Collection[UUID]
) -> dict[UUID, Reference]:
    return await copied_or_trusted(call, COPIED[resource], ids)


async def name_of_account(
    connection: Connection, organisation: UUID, account_id: UUID | None
) -> str | None:
    """By which its records are found; None where there is none, or it was taken on trust."""
    if account_id is None:
        return None
    return (await names_of_accounts(connection, organisation, [account_id])).get(account_id)


async def names_of_accounts(
    connection: Connection, organisation: UUID, ids: Collection[UUID]
) -> dict[UUID, str]:
    """Those that the copy knows, whoever may see them."""
    if not ids:
        return {}
    rows = await connection.fetch(NAMES_OF_ACCOUNTS, organisation, sorted(ids))
    return {row["id"]: row["name"] for row in rows}
