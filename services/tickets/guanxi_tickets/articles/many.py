"""What stands beside many articles at once, each kind in one statement: words, terms, versions, drafts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_tickets.articles.found_rules import words_in
from guanxi_tickets.articles.sight import audience_of
from guanxi_tickets.articles.state_rules import TEXTS
from guanxi_tickets.articles.term_rules import weights_of

Row = Mapping[str, Any]
WORDS: Final = """
INSERT INTO article_words (organisation_id, article_id, word)
SELECT $1, new.article_id, new.word FROM unnest($2::uuid[], $3::text[]) AS new (article_id, word)
WHERE NOT EXISTS (SELECT 1 FROM article_words k WHERE k.organisation_id = $1 AND k.word = new.word)
ON CONFLICT DO NOTHING
"""
DROP_TERMS: Final = (
    "DELETE FROM article_terms WHERE organisation_id = $1 AND article_id = ANY($2::uuid[])"
)
TERMS: Final = """
INSERT INTO article_terms (organisation_id, article_id, term, weight, length)
SELECT $1, t.article_id, t.term, t.weight, t.length
FROM unnest($2::uuid[], $3::text[], $4::float8[], $5::float8[]) AS t (article_id, term, weight, length)
"""
VERSIONS: Final = """
INSERT INTO article_versions
  (organisation_id, article_id, number, title, summary, body, note, published_at, published_by)
SELECT $1, v.article_id, v.number, v.title, v.summary, v.body, $7, v.published_at, $8
FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $9::timestamptz[])
  AS v (article_id, number, title, summary, body, published_at)
"""
FOLLOW: Final = """
UPDATE article_drafts d SET team_id = seen.team_id
FROM unnest($2::uuid[], $3::uuid[]) AS seen (article_id, team_id)
WHERE d.organisation_id = $1 AND d.article_id = seen.article_id AND d.team_id <> seen.team_id
"""


async def keep_all_words(connection: Connection, organisation: UUID, rows: Iterable[Row]) -> None:
    """`rows` are articles with what they are found by."""
    words = {word: row["id"] for row in rows for word in words_in(row)}
    if words:
        await connection.execute(WORDS, organisation, list(words.values()), list(words))


async def keep_all_terms(
    connection: Connection, organisation: UUID, rows: Sequence[Row], gone: Iterable[UUID]
) -> None:
    """Of what is published; `gone` is not any more."""
    dropped = [*gone, *(row["id"] for row in rows)]
    if dropped:
        await connection.execute(DROP_TERMS, organisation, dropped)
    terms = []
    for row in rows:
        weights = weights_of(row)
        length = float(sum(weights.values()))
        terms += [(row["id"], term, float(weight), length) for term, weight in weights.items()]
    if terms:
        await connection.execute(TERMS, organisation, *map(list, zip(*terms, strict=True)))


async def keep_all_versions(
    connection: Connection, organisation: UUID, rows: Sequence[Row], *, note: str, by: UUID | None
) -> None:
    """What was published, as it says it now."""
    if not rows:
        return
    texts = [[row[name] for row in rows] for name in TEXTS]
    published: list[datetime] = [row["published_at"] for row in rows]
    await connection.execute(
        VERSIONS, organisation, [row["id"] for row in rows], [row["edition"] for row in rows], *texts,
        note, by, published,
    )  # fmt: skip


async def let_all_drafts_follow(
    connection: Connection, organisation: UUID, rows: Sequence[Row]
) -> None:
    """Seen by those who may see the articles, as far as they write."""
    if rows:
        seen = [audience_of(organisation, row["visibility"], is_out=False) for row in rows]
        await connection.execute(FOLLOW, organisation, [row["id"] for row in rows], seen)
