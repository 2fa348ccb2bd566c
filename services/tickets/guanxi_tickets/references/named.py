"""Accounts and people as rows of a file name them."""

from typing import Final

from guanxi_shared.imports.named_records import Naming, looked_up

BY_EMAIL: Final = """
SELECT key, id, name, owner_id, team_id FROM known_contacts CROSS JOIN unnest(emails) AS key
WHERE organisation_id = $1 AND emails && $2::text[] AND key = ANY($2::text[]) AND deleted_at IS NULL
ORDER BY key, id
"""
ACCOUNTS: Final = Naming(
    "account",
    "accounts",
    {
        "account_external_id": looked_up("known_accounts", "external_id"),
        "account": looked_up("known_accounts", "name_key"),
    },
)
PEOPLE: Final = Naming(
    "requester",
    "contacts",
    {
        "requester_external_id": looked_up("known_contacts", "external_id"),
        "requester_email": BY_EMAIL,
        "requester": looked_up("known_contacts", "name_key"),
    },
)
