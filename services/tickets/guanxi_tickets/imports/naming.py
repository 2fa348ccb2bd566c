"""The accounts and people that rows name, by what is kept of them here."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.imports.book import Book
from guanxi_shared.imports.named_records import Named
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparer import Preparer
from guanxi_tickets.imports.log_rules import Said
from guanxi_tickets.imports.ticket_preparing import TicketPreparation
from guanxi_tickets.references.named import ACCOUNTS, PEOPLE

NAMES: Final = """
SELECT id, name FROM known_accounts WHERE organisation_id = $1 AND id = ANY($2::uuid[])
UNION ALL SELECT id, name FROM known_contacts WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""
Names = dict[UUID, str]


async def names_of(connection: Connection, book: Book) -> Names:
    """Of the accounts and people of tickets that are there, which are found by them too."""
    rows = [entry.row for entry in book.entries.values()]
    ids = {row[name] for row in rows for name in ("account_id", "requester_id")} - {None}
    if not ids:
        return {}
    organisation = rows[0]["organisation_id"]
    found = await connection.fetch(NAMES, organisation, list(ids))
    return {row["id"]: row["name"] for row in found}


async def name_in(
    connection: Connection, organisation: UUID, preparer: Preparer[TicketPreparation],
    tickets: Sequence[Prepared],
) -> Names:  # fmt: skip
    """Into what each row says: the ids of account and requester, whose names are given back. A reason of
    the row where nobody is meant, or several are."""
    rows = [row for ticket in tickets for row in ticket.more["rows"]]
    wanted = {row.more["account"] for row in rows if "account" in row.more}
    asked = {row.more["requester"] for row in rows if "requester" in row.more}
    names: Names = {}
    if not (wanted or asked):
        return names
    accounts = await ACCOUNTS.find(
        connection, organisation, wanted, await preparer.scope("accounts")
    )
    people = await PEOPLE.find(connection, organisation, asked, await preparer.scope("contacts"))
    for row in rows:
        named, who = row.more.get("account"), row.more.get("requester")
        account = ACCOUNTS.meant(row, named, accounts, _column(preparer, named))
        person = PEOPLE.meant(row, who, people, _column(preparer, who))
        for noun, found in (("account", account), ("requester", person)):
            if found is not None:
                said: Said = row.more["said"]
                row.more["said"] = said._replace(sent={**said.sent, f"{noun}_id": found.id})
                names[found.id] = found.name
    return names


def _column(preparer: Preparer[TicketPreparation], named: Named | None) -> str:
    return "" if named is None else preparer.column_of(named.field)
