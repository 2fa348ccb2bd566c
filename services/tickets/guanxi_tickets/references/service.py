"""Whether the account or the person that a ticket names exists, for this caller."""

from typing import Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.references import Copied, Reference, find_copied
from guanxi_tickets.clients import CONTACTS

ACCOUNTS: Final = Copied(CONTACTS, "accounts", "account")
PEOPLE: Final = Copied(CONTACTS, "contacts", "contact")


async def find_account(call: Call, account_id: UUID) -> Reference:
    return (await find_copied(call, ACCOUNTS, [account_id], field="account_id"))[account_id]


async def find_requester(call: Call, contact_id: UUID) -> Reference:
    return (await find_copied(call, PEOPLE, [contact_id], field="requester_id"))[contact_id]
