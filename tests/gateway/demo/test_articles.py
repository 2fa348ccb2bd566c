"""The knowledge base of the demo: as the API takes it, used for the tickets that ask for it."""

from typing import Any

import orjson

from guanxi_gateway.cli.demo.articles import make_articles, make_categories, make_uses
from guanxi_gateway.cli.demo.tickets import make_tickets
from guanxi_tickets.article_categories.schemas import CategoryCreate
from guanxi_tickets.articles.schemas import ArticleCreate
from tests.gateway.demo.made import CUSTOMERS, SEED

ARTICLES = make_articles(SEED)
FRESH: dict[str, Any] = {article["id"]: {"version": 1} for article in ARTICLES}


def test_the_service_takes_every_article_and_category() -> None:
    for model, records in ((ArticleCreate, ARTICLES), (CategoryCreate, make_categories(SEED))):
        for record in records:
            model.model_validate_json(orjson.dumps(record), strict=True)
    assert len(ARTICLES) == 12
    assert {article["language"] for article in ARTICLES} == {"zh-CN", "en"}


def test_articles_are_used_published_and_rated_unless_somebody_was_there_before() -> None:
    tickets = make_tickets(SEED, CUSTOMERS)
    uses = make_uses(SEED, tickets, FRESH)
    verbs = [[write.path.rpartition("/")[2] for write in chain] for chain in uses]
    assert len(uses) == 12
    assert all(chain[-2:] == ["publish", "feedback"] for chain in verbs)
    assert sum(chain.count("articles") for chain in verbs) > 12
    touched = {id: {"version": 2} for id in FRESH}
    assert make_uses(SEED, tickets, touched) == []
