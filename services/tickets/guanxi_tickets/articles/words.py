"""The words that articles are made of, kept beside them: what a misspelt one may have meant.

Whatever an article's text is written with adds those that are new, and waits for nobody. Every night
those go that no article holds any more, and what several added at the same moment.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from guanxi_shared.db import Connection, Database
from guanxi_shared.deferred import Deferred
from guanxi_shared.respelling import Respelt, asked_words, respelt
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule
from guanxi_tickets.articles.found_rules import words_in

KEEP = """
INSERT INTO article_words (organisation_id, article_id, word)
SELECT $1, $2, word FROM unnest($3::text[]) AS new (word)
WHERE NOT EXISTS (SELECT 1 FROM article_words k WHERE k.organisation_id = $1 AND k.word = new.word)
ON CONFLICT DO NOTHING
"""
LIKE = """
SELECT asked.word AS asked, near.word FROM unnest($3::text[]) AS asked (word), LATERAL (
  SELECT w.word FROM article_words w
  WHERE w.organisation_id = $2 AND (asked.word <% w.word OR w.word LIKE left(asked.word, 2) || '%')
  ORDER BY similarity(asked.word, w.word) DESC, w.word LIMIT 100) AS near
"""
AT_ONCE: Final = 200
TEXTS = """
SELECT id, search_text, search_body FROM articles_search
WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
"""
KEPT = "SELECT word, article_id FROM article_words WHERE organisation_id = $1 ORDER BY word, article_id"
ADD = """
INSERT INTO article_words (organisation_id, word, article_id)
SELECT $1, word, article_id FROM unnest($2::text[], $3::uuid[]) AS new (word, article_id) ON CONFLICT DO NOTHING
"""
FORGET = """
DELETE FROM article_words w USING unnest($2::text[], $3::uuid[]) AS gone (word, article_id)
WHERE w.organisation_id = $1 AND w.word = gone.word AND w.article_id = gone.article_id
"""


async def keep_words(
    connection: Connection | Deferred, organisation: UUID, article_id: UUID, found: Mapping[str, Any]
) -> None:  # fmt: skip
    """`found` is what the article is found by. The article is there already."""
    if words := words_in(found):
        await connection.execute(KEEP, organisation, article_id, words)


async def respell(place: Any, text: str) -> Respelt:
    """What is meant by a text that is found nowhere as it is written."""
    known: dict[str, list[str]] = defaultdict(list)
    if words := asked_words(text):
        asked = (place.organisation, words)
        for row in await place.db.fetch(place.organisation, LIKE, *asked):
            known[row["asked"]].append(row["word"])
    return respelt(text, known)


@schedule("23 3 * * *", name="settle-article-words")
async def settle_words(database: Database) -> None:
    await go_round(database, partial(settle_of, database), what="settling words of articles")


async def settle_of(database: Database, organisation: UUID) -> None:
    """The texts are read after what is kept, so that nothing of a text that is written meanwhile goes."""
    async with database.transaction(organisation) as connection:
        rows = await connection.fetch(KEPT, organisation)
    held = await _held(database, organisation)
    kept: dict[str, UUID] = {}
    gone = []
    for word, article_id in rows:
        if word in kept or word not in held:
            gone.append((word, article_id))
        kept.setdefault(word, article_id)
    new = [(word, article_id) for word, article_id in held.items() if word not in kept]
    async with database.transaction(organisation) as connection:
        for sql, pairs in ((FORGET, gone), (ADD, new)):
            if pairs:
                await connection.execute(sql, organisation, *map(list, zip(*pairs, strict=True)))


async def _held(database: Database, organisation: UUID) -> dict[str, UUID]:
    """Every word of what articles are found by, with one that it stands in."""
    held: dict[str, UUID] = {}
    last: UUID | None = None
    while True:
        async with database.transaction(organisation) as connection:
            rows = await connection.fetch(TEXTS, organisation, last, AT_ONCE)
        for row in rows:
            held.update(dict.fromkeys(words_in(dict(row)), row["id"]))
        if len(rows) < AT_ONCE:
            return held
        last = rows[-1]["id"]
