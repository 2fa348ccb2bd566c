"""Rows of a file as articles: written, translated, published; of what is out, as the next text or edition."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import KeyIndex, planned_index
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import own_prefix
from guanxi_shared.imports.row_by_row import row_by_row
from guanxi_shared.matching import match_key
from guanxi_shared.visibility import Scope
from guanxi_tickets.articles import many
from guanxi_tickets.articles.found_rules import found_by
from guanxi_tickets.articles.resources import ARTICLES, DRAFTS
from guanxi_tickets.articles.service import FOUND_BY
from guanxi_tickets.articles.sight import audience, audience_of, sight_of
from guanxi_tickets.articles.state_rules import MOVES, TEXTS, published, review_moved, reviewed
from guanxi_tickets.imports.article_fields import ARTICLE_FIELDS
from guanxi_tickets.imports.article_preparing import OUT, ArticlePreparation, named_of
from guanxi_tickets.imports.named_settings import find_settings

Columns = dict[str, Any]
GROUP: Final = "g:"
DRAFT_OF: Final = "a:"
EXTERNAL: Final = "x:"
NOTE: Final = "Imported."
OF_GROUPS: Final = """
SELECT id FROM articles
WHERE organisation_id = $1 AND translation_group_id = ANY($2::uuid[]) AND deleted_at IS NULL
"""
DRAFTS_OF: Final = """
SELECT id FROM article_drafts
WHERE organisation_id = $1 AND article_id = ANY($2::uuid[]) AND deleted_at IS NULL
"""


def keys_of_article(row: Mapping[str, Any]) -> Sequence[str]:
    return [*row["match_keys"], f"{GROUP}{row['translation_group_id']}"]


def keys_of_draft(row: Mapping[str, Any]) -> Sequence[str]:
    return [f"{DRAFT_OF}{row['article_id']}"]


class ArticleRuling:
    """What stands beside the articles of a chunk is gathered, and written with them (`write_beside`)."""

    needs = "A new article needs a title, a body and a language."

    def __init__(self, preparer: Preparer[ArticlePreparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        self._index = planned_index(DRAFTS, terms, {DRAFT_OF})
        self._scope: Scope = sight_of(preparer.by)
        self._begin()

    def _begin(self) -> None:
        self._drafts = Book(DRAFTS, self._terms, index=self._index, keys_of=keys_of_draft)
        self._found: dict[UUID, Columns] = {}  # as they stand in the end
        self._out: dict[tuple[UUID, int], Columns] = {}  # editions that are published
        self._terms_of: dict[UUID, Columns] = {}
        self._gone: set[UUID] = set()

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        self._begin()
        organisation = self._terms.organisation_id
        nouns = {"category": "article_categories"}
        await find_settings(
            connection, self._preparer, rows, organisation=organisation, nouns=nouns
        )
        named = [named_of(row) for row in rows]
        keys = {key for _, word in named if word and (key := match_key("external_id", word))}
        await book.load_meant(connection, rows, ids=[id for id, _ in named if id], keys=keys)
        groups = {row.more["group"] for row in rows} - {None}
        groups |= {entry.row["translation_group_id"] for entry in book.entries.values()}
        found = await connection.fetch(OF_GROUPS, organisation, list(groups))
        await book.load_meant(
            connection, (), ids=[each["id"] for each in found], keys={f"{GROUP}{g}" for g in groups}
        )
        of = list(book.entries)
        found = await connection.fetch(DRAFTS_OF, organisation, of)
        of_drafts = {f"{DRAFT_OF}{id}" for id in of}
        await self._drafts.load_meant(
            connection, (), ids=[each["id"] for each in found], keys=of_drafts
        )

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> Columns:
        return self._new(row, book) if entry is None else self._changed(row, entry, book)

    def _new(self, row: Prepared, book: Book) -> Columns:
        """As it stood elsewhere: out, or still worked on."""
        assert row.fresh is not None
        now, more = datetime.now(UTC), row.more
        whole: Columns = {**row.fresh, "state": more["state"] or "draft"}
        whole["translation_group_id"] = self._group(row, whole["id"], book)
        self._demand_language(whole, book)
        is_out = whole["state"] in OUT
        whole["edition"] = more["edition"] or int(is_out)
        whole["published_at"] = more["published_at"] or (now if is_out else None)
        if looked_at := more["reviewed_at"] or whole["published_at"]:
            whole |= reviewed(whole["review_every_days"], looked_at)
        whole |= found_by(whole) | {"team_id": audience(whole)}
        self._found[whole["id"]] = whole
        if is_out:
            self._out[whole["id"], whole["edition"]] = whole
        if whole["state"] == "published":
            self._terms_of[whole["id"]] = whole
        return dict(whole)

    def _changed(self, row: Prepared, entry: Entry, book: Book) -> Columns:
        """The rules of requests: the text of what is out goes into its draft, unless the file says that it is
        published."""
        before, state = entry.row, row.more["state"]
        changes = {n: v for n, v in row.columns.items() if v != before[n]}
        if self._group(row, before["translation_group_id"], book) != before["translation_group_id"]:
            raise Invalid("It belongs to other translations; that stays.", errors={"translation_of": ""})  # fmt: skip
        texts: Columns = {name: changes.pop(name) for name in TEXTS if name in changes}
        if "review_every_days" in changes:
            changes |= review_moved(before, changes["review_every_days"])
        if before["state"] == "published" and state is None:
            self._write_draft(entry, texts)
        else:
            changes |= self._moved(entry, texts, state)
        whole = {**before, **changes}
        if "language" in changes:
            self._demand_language(whole, book)
        if FOUND_BY & changes.keys():
            changes |= found_by(whole)
        changes["team_id"] = audience(whole)
        self._note({**whole, **changes}, changes)
        return changes

    def _moved(self, entry: Entry, texts: Columns, state: str | None) -> Columns:
        """The columns of what is said and where it goes."""
        before = entry.row
        is_published = before["state"] == "published"
        drafts = self._drafts.find(keys_of_draft({"article_id": entry.id}))
        if is_published and texts and drafts:
            raise Invalid(
                "Somebody works on its next text.",
                errors={"state": "Publish that draft or give it up first."},
            )
        if state == "published" and (not is_published or texts):
            if not is_published:
                self._demand_move(before["state"], state)
            return published(before, {**before, **texts}, datetime.now(UTC))
        if state in (None, before["state"]):
            return texts
        self._demand_move(before["state"], state)
        return {**texts, "state": state}

    def _demand_move(self, state: str, to: str) -> None:
        if not any(state in sources and goal == to for sources, goal in MOVES.values()):
            raise Invalid(f"It is {state}.", errors={"state": f"From there it cannot be {to}."})

    def _write_draft(self, entry: Entry, texts: Columns) -> None:
        if not texts:
            return
        row = entry.row
        found = self._drafts.find(keys_of_draft({"article_id": entry.id}))
        if found:
            self._drafts.update(found[0], texts)
            return
        organisation = self._terms.organisation_id
        seen_by = audience_of(organisation, row["visibility"], is_out=False)
        draft = {
            "organisation_id": organisation, "id": new_id(), "article_id": entry.id,
            **{name: row[name] for name in TEXTS}, **texts, "owner_id": self._preparer.by.user_id,
            "team_id": seen_by, "version": 1, "created_at": None, "deleted_at": None,
        }  # fmt: skip
        self._drafts.create(draft, {})

    def _note(self, whole: Columns, changes: Columns) -> None:
        self._found[whole["id"]] = whole
        if "edition" in changes:
            self._out[whole["id"], whole["edition"]] = whole
        if whole["state"] == "published":
            self._terms_of[whole["id"]] = whole
        else:
            self._terms_of.pop(whole["id"], None)
            self._gone.add(whole["id"])

    def _group(self, row: Prepared, own: UUID, book: Book) -> UUID:
        """Of the translations: that of the article that the row names, or the one that it names itself."""
        group: UUID | None = row.more["group"]
        if row.more["of"] is not None:
            return self._group_of_named(row, book)
        if group is None:
            return own
        members = book.find([f"{GROUP}{group}"])
        if members and not any(book.may_see(each, self._scope) for each in members):
            raise Invalid("There is no such article.", errors={"translation_group_id": ""})
        return group

    def _group_of_named(self, row: Prepared, book: Book) -> UUID:
        id, word = named_of(row)
        key = match_key("external_id", word) if word else None
        named = [book.entries[id]] if id in book.entries else book.find([key] if key else [])
        seen = [each for each in named if book.may_see(each, self._scope)]
        if len(seen) != 1:
            raise Invalid("There is no such article.", errors={"translation_of": ""})
        group: UUID = seen[0].row["translation_group_id"]
        return group

    def _demand_language(self, whole: Mapping[str, Any], book: Book) -> None:
        members = book.find([f"{GROUP}{whole['translation_group_id']}"])
        others = (each for each in members if each.id != whole["id"])
        if any(each.row["language"] == whole["language"] for each in others):
            raise Invalid("Another translation has this language.", errors={"language": ""})

    async def write_beside(self, connection: Connection) -> None:
        await self._drafts.write(connection)
        if self._terms.is_dry:
            return
        organisation, found = self._terms.organisation_id, list(self._found.values())
        await many.keep_all_words(connection, organisation, found)
        await many.keep_all_versions(
            connection, organisation, list(self._out.values()), note=NOTE, by=self._terms.actor.id
        )
        shown = list(self._terms_of.values())
        await many.keep_all_terms(connection, organisation, shown, self._gone)
        await many.let_all_drafts_follow(connection, organisation, found)


async def _target(taking: Taking) -> PreparedTarget[ArticlePreparation]:
    async def make(held: HeldAgainst) -> ArticlePreparation:
        return ArticlePreparation(held, taking.by)

    terms, preparer = taking.terms, Preparer(ARTICLES, taking, make)
    kinds = own_prefix(terms.options.key) | {EXTERNAL, GROUP}
    ruling = ArticleRuling(preparer, terms)
    return row_by_row(
        ARTICLES, preparer, terms, ruling, index=KeyIndex(ARTICLES, terms.organisation_id, kinds),
        keys_of=keys_of_article, beside=ruling.write_beside, also=(DRAFTS,),
    )  # fmt: skip


ARTICLE_IMPORT = Importable(
    resource=ARTICLES,
    fields=ARTICLE_FIELDS,
    keys=frozenset({"none", "id", "external_id"}),
    named_by=frozenset({"title"}),
    target=_target,
)
