"""The working draft of a published article: what is shown stays until it is published."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_tickets.articles.resources import ARTICLES, DRAFTS
from guanxi_tickets.articles.sight import audience_of
from guanxi_tickets.articles.state_rules import TEXTS

OF_ARTICLE: Final = """
SELECT id FROM article_drafts WHERE organisation_id = $1 AND article_id = $2 AND deleted_at IS NULL
"""
FOLLOW = """
UPDATE article_drafts SET team_id = $3 WHERE organisation_id = $1 AND article_id = $2
"""


async def write_draft(
    call: Call, connection: Connection, article: Loaded, texts: Mapping[str, Any],
    version: int | None = None,
) -> State:  # fmt: skip
    """Begun with what is shown, under the article's lock. Of what is not published the article itself is
    the draft."""
    draft = await load_draft(connection, article)
    if draft is not None:
        await check_version(connection, DRAFTS, draft, version)
        return await records.update_record(connection, DRAFTS, draft, texts, actor=call.actor)
    row = article.row
    columns = {
        "organisation_id": call.organisation, "id": new_id(), "article_id": article.id,
        **{name: row[name] for name in TEXTS}, **texts, "owner_id": call.by.user_id,
        "team_id": audience_of(call.organisation, row["visibility"], is_out=False),
    }  # fmt: skip
    return await records.insert_record(connection, DRAFTS, columns, actor=call.actor)


async def load_draft(connection: Connection | Deferred, article: Loaded) -> Loaded | None:
    """Whoever may write the article may; that is decided there."""
    asked = (article.row["organisation_id"], article.id)
    draft_id = await connection.fetchval(OF_ARTICLE, *asked)
    if draft_id is None:
        return None
    return await records.load_record(connection, DRAFTS, draft_id, scope=EVERYTHING)


async def find_draft(call: Call, article_id: UUID) -> dict[str, Any]:
    await reads.find_record(call, ARTICLES, article_id)
    row = await call.db.fetchrow(
        call.organisation, OF_ARTICLE.replace("$2", "$3").replace("$1", "$2"),
        call.organisation, article_id,
    )  # fmt: skip
    if row is None:
        raise NotFound("Nothing is being worked on: what is shown is the newest text.")
    return await reads.find_record(call, DRAFTS, row["id"])


async def drop_draft(
    call: Call, connection: Connection, article: Loaded, version: int | None
) -> State:
    draft = await load_draft(connection, article)
    if draft is None:
        raise NotFound("Nothing is being worked on.")
    await check_version(connection, DRAFTS, draft, version)
    return await records.delete_record(connection, DRAFTS, draft, actor=call.actor)


async def let_draft_follow(connection: Connection | Deferred, row: Mapping[str, Any]) -> None:
    """Seen by those who may see the article, as far as they write."""
    seen_by = audience_of(row["organisation_id"], row["visibility"], is_out=False)
    await connection.execute(FOLLOW, row["organisation_id"], row["id"], seen_by)
