"""What words a text is made of, for suggestions: folded words, and of Chinese pairs of characters. Pure.

Words are normalised as search does it and cut back to a stem by a few English endings; a run of Chinese
gives its pairs (bigrams), which need no dictionary, and a lone character itself.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from guanxi_shared.folding import normalise

# How much more a word counts in the title, the tags and the summary than in the body.
TITLE, TAG, SUMMARY, BODY = 4.0, 3.0, 2.0, 1.0
MOST_TERMS: Final = 2_000
LONGEST: Final = 40
MOST_READ: Final = 20_000
PIECES = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+|[^\\W_\u3400-\u4dbf\u4e00-\u9fff]+"
)
ENDINGS: Final = ("ings", "ing", "edly", "ied", "ies", "ed", "es", "ly", "s")
STOP: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "cannot",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "got",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "im",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "please",
        "so",
        "some",
        "still",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "too",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "hi",
        "hello",
        "dear",
        "thanks",
        "thank",
    ]
)
# Pairs that are in every polite or puzzled sentence.
STOP_PAIRS: Final = frozenset(
    ["你好", "您好", "请问", "怎么", "怎样", "如何", "什么", "为什", "我们", "你们", "可以", "一下", "谢谢", "麻烦", "是不", "不是", "没有", "这个", "那个", "么办", "请帮", "帮我", "帮忙", "一个", "还是", "已经", "但是", "因为", "所以", "的话"]
)  # fmt: skip


def terms_of(text: str) -> Iterator[str]:
    """The words of a text in their order, without those that say nothing."""
    for piece in PIECES.findall(normalise(text[:MOST_READ])):
        if piece[0] >= "\u3400":
            yield from _pairs(piece)
        elif piece not in STOP and (len(piece) > 1 or piece.isdigit()):
            yield stem(piece[:LONGEST])


def _pairs(run: str) -> Iterator[str]:
    found = [run] if len(run) == 1 else map("".join, pairwise(run))
    yield from (pair for pair in found if pair not in STOP_PAIRS)


def stem(word: str) -> str:
    """`invoices`, `invoiced`, `invoicing` are one word. No more than endings: at least four letters stay."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 4 and word[-1] in "ey" else word


def weights_of(row: Mapping[str, Any]) -> dict[str, float]:
    """How often each word of an article stands in it, by where it stands; the heaviest ones."""
    found: Counter[str] = Counter()
    parts = ((row["title"], TITLE), (" ".join(row["tags"]), TAG), (row["summary"] or "", SUMMARY), (row["body"], BODY))  # fmt: skip
    for text, weight in parts:
        for term in terms_of(text):
            found[term] += weight  # type: ignore[assignment]
    return dict(found.most_common(MOST_TERMS))
