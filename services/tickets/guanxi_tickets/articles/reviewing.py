"""Reviews that are due: told once, whatever dies and however many work.

An index over all organisations holds the published articles whose review is due and was not told; what is
told and that it was told are written in one transaction, under the article's lock.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.errors import NotFound
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.articles.resources import ARTICLES

DUE = "SELECT organisation_id, id FROM due_article_reviews($1)"
AT_ONCE: Final = 200
ACTOR: Final = Actor(id=None, kind="service", channel="review")


@schedule("* * * * *", name="tell-article-reviews")
async def tell_reviews(database: Database) -> None:
    while True:
        async with database.transaction(None) as connection:
            due = await connection.fetch(DUE, AT_ONCE)
        told = [await _tell(database, row["organisation_id"], row["id"]) for row in due]
        if not any(told):
            return


async def _tell(database: Database, organisation: UUID, article_id: UUID) -> bool:
    """Whether there was still something to tell."""
    async with database.transaction(organisation) as connection:
        try:
            article = await records.load_record(connection, ARTICLES, article_id, scope=EVERYTHING)
        except NotFound:  # deleted meanwhile
            return False
        row, now = article.row, datetime.now(UTC)
        is_due = row["review_at"] is not None and row["review_at"] <= now
        if not is_due or row["review_told_at"] is not None or row["state"] != "published":
            return False
        await records.update_record(
            connection, ARTICLES, article, {"review_told_at": now}, actor=ACTOR, verb="review_due", at=now
        )  # fmt: skip
        return True
