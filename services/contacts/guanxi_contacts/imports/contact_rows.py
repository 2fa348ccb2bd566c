"""Rows of a file as contacts, with their places in accounts."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from guanxi_contacts.imports.likely import LikelyDuplicates
from guanxi_contacts.imports.missing import make_account
from guanxi_contacts.imports.preparer import preparer_of
from guanxi_contacts.imports.preparing import Columns, Preparation, Subject
from guanxi_contacts.imports.rules import CONTACT_FIELDS
from guanxi_contacts.people import rules
from guanxi_contacts.people.schemas import ContactCreate, ContactUpdate
from guanxi_contacts.people.service import LOCK_TREE
from guanxi_contacts.records import hold_references
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.kept_rows import Postponed
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.references import (
    Reference,
    is_above,
    own_prefix,
    prefixes_of,
    reference_in,
    take_turns,
)
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope

ACCOUNT_OF = ("account_id", "account_external_id", "account_name")
UNLINK = "DELETE FROM contact_accounts WHERE organisation_id = $1 AND contact_id = ANY($2::uuid[])"
LINK = """
INSERT INTO contact_accounts (organisation_id, contact_id, account_id, role, stance, is_primary)
SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[])
"""
Link = dict[str, Any]


def _name_of(columns: Mapping[str, Any]) -> str | None:
    whole = columns.get("name") or rules.whole_name(
        columns.get("given_name"), columns.get("family_name")
    )
    return whole or None


SUBJECT = Subject(
    resource=CONTACTS,
    create_model=ContactCreate,
    update_model=ContactUpdate,
    columns_from=rules.columns_from,
    found_by=rules.found_by,
    name_of=_name_of,
)


class ContactRows:
    """The target of an import of contacts; see guanxi_shared/imports/target.py."""

    resources: Sequence[Resource] = (CONTACTS, ACCOUNTS)

    def __init__(self, preparer: Preparer[Preparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        organisation = terms.organisation_id
        self._people = KeyIndex(CONTACTS, organisation, own_prefix(terms.options.key))
        named = prefixes_of(preparer.fields, ACCOUNT_OF)
        self._accounts = KeyIndex(ACCOUNTS, organisation, named)
        self._likely = LikelyDuplicates(CONTACTS, terms)

    async def refresh(self) -> None:
        await self._preparer.refresh()
        await self._people.load(self._preparer.database)
        await self._accounts.load(self._preparer.database)

    @property
    def preparation(self) -> Preparation:
        return self._preparer.now

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        outcome = Outcome()
        people = Book(CONTACTS, self._terms, index=self._people)
        accounts = Book(ACCOUNTS, self._terms, index=self._accounts, locks=False)
        scope = await self._preparer.scope(CONTACTS)
        account_scope = await self._preparer.scope(ACCOUNTS)
        await take_turns(connection, self._terms)
        await self._load(connection, people, accounts, rows)
        await self._likely.load(connection, rows)
        for row in rows:
            if row.reasons or not self._knows_superior(row, people):
                outcome.refuse(row)
                continue
            decided = decide(row, people, self._terms.options, scope=scope, outcome=outcome)
            if decided is None:
                continue
            if not self._sees_superior(row, decided, people, scope):
                outcome.refuse(row)
                continue
            link, problem = self._link_of(row, accounts, account_scope)
            if problem is None and decided == CREATE:
                problem = self._likely.problem_of(row, scope)
            if problem is not None:
                outcome.refuse(row, problem)
            elif decided == CREATE:
                _create(row, link, people, outcome)
            elif isinstance(decided, Entry):
                await self._change(
                    connection, row, decided, link=link, book=people, outcome=outcome
                )
        await accounts.write(connection)
        await people.write(connection)
        if not self._terms.is_dry:
            await self._write_links(connection, people)
        return outcome

    async def link(self, connection: Connection, rows: Sequence[Postponed]) -> Outcome:
        return Outcome()  # nothing of a contact is put off

    def _link_of(
        self, row: Prepared, accounts: Book, scope: Scope
    ) -> tuple[Link | None, dict[str, Any] | None]:
        """The place in the account that the row names, or why there is none."""
        wanted = reference_in(row, ACCOUNT_OF)
        if wanted is None:
            return None, None
        found = wanted.find(accounts, scope)
        if not found and self._terms.options.create_missing and wanted.is_name:
            made = make_account(accounts, wanted.text, self._terms)
            found = [made] if made is not None else []
        if len(found) != 1:
            return None, self._account_problem(wanted, len(found))
        said: Link = next(iter(row.more.get("accounts", ())), {})
        role, stance = said.get("role"), said.get("stance")
        return {"account_id": str(found[0].id), "role": role, "stance": stance}, None

    def _account_problem(self, wanted: Reference, count: int) -> dict[str, Any]:
        column = self._preparer.column_of(wanted.field)
        said = "there is no such account" if not count else f"{count} accounts are called so"
        return reason(column, wanted.text, f"{column}: {wanted.text!r}: {said}")

    async def _change(
        self, connection: Connection, row: Prepared, entry: Entry, *, link: Link | None, book: Book,
        outcome: Outcome,
    ) -> None:  # fmt: skip
        try:
            changes = self._preparer.now.changes(row, entry.row)
        except Invalid as problem:
            return outcome.refuse(row, reason(None, "", problem.detail))
        if await self._closes_cycle(connection, book, entry, changes.get("reports_to_id")):
            column = self._preparer.column_of("reports_to_id")
            return outcome.refuse(
                row, reason(column, "", f"{column}: that person reports to this one")
            )
        computed = (
            {} if link is None else {"accounts": _with_link(entry.computed["accounts"], link)}
        )
        changed = book.update(entry, changes, computed)
        outcome.counts[UPDATED if changed else UNCHANGED] += 1
        return None

    async def _closes_cycle(
        self, connection: Connection, book: Book, entry: Entry, superior: UUID | None
    ) -> bool:
        if superior is None or superior == entry.row["reports_to_id"]:
            return False
        if not self._terms.is_dry:
            await connection.execute(LOCK_TREE, str(self._terms.organisation_id))
        return await is_above(connection, book, entry.id, below=superior, field="reports_to_id")

    def _knows_superior(self, row: Prepared, people: Book) -> bool:
        wanted = row.columns.get("reports_to_id")
        return wanted is None or wanted in people.entries or self._refuse_superior(row)

    def _sees_superior(
        self, row: Prepared, decided: Entry | str, people: Book, scope: Scope
    ) -> bool:
        """Whoever may not see the superior names nobody, but for the one who stands there already."""
        wanted = row.columns.get("reports_to_id")
        if wanted is None or people.may_see(people.entries[wanted], scope):
            return True
        stands = isinstance(decided, Entry) and decided.row["reports_to_id"] == wanted
        return stands or self._refuse_superior(row)

    def _refuse_superior(self, row: Prepared) -> Literal[False]:
        wanted = row.columns["reports_to_id"]
        column = self._preparer.column_of("reports_to_id")
        row.reasons.append(reason(column, str(wanted), f"{column}: there is no such contact"))
        return False

    async def _load(
        self, connection: Connection, people: Book, accounts: Book, rows: Sequence[Prepared]
    ) -> None:
        """First the accounts, held against merges until the links to them stand."""
        wanted = [each for row in rows if (each := reference_in(row, ACCOUNT_OF)) is not None]
        ids = {each.id for each in wanted if each.id}
        await self._accounts.catch_up(connection)
        ids |= {*self._accounts.find({each.key for each in wanted if each.key})}
        if not self._terms.is_dry:
            await hold_references(connection, ACCOUNTS, self._terms.organisation_id, ids)
        await accounts.load(connection, sorted(ids))
        said = (row.columns.get("reports_to_id") for row in rows)
        superiors = {each for each in said if each}
        await people.load_meant(connection, rows, ids=superiors)

    async def _write_links(self, connection: Connection, people: Book) -> None:
        written = [entry for entry in people.entries.values() if entry.events]
        stored = [entry.id for entry in written if entry.stored_version]
        if stored:
            await connection.execute(UNLINK, self._terms.organisation_id, stored)
        links = [(entry.id, link) for entry in written for link in entry.computed["accounts"]]
        if links:
            await connection.execute(
                LINK, self._terms.organisation_id, [each for each, _ in links],
                [UUID(link["account_id"]) for _, link in links],
                *([link[name] for _, link in links] for name in ("role", "stance", "is_primary")),
            )  # fmt: skip


def _create(row: Prepared, link: Link | None, book: Book, outcome: Outcome) -> None:
    assert row.fresh is not None
    if (problem := row.more.get("custom_problem")) is not None:
        return outcome.refuse(row, problem)
    links = [] if link is None else rules.links_as_stored([link])
    book.create(row.fresh, {"accounts": links})
    outcome.counts[CREATED] += 1
    return None


def _with_link(present: Sequence[Link], link: Link) -> list[Link]:
    """The places a contact has, with the one of the row among them; what it leaves out stays."""
    others = [dict(each) for each in present if each["account_id"] != link["account_id"]]
    same: Columns = next(
        (dict(each) for each in present if each["account_id"] == link["account_id"]), {}
    )
    said = {name: value for name, value in link.items() if value is not None}
    return rules.links_as_stored([*others, {**same, **said}])


async def _target(taking: Taking) -> ContactRows:
    return ContactRows(preparer_of(SUBJECT, taking), taking.terms)


CONTACT_IMPORT = Importable(
    resource=CONTACTS,
    fields=CONTACT_FIELDS,
    keys=frozenset({"none", "id", "external_id", "email", "phone", "name"}),
    named_by=frozenset({"name", "given_name", "family_name"}),
    target=_target,
    to_make_missing="accounts:create",
)
