"""The allow-list of categories: whoever reads articles sees them all."""

from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.article_categories.schemas import CategoryRead

TABLE: Final = models.ArticleCategory.metadata.tables["article_categories"]
CATEGORIES: Resource = Resource(
    name="article-categories",
    noun="article_category",
    service="tickets",
    table=TABLE,
    fields=fields_of(TABLE),
    is_owned=False,
    permitted_as="articles",
    model=CategoryRead,
)
