"""Accounts that rows name and nobody knows, made on demand."""

from pydantic import ValidationError

from guanxi_contacts.accounts import rules
from guanxi_contacts.accounts.schemas import AccountCreate
from guanxi_contacts.records import DEFAULTS
from guanxi_contacts.resources import ACCOUNTS
from guanxi_shared.bulk import columns_of
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.prepared import Terms


def make_account(book: Book, name: str, terms: Terms) -> Entry | None:
    """A new account of which only the name is known; None if that can be no name."""
    try:
        data = AccountCreate(name=name)
    except ValidationError:
        return None
    row = {
        **dict.fromkeys(columns_of(ACCOUNTS)), **DEFAULTS["accounts"], "name": data.name,
        "organisation_id": terms.organisation_id, "id": new_id(), "owner_id": terms.actor.id,
        "custom": {}, "version": 1,
    }  # fmt: skip
    return book.create(row | rules.found_by(row), {})
