"""What an article is found by: title, summary and tags as names are, its text by what is written there. Pure.

Of the text every Chinese character and pair is kept beside the trigrams, so that one or two of them are
found anywhere in it. Pinyin is made of title, summary and tags alone: of a whole text it would be thrice
as long, and two letters would be the initials of something in every article.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from guanxi_shared.folding import normalise
from guanxi_shared.matching import search_columns
from guanxi_shared.respelling import words_of

MOST_OF_BODY: Final = 20_000
MOST_GRAMS: Final = 3_000
MOST_WORDS: Final = 3_000
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+")
SPAN: Final = 80


def found_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """The search columns of an article's text as it is shown."""
    whole = {"emails": [], "phones": [], **row}
    names = [row["title"], *row["tags"]]
    found = search_columns(names, whole, words=[row["summary"]])
    found["match_keys"] = search_columns([row["title"]], whole)["match_keys"]
    text = normalise(row["body"][:MOST_OF_BODY])
    grams = dict.fromkeys(g for run in HAN.findall(text) for g in _grams(run))
    found["search_body"] = text
    found["search_grams"] = sorted({*found["search_grams"], *list(grams)[:MOST_GRAMS]})
    return found


def words_in(found: Mapping[str, Any]) -> list[str]:
    """The words of what an article is found by, as many as are kept."""
    words = words_of(found["search_text"]) | words_of(found["search_body"])
    return sorted(words)[:MOST_WORDS]


def _grams(run: str) -> list[str]:
    return [*run, *map("".join, pairwise(run))]


def snippet_of(body: str, query: str) -> str | None:
    """The place in a text where the query stands, or the first of its words, with what is around it;
    None if it is not there as it was typed."""
    lines = " ".join(body.split())
    lowered = lines.casefold()
    if len(lowered) != len(lines):
        lowered = lines.lower() if len(lines.lower()) == len(lines) else lines
    for wanted in (query.strip(), *query.split()):
        at = lowered.find(wanted.casefold()) if wanted else -1
        if at >= 0:
            start, end = max(0, at - SPAN), min(len(lines), at + len(wanted) + SPAN)
            before, after = "…" if start else "", "…" if end < len(lines) else ""
            return f"{before}{lines[start:end].strip()}{after}"
    return None
