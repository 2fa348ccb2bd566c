"""Rows of a file as accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from guanxi_contacts.accounts import rules
from guanxi_contacts.accounts.schemas import AccountCreate, AccountUpdate
from guanxi_contacts.accounts.service import LOCK_TREE
from guanxi_contacts.imports.likely import LikelyDuplicates
from guanxi_contacts.imports.missing import make_account
from guanxi_contacts.imports.preparer import preparer_of
from guanxi_contacts.imports.preparing import Preparation, Subject
from guanxi_contacts.imports.rules import ACCOUNT_FIELDS
from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.standing.rules import demand_moves
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


def _name_of(columns: Mapping[str, Any]) -> str | None:
    return columns.get("name")


SUBJECT = Subject(
    resource=ACCOUNTS,
    create_model=AccountCreate,
    update_model=AccountUpdate,
    columns_from=rules.columns_from,
    found_by=rules.found_by,
    name_of=_name_of,
)
PARENTS = ("parent_id", "parent_external_id", "parent")


class AccountRows:
    """The target of an import of accounts; see guanxi_shared/imports/target.py."""

    resources: Sequence[Resource] = (ACCOUNTS,)

    def __init__(self, preparer: Preparer[Preparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        kinds = own_prefix(terms.options.key) | prefixes_of(preparer.fields, PARENTS)
        self._index = KeyIndex(ACCOUNTS, terms.organisation_id, kinds)
        self._likely = LikelyDuplicates(ACCOUNTS, terms)

    async def refresh(self) -> None:
        await self._preparer.refresh()
        await self._index.load(self._preparer.database)

    @property
    def preparation(self) -> Preparation:
        return self._preparer.now

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        book, outcome = Book(ACCOUNTS, self._terms, index=self._index), Outcome()
        scope = await self._preparer.scope(ACCOUNTS)
        await take_turns(connection, self._terms)
        await self._load(connection, book, rows)
        await self._likely.load(connection, rows)
        for row in rows:
            if row.reasons or not self._knows_referrer(row, book):
                outcome.refuse(row)
                continue
            decided = decide(row, book, self._terms.options, scope=scope, outcome=outcome)
            if decided == CREATE:
                self._create(row, book, scope, outcome)
            elif isinstance(decided, Entry):
                self._change(row, decided, book, scope, outcome)
        await book.write(connection)
        return outcome

    async def link(self, connection: Connection, rows: Sequence[Postponed]) -> Outcome:
        """Parents that were not there yet when their children were, and those of changed accounts:
        only here it is certain that no account comes to stand above itself."""
        book, outcome = Book(ACCOUNTS, self._terms, index=self._index), Outcome()
        scope = await self._preparer.scope(ACCOUNTS)
        if not self._terms.is_dry:
            await connection.execute(LOCK_TREE, str(self._terms.organisation_id))
        await self._load(connection, book, [each.row for each in rows])
        await book.load(connection, [each.record_id for each in rows])
        for each in rows:
            child, wanted = book.entries.get(each.record_id), reference_in(each.row, PARENTS)
            if child is None or wanted is None:  # deleted meanwhile
                continue
            problem = await self._link_one(connection, child, wanted, book, scope, outcome)
            if problem is not None:
                column = self._preparer.column_of(wanted.field)
                outcome.refuse(each.row, reason(column, wanted.text, f"{column}: {problem}"))
        await book.write(connection)
        return outcome

    async def _link_one(
        self, connection: Connection, child: Entry, wanted: Reference, book: Book, scope: Scope,
        outcome: Outcome,
    ) -> str | None:  # fmt: skip
        found = wanted.find(book, scope)
        if not found and self._terms.options.create_missing and wanted.is_name:
            made = make_account(book, wanted.text, self._terms)
            found = [made] if made is not None else []
            outcome.counts[CREATED] += len(found)
        if not found:
            return f"The account is there, but {wanted.text!r} above it is not."
        if len(found) > 1:
            return f"The account is there, but {len(found)} accounts could be the {wanted.text!r} above it."
        if await is_above(connection, book, child.id, below=found[0].id, field="parent_id"):
            return f"{wanted.text!r} stands below the account and cannot stand above it too."
        book.update(child, {"parent_id": found[0].id})
        return None

    def _create(self, row: Prepared, book: Book, scope: Scope, outcome: Outcome) -> None:
        assert row.fresh is not None
        if (problem := row.more.get("custom_problem")) is not None:
            return outcome.refuse(row, problem)
        if (problem := self._likely.problem_of(row, scope)) is not None:
            return outcome.refuse(row, problem)
        wanted = reference_in(row, PARENTS)
        parents = wanted.find(book, scope) if wanted is not None else []
        if len(parents) == 1:
            row.fresh["parent_id"] = parents[0].id
        entry = book.create(row.fresh, {})
        outcome.counts[CREATED] += 1
        if wanted is not None and len(parents) != 1:
            outcome.postponed.append((row, entry.id))
        return None

    def _change(
        self, row: Prepared, entry: Entry, book: Book, scope: Scope, outcome: Outcome
    ) -> None:
        try:
            changes = self._preparer.now.changes(row, entry.row)
            demand_moves(entry.row, changes)
        except Invalid as problem:
            return outcome.refuse(row, reason(None, "", problem.detail))
        changed = book.update(entry, changes)
        wanted = reference_in(row, PARENTS)
        if wanted is not None:
            parents = wanted.find(book, scope)
            if [parent.id for parent in parents] != [entry.row["parent_id"]]:
                outcome.postponed.append((row, entry.id))
                changed = True
        outcome.counts[UPDATED if changed else UNCHANGED] += 1
        return None

    async def _load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        wanted = [each for row in rows if (each := reference_in(row, PARENTS)) is not None]
        keys = {each.key for each in wanted if each.key}
        ids = {each.id for each in wanted if each.id}
        ids |= {row.columns["referred_by_id"] for row in rows if row.columns.get("referred_by_id")}
        await book.load_meant(connection, rows, ids=ids, keys=keys)

    def _knows_referrer(self, row: Prepared, book: Book) -> bool:
        wanted = row.columns.get("referred_by_id")
        if wanted is None or wanted in book.entries:
            return True
        column = self._preparer.column_of("referred_by_id")
        row.reasons.append(reason(column, str(wanted), f"{column}: there is no such account"))
        return False


async def _target(taking: Taking) -> AccountRows:
    return AccountRows(preparer_of(SUBJECT, taking), taking.terms)


ACCOUNT_IMPORT = Importable(
    resource=ACCOUNTS,
    fields=ACCOUNT_FIELDS,
    keys=frozenset({"none", "id", "external_id", "email", "phone", "domain", "name"}),
    named_by=frozenset({"name"}),
    target=_target,
    to_make_missing="accounts:create",
)
