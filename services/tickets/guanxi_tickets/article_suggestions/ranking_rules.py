"""How suggested articles are ranked: BM25 of their words, raised by what else speaks for them. Pure.

BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework") is summed up by Postgres, with
k1 = 1.2 and b = 0.75; titles, tags and summaries count more often than the body (BM25F's simple form).
The raises are shares of that score, so that none of them suggests what no word speaks for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from guanxi_shared.intervals import wilson

K1: Final = 1.2
B: Final = 0.75
BY_PRODUCT, BY_KIND, BY_TAG, BY_HELP, BY_SOLVING = 0.5, 0.15, 0.15, 0.2, 0.2
MOST_TAGS: Final = 2
MOST_ASKED: Final = 200  # words of a question that are looked at


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the question beside its text."""

    kind: str | None = None
    product_id: UUID | None = None
    tags: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    article: Mapping[str, Any]
    score: float
    boosts: Mapping[str, float]


def ranked(found: Sequence[Mapping[str, Any]], about: About, limit: int) -> list[Ranked]:
    """The best first; ties by id, so that the same question has the same answer. Each of `found` has a
    `score` and what the raises go by."""
    results = []
    for article in found:
        boosts = boosts_of(article, about)
        score = article["score"] * (1 + sum(boosts.values()))
        results.append(Ranked(article, round(score, 6), boosts))
    results.sort(key=lambda each: (-each.score, str(each.article["id"])))
    return results[:limit]


def boosts_of(article: Mapping[str, Any], about: About) -> dict[str, float]:
    """What speaks for an article beside its words, by name, as shares."""
    tags = min(MOST_TAGS, len(set(article["tags"]) & set(about.tags)))
    found = {
        "product": BY_PRODUCT if about.product_id in article["product_ids"] else 0.0,
        "kind": BY_KIND if about.kind in article["kinds"] else 0.0,
        "tags": BY_TAG * tags,
        "helpful": BY_HELP * wilson(article["helpful"], article["rated"])[0],
        "solved": BY_SOLVING * wilson(article["solved"], article["used"])[0],
    }
    return {name: round(share, 4) for name, share in found.items() if share > 0}
