"""Whether an account or a person that is named exists, for this caller (see guanxi_shared.references)."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from guanxi_pipeline.clients import CONTACTS
from guanxi_shared.calls import Call
from guanxi_shared.references import KNOWN, Copied, Reference, copied_or_trusted, find_copied

__all__ = ["KNOWN", "Reference", "find_references", "known_or_trusted"]

COPIED: Final = {
    "accounts": Copied(CONTACTS, "accounts", "account"),
    "contacts": Copied(CONTACTS, "contacts", "contact"),
}


async def find_references(
    call: Call, resource: str, ids: Collection[UUID], *, field: str
) -> dict[UUID, Reference]:
    """`resource` is `accounts` or `contacts`."""
    return await find_copied(call, COPIED[resource], ids, field=field)


async def known_or_trusted(
    call: Call, resource: str, ids: Collection[UUID]
) -> dict[UUID, Reference]:
    return await copied_or_trusted(call, COPIED[resource], ids)
