"""Use cases of articles: written, changed, deleted. What moves them is in publishing.py."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Conflict, Invalid, NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.matching import match_key
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_team, demand_user
from guanxi_tickets.articles import state_rules
from guanxi_tickets.articles.drafting import let_draft_follow, write_draft
from guanxi_tickets.articles.found_rules import found_by
from guanxi_tickets.articles.resources import ARTICLES
from guanxi_tickets.articles.sight import audience, may_see
from guanxi_tickets.articles.terms import drop_terms, keep_terms
from guanxi_tickets.articles.words import keep_words

DEFAULTS: Final[Mapping[str, Any]] = {
    "summary": None, "visibility": "internal", "state": "draft", "kinds": [], "product_ids": [], "tags": [],
    "edition": 0, "category_id": None, "external_id": None, "reviewed_at": None,
}  # fmt: skip
FOUND_BY: Final = frozenset({"title", "summary", "body", "tags", "external_id"})
CATEGORY = """
SELECT 1 FROM article_categories WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE
"""
TRANSLATION = """
SELECT id FROM articles WHERE organisation_id = $1 AND translation_group_id = $2 AND language = $3
  AND deleted_at IS NULL AND id <> $4
"""
BY_ID = "SELECT id FROM articles WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
BY_KEY = """
SELECT id FROM articles_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_article(call: Call, connection: Connection | Deferred, data: Any) -> State:
    """A draft, the caller's unless somebody else is named."""
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    article_id, now = data.id or new_id(), datetime.now(UTC)
    of = sent.pop("translation_of", None)
    columns: dict[str, Any] = {
        **DEFAULTS, "owner_id": call.by.user_id, **columns_from(sent), "id": article_id,
        "organisation_id": call.organisation, "created_at": now, "updated_at": now,
        "translation_group_id": article_id if of is None else await _group(call, connection, of),
    }  # fmt: skip
    await _demand(call, connection, columns)
    await _demand_language(connection, columns)
    found = found_by(columns)
    columns |= {"team_id": audience(columns), **found}
    if isinstance(connection, Deferred):
        await connection.open()  # its words are written beside it
    state = await records.insert_record(connection, ARTICLES, columns, actor=call.actor)
    await keep_words(connection, call.organisation, article_id, found)
    return state


def columns_from(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent as `team_id` is whose it is; the column of this name is the audience."""
    return {("owning_team_id" if n == "team_id" else n): v for n, v in sent.items() if n != "id"}


async def _group(call: Call, connection: Connection | Deferred, article_id: UUID) -> UUID:
    try:
        loaded = await load_article(call, connection, article_id)
    except NotFound as error:
        raise UnknownReference(
            "translation_of names no article.",
            errors={"translation_of": "There is no such article."},
        ) from error
    group: UUID = loaded.row["translation_group_id"]
    return group


async def load_article(
    call: Call, connection: Connection | Deferred, article_id: UUID, *, deleted: bool = False
) -> Loaded:
    if isinstance(connection, Deferred):
        await connection.open()  # what belongs to it is written beside it
    scope = await call.scope_of(ARTICLES)
    return await records.load_record(
        connection, ARTICLES, article_id, scope=scope, deleted=deleted
    )  # fmt: skip


async def update_article(
    call: Call, connection: Connection, article_id: UUID, data: Any, version: int | None
) -> State:
    """Of a published article the text goes to its draft, everything else is changed at once."""
    loaded = await load_article(call, connection, article_id)
    await check_version(connection, ARTICLES, loaded, version)
    changes = columns_from(data.model_dump(exclude_unset=True))
    if loaded.row["state"] == "published":
        texts: dict[str, Any] = {
            name: changes.pop(name) for name in state_rules.TEXTS if name in changes
        }
        if texts:
            await write_draft(call, connection, loaded, texts)
    await _demand(call, connection, changes)
    if "review_every_days" in changes:
        changes |= state_rules.review_moved(loaded.row, changes["review_every_days"])
    whole = {**loaded.row, **changes}
    if "language" in changes:
        await _demand_language(connection, whole)
    if FOUND_BY & changes.keys():
        found = found_by(whole)
        changes |= found
        await keep_words(connection, call.organisation, article_id, found)
    changes["team_id"] = audience(whole)
    state = await records.update_record(connection, ARTICLES, loaded, changes, actor=call.actor)
    await let_draft_follow(connection, loaded.row)
    if "tags" in changes and loaded.row["state"] == "published":
        await keep_terms(connection, loaded.row)
    return state


async def _demand(
    call: Call, connection: Connection | Deferred, columns: Mapping[str, Any]
) -> None:
    """Who and what is named is there, and nobody writes for eyes that they do not have."""
    if not may_see(call.by, columns.get("visibility", "public")):
        raise Invalid(
            "You may write only what you may read.",
            errors={"visibility": "You do not see articles of this visibility."},
        )
    if (owner := columns.get("owner_id")) is not None and owner != call.by.user_id:
        await demand_user(call, connection, owner, "owner_id")
    if (team := columns.get("owning_team_id")) is not None:
        await demand_team(call, connection, team, "team_id")
    if (category := columns.get("category_id")) is not None:
        await demand_category(connection, call.organisation, category)


async def demand_category(
    connection: Connection | Deferred, organisation: UUID, category_id: UUID
) -> None:
    if await connection.fetchval(CATEGORY, organisation, category_id) is None:
        raise UnknownReference(
            "category_id names no category.", errors={"category_id": "There is no such category."}
        )


async def _demand_language(connection: Connection | Deferred, row: Mapping[str, Any]) -> None:
    """One article a language. Of two at the same moment the index refuses one."""
    if row["translation_group_id"] == row["id"] and "version" not in row:
        return  # the first of its group
    asked = (row["organisation_id"], row["translation_group_id"], row["language"], row["id"])
    if await connection.fetchval(TRANSLATION, *asked) is not None:
        raise Conflict(
            f"There is a translation in {row['language']} already.",
            errors={"language": "Another translation has this language."},
            code="not_unique",
        )


async def delete_article(
    call: Call, connection: Connection, article_id: UUID, version: int | None
) -> State:
    loaded = await load_article(call, connection, article_id)
    await check_version(connection, ARTICLES, loaded, version)
    await drop_terms(connection, call.organisation, article_id)
    return await records.delete_record(connection, ARTICLES, loaded, actor=call.actor)


async def restore_article(call: Call, connection: Connection, article_id: UUID) -> State:
    loaded = await load_article(call, connection, article_id, deleted=True)
    await _demand_language(connection, loaded.row)
    state = await records.restore_record(connection, ARTICLES, loaded, actor=call.actor)
    if loaded.row["state"] == "published":
        await keep_terms(connection, loaded.row)
    return state


async def find_articles(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The articles that a batch's `match` means (at most a thousand)."""
    if field == "id":
        return [row["id"] for row in await connection.fetch(BY_ID, call.organisation, value)]
    key = match_key(field, value) if field == "external_id" else None
    if key is None:
        raise UnknownReference(
            f"Articles cannot be matched by {field!r}.",
            errors={"match": "Match by id or external_id."},
        )
    return [row["id"] for row in await connection.fetch(BY_KEY, call.organisation, key)]
