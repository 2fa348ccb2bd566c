"""The allow-lists of articles and of drafts of what is published."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, column_field, fields_of, looked_up, overlaps
from guanxi_shared.search import tagged
from guanxi_tickets import models
from guanxi_tickets.articles.schemas import ArticleRead, DraftRead
from guanxi_tickets.articles.sight import sight_of
from guanxi_tickets.articles.words import respell

ARTICLE: Final = models.Article.metadata.tables["articles"]
DRAFT: Final = models.Article.metadata.tables["article_drafts"]
HIDDEN: Final = ("team_id", "owning_team_id", "review_told_at")


def _fields() -> dict[str, Field]:
    fields = fields_of(ARTICLE, hidden=HIDDEN)
    fields["team_id"] = replace(column_field(ARTICLE, "owning_team_id"), name="team_id")
    fields["tags"] = replace(fields["tags"], where=tagged(ARTICLE, models.ARTICLE_SEARCH))
    fields["product_id"] = looked_up(
        "product_id", r.ID, ARTICLE, overlaps(ARTICLE.c.product_ids)
    )  # fmt: skip
    return fields


ARTICLES: Resource = Resource(
    name="articles",
    noun="article",
    service="tickets",
    table=ARTICLE,
    fields=_fields(),
    search=models.ARTICLE_SEARCH,
    sight=sight_of,
    respell=respell,
    model=ArticleRead,
)
# Read by those who write articles: its audience is one of what is not out.
DRAFTS: Resource = Resource(
    name="article-drafts",
    noun="article_draft",
    service="tickets",
    table=DRAFT,
    fields=fields_of(DRAFT, hidden=("team_id",)),
    permitted_as="articles",
    sight=sight_of,
    model=DraftRead,
)
