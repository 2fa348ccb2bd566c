"""What moves articles: submitted, published, archived, looked at again. Publishing keeps a version for ever."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_tickets.articles import state_rules
from guanxi_tickets.articles.drafting import load_draft, write_draft
from guanxi_tickets.articles.found_rules import found_by
from guanxi_tickets.articles.resources import ARTICLES, DRAFTS
from guanxi_tickets.articles.service import load_article
from guanxi_tickets.articles.sight import audience
from guanxi_tickets.articles.state_rules import TEXTS
from guanxi_tickets.articles.terms import drop_terms, keep_terms
from guanxi_tickets.articles.words import keep_words
from guanxi_tickets.errors import ArticleMoveNotAllowed, NothingToPublish

VERBS: Final = {"submit": "submitted", "send_back": "sent_back", "archive": "archived", "reopen": "reopened"}  # fmt: skip
KEEP = """
INSERT INTO article_versions
  (organisation_id, article_id, number, title, summary, body, note, published_at, published_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
SHOWN = "number, title, {texts} note, published_at, published_by::text"
VERSIONS = f"""
SELECT {SHOWN.format(texts="")} FROM article_versions
WHERE organisation_id = $2 AND article_id = $3 AND number < $4 ORDER BY number DESC LIMIT $5
"""
VERSION = f"""
SELECT {SHOWN.format(texts="summary, body,")} FROM article_versions
WHERE organisation_id = $2 AND article_id = $3 AND number = $4
"""


async def held(call: Call, connection: Connection, article_id: UUID, version: int | None) -> Loaded:
    loaded = await load_article(call, connection, article_id)
    await check_version(connection, ARTICLES, loaded, version)
    return loaded


async def move_article(
    call: Call, connection: Connection, article_id: UUID, move: str, version: int | None
) -> State:
    """Whatever is not a publication. The draft of what is archived is what the article says next."""
    loaded = await held(call, connection, article_id, version)
    changes: dict[str, Any] = {"state": state_rules.moved(loaded.row["state"], move)}
    if move == "archive":
        await drop_terms(connection, call.organisation, article_id)
    if move == "reopen" and (draft := await load_draft(connection, loaded)) is not None:
        changes |= {name: draft.row[name] for name in TEXTS}
        await records.delete_record(connection, DRAFTS, draft, actor=call.actor)
    return await _write(call, connection, loaded, changes, verb=VERBS[move])


async def publish_article(
    call: Call, connection: Connection, article_id: UUID, note: str | None, version: int | None
) -> State:
    """The article's text the first time, its draft's from then on."""
    loaded, now = await held(call, connection, article_id, version), datetime.now(UTC)
    text: Mapping[str, Any] = loaded.row
    if loaded.row["state"] == "published":
        draft = await load_draft(connection, loaded)
        if draft is None:
            raise NothingToPublish("There is no draft: change the text first.")
        text = draft.row
        await records.delete_record(connection, DRAFTS, draft, actor=call.actor, at=now)
    else:
        state_rules.moved(loaded.row["state"], "publish")
    changes = state_rules.published(loaded.row, text, now)
    state = await _write(call, connection, loaded, changes, verb="published", at=now)
    row = loaded.row
    await connection.execute(
        KEEP, call.organisation, article_id, row["edition"], *(row[name] for name in TEXTS), note,
        now, call.by.user_id,
    )  # fmt: skip
    await keep_terms(connection, row)
    return state


async def review_article(
    call: Call, connection: Connection, article_id: UUID, version: int | None
) -> State:
    """Somebody has looked at it and found it right: due again after its interval."""
    loaded, now = await held(call, connection, article_id, version), datetime.now(UTC)
    if loaded.row["state"] != "published":
        sentence = f"It is {loaded.row['state']}; what is published is reviewed."
        raise ArticleMoveNotAllowed(sentence, errors={"state": sentence})
    changes = state_rules.reviewed(loaded.row["review_every_days"], now)
    return await records.update_record(
        connection, ARTICLES, loaded, changes, actor=call.actor, verb="reviewed", at=now
    )


async def _write(
    call: Call, connection: Connection, loaded: Loaded, changes: Mapping[str, Any], *, verb: str,
    at: datetime | None = None,
) -> State:  # fmt: skip
    whole = {**loaded.row, **changes}
    found = found_by(whole)
    columns = {**changes, **found, "team_id": audience(whole)}
    await keep_words(connection, call.organisation, loaded.id, found)
    return await records.update_record(
        connection, ARTICLES, loaded, columns, actor=call.actor, verb=verb, at=at
    )


async def list_versions(
    call: Call, article_id: UUID, limit: int, below: int
) -> tuple[list[dict[str, Any]], bool]:
    """The newest first, and whether there are more."""
    await reads.find_record(call, ARTICLES, article_id)
    asked = (call.organisation, article_id, below, limit + 1)
    rows = await call.db.fetch(call.organisation, VERSIONS, *asked)
    return [dict(row) for row in rows[:limit]], len(rows) > limit


async def find_version(call: Call, article_id: UUID, number: int) -> dict[str, Any]:
    await reads.find_record(call, ARTICLES, article_id)
    row = await call.db.fetchrow(
        call.organisation, VERSION, call.organisation, article_id, number
    )  # fmt: skip
    if row is None:
        raise NotFound(f"This article has no version {number}.")
    return dict(row)


async def restore_version(
    call: Call, connection: Connection, article_id: UUID, number: int
) -> State:
    """An old text as the one that is worked on: a draft of what is published, else the article's own."""
    loaded = await load_article(call, connection, article_id)
    sql = VERSION.replace("$2", "$1").replace("$3", "$2").replace("$4", "$3")
    row = await connection.fetchrow(sql, call.organisation, article_id, number)
    if row is None:
        raise NotFound(f"This article has no version {number}.")
    texts = {name: row[name] for name in TEXTS}
    if loaded.row["state"] == "published":
        await write_draft(call, connection, loaded, texts)
        return ARTICLES.state(loaded.row, loaded.computed)
    return await _write(call, connection, loaded, texts, verb="updated")
