"""Typing mistakes put right from the words that there are, so that long texts need not be compared. Pure.

A misspelt word becomes the known ones that are nearest to it: by the optimal string alignment distance
(Damerau 1964: a letter too many, too few, another, or two that changed places), of which the tail of a
longer word is no part, since words are found by their beginnings, too. A run of Chinese has no
dictionary here: whatever holds half of its pairs of characters may be meant.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from guanxi_shared.text import CJK_RUN, MOST_WORDS, SHORTEST_PATTERN, WORD, classify_query

LONGEST_WORD: Final = 40
NEAREST: Final = 3
A_LETTER: Final = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Part:
    """So many of the pieces must be there; `are_grams`: each is a character or a pair of them."""

    pieces: tuple[str, ...]
    at_least: int = 1
    are_grams: bool = False


@dataclass(frozen=True, slots=True)
class Respelt:
    """`text` is what was meant, by which what is found is ranked; `parts` must all hold, and there is
    nothing to be found without any."""

    text: str
    parts: tuple[Part, ...]

    @property
    def shape(self) -> tuple[tuple[int, int, bool], ...]:
        return tuple((len(p.pieces), p.at_least, p.are_grams) for p in self.parts)


NOTHING: Final = Respelt("", ())


def words_of(text: str) -> set[str]:
    """What may be meant by a misspelt word: those of a normalised text with at least three characters
    and a letter among them, of whatever script but Chinese, Japanese and Korean."""
    return {
        word
        for word in WORD.findall(text)
        if SHORTEST_PATTERN <= len(word) <= LONGEST_WORD and A_LETTER.search(word)
    }


def asked_words(text: str) -> list[str]:
    """Those of a query, each once."""
    asked = classify_query(text)
    if not asked.fuzzy:
        return []
    found = (word for word in WORD.findall(asked.text) if word in words_of(word))
    return list(dict.fromkeys(found))[:MOST_WORDS]


def respelt(text: str, known: Mapping[str, Collection[str]]) -> Respelt:
    """`known` are words that are like each of `asked_words`. NOTHING where one of them is like none."""
    asked = classify_query(text)
    runs = [run for run in CJK_RUN.findall(asked.text) if len(run) >= SHORTEST_PATTERN]
    parts, meant = [], []
    for word in asked_words(text):
        near = nearest(word, known.get(word, ()))
        if not near:
            return NOTHING
        parts.append(Part(tuple(near)))
        meant.append(near[0])
    if asked.fuzzy:
        parts += [_of_run(run) for run in runs]
    return Respelt(" ".join((*meant, *runs)), tuple(parts)) if parts else NOTHING


def _of_run(run: str) -> Part:
    pairs = tuple(dict.fromkeys(map("".join, pairwise(run))))
    return Part(pairs, (len(pairs) + 1) // 2, are_grams=True)


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """At most three known words with as few mistakes as can be, those whose rest is shorter first; itself
    alone if it is known."""
    measured = sorted((*distance(word, each), each) for each in known)
    within = [each for each in measured if each[0] <= most_mistakes(word)]
    if not within or within[0][1] == 0:
        return [each[2] for each in within[:1]]
    return [each[2] for each in within if each[0] == within[0][0]][:NEAREST]


def most_mistakes(word: str) -> int:
    return 1 if len(word) <= 4 else 2 if len(word) <= 9 else 3


def distance(word: str, other: str) -> tuple[int, int]:
    """Mistakes between a word and the nearest beginning of another, and between both whole."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(word, start=1):
        row = [i]
        for j, own in enumerate(other, start=1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != own))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == own:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return min(rows[-1]), rows[-1][-1]
