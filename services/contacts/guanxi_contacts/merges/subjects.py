"""What can be merged: accounts and contacts, with what is particular about each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guanxi_contacts.accounts import rules as account_rules
from guanxi_contacts.accounts import service as accounts
from guanxi_contacts.people import rules as people_rules
from guanxi_contacts.people import service as people
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_shared.resources import Resource

Row = Mapping[str, Any]
# Not values of the record, or values that follow from others.
NEVER_MERGED = frozenset(
    {"id", "version", "created_at", "updated_at", "accounts", "latitude", "longitude"}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """`above` is the column of the tree, `references` the columns that must not come to name the
    survivor itself; `turns` are the locks that moves in the trees take, in their one order."""

    resource: Resource
    above: str
    references: tuple[str, ...]
    turns: tuple[str, ...]
    found_by: Callable[[Row], dict[str, Any]]
    found_by_fields: frozenset[str]

    @property
    def fields(self) -> dict[str, Sequence[str]]:
        """The fields that a merge decides about, and the columns that they are made of."""
        tree = {self.above, *self.references}
        return {
            name: self.resource.fields[name].columns
            for name in self.resource.shown
            if name not in NEVER_MERGED | tree
        }

    @property
    def choices(self) -> frozenset[str]:
        return frozenset(self.resource.shown) - NEVER_MERGED


# An account's contacts change with it, so a merge of accounts waits for moves among contacts too.
ACCOUNT_SUBJECT = Subject(
    ACCOUNTS, "parent_id", ("referred_by_id",), (accounts.LOCK_TREE, people.LOCK_TREE),
    account_rules.found_by, account_rules.FOUND_BY,
)  # fmt: skip
CONTACT_SUBJECT = Subject(
    CONTACTS, "reports_to_id", (), (people.LOCK_TREE,), people_rules.found_by, people_rules.FOUND_BY
)
SUBJECTS: Mapping[str, Subject] = {"accounts": ACCOUNT_SUBJECT, "contacts": CONTACT_SUBJECT}
