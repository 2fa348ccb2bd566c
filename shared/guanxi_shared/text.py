"""Names found in any script, by pinyin, by part of a phone number, and with typing mistakes.

A searchable table keeps three columns, filled by the functions here when a row is written:

    search_text    text    search_text(name, other_name, *emails)   GIN gin_trgm_ops
    search_grams   text[]  search_grams(name, other_name)           GIN array_ops
    search_digits  text    search_digits(numbers)                   GIN gin_trgm_ops

`classify_query` says what to ask of them; `SearchQuery` gives the SQL that goes with it. A
trigram index cannot serve one or two characters, so those are array elements: every CJK
character and pair, the first letters of words, the first letters of syllables and their pairs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from guanxi_shared.folding import normalise
from guanxi_shared.phones import digits_of, phone_key
from guanxi_shared.pinyin import PinyinForms, Readings, pinyin_of, run_readings

__all__ = [
    "SearchQuery",
    "classify_query",
    "escape_like",
    "normalise",
    "pinyin_forms",
    "search_digits",
    "search_grams",
    "search_text",
]

LONGEST_GRAM_SOURCE = 120
LONGEST_QUERY = 200
MOST_WORDS = 10
FEWEST_PHONE_DIGITS = 3
SHORTEST_PATTERN = 3

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_CJK = _HAN + "\u3041-\u3096\u309d-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff\uac00-\ud7a3"
_HAN_RUN = re.compile(f"[{_HAN}]+")
CJK_RUN = re.compile(f"[{_CJK}]+")
_CHUNK = re.compile(f"[{_CJK}]+|[^{_CJK}]+")
_UNBROKEN = re.compile(f"[a-z0-9{_HAN}]+")
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}])[ ·]+(?=[{_HAN}])")
WORD = re.compile(f"[^\\W_{_CJK}]+")
_QUERYWORD = re.compile(r"[^\s,;:/\\|()\[\]{}<>\"!?~·、。，《》【】「」『』-]+")
_PHONE_LIKE = re.compile(r"[+(]?[\d\s().+/-]+")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    r"""What a typed query asks of the search columns; all empty means that nothing can match.

    Exact, one array parameter for the grams and one `LIKE` per pattern (`LIKE ALL (array)` would
    not use the index), leaving out what is empty:

        (search_grams @> :grams::text[] AND search_text LIKE :pattern_1 AND …)
        OR search_digits LIKE '%' || :digits || '%'

    Patterns are escaped for the default escape character. If that leaves a page unfilled and
    `fuzzy` is set, ask for typing mistakes too, which may cost a hundred times as much:

        SELECT set_config('pg_trgm.word_similarity_threshold', '0.35', true);
        … WHERE :text <% search_text

    Rank by `word_similarity(:text, search_text) DESC`; a swap in a short word (zhagnsan) comes to
    no more than 0.38, so a higher threshold loses it. The columns' text is normalised already:
    `LIKE`, never `ILIKE`. Trigrams of other scripts than Latin need a database whose LC_CTYPE is
    UTF-8, else `fuzzy` finds nothing in them and patterns are right but slow.
    """

    text: str
    grams: tuple[str, ...]
    patterns: tuple[str, ...]
    digits: str | None
    fuzzy: bool

    @property
    def is_empty(self) -> bool:
        return not (self.grams or self.patterns or self.digits)


def pinyin_forms(text: str) -> tuple[str, ...]:
    """Whole readings, then first letters, of every Chinese run: zhangsan, zs; empty without one.

    A leading surname is read as people are called (单 shan), other readings follow; a run mixed
    with Latin letters is also given joined (TCL科技: keji, kj, tclkeji, tclkj).
    """
    return () if text.isascii() else _forms(_searchable(text))


def search_text(*parts: str | None) -> str:
    """The column for trigrams: each part normalised on a line, then the pinyin of all of them."""
    lines: dict[str, None] = {}
    forms: dict[str, None] = {}
    for part in filter(None, parts):
        if part.isascii():
            lines[_searchable(part)] = None
            continue
        analysed = _analysed(part)
        lines[analysed.line] = None
        forms.update(dict.fromkeys(analysed.forms))
    if forms:
        lines[" ".join(forms)] = None
    return "\n".join(filter(None, lines))


def search_grams(*parts: str | None) -> list[str]:
    """The array column for queries of one or two characters: sorted, unique, without blanks.

    Meant for names: of each part the first 120 characters count, so that a long one cannot
    bloat the index.
    """
    grams: set[str] = set()
    for part in filter(None, parts):
        if part.isascii():
            grams.update(_word_grams(_searchable(part[:LONGEST_GRAM_SOURCE])))
        else:
            grams.update(_analysed(part).grams)
    return sorted(grams)


def search_digits(numbers: Iterable[str | None]) -> str:
    """The digits of each number, as typed and in E.164 alike, to be found by any part of them."""
    found = dict.fromkeys(digits_of(number) for number in numbers if number)
    kept = [own for own in found if own and not any(own in o for o in found if o != own)]
    return " ".join(kept)


def classify_query(query: str) -> SearchQuery:
    """How to look for what somebody typed; never raises, whatever it is.

    All words must be found, in any order. Of each word, runs of one or two characters become
    grams (letters match the beginnings of words and syllables), longer runs become patterns. A
    query that could be part of a phone number also gives the digits to look for.
    """
    text = normalise(query[:LONGEST_QUERY])
    grams: dict[str, None] = {}
    patterns: dict[str, None] = {}
    for word in _QUERYWORD.findall(_without_apostrophes(text))[:MOST_WORDS]:
        for chunk in _CHUNK.findall(word):
            short, long = _asked(chunk)
            grams.update(dict.fromkeys(short))
            patterns.update(dict.fromkeys(f"%{escape_like(run)}%" for run in long))
    return SearchQuery(text, tuple(grams), tuple(patterns), _phone_digits(text), _is_fuzzy(text))


def escape_like(text: str) -> str:
    r"""Makes `%`, `_` and `\` stand for themselves in a LIKE pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@dataclass(frozen=True, slots=True)
class _Analysed:
    line: str
    forms: tuple[str, ...]
    grams: frozenset[str]


def _analysed(part: str) -> _Analysed:
    return _remembered(part) if len(part) <= LONGEST_GRAM_SOURCE else _analyse(part)


def _analyse(part: str) -> _Analysed:
    line = _searchable(part)
    if len(line) <= LONGEST_GRAM_SOURCE and _HAN_RUN.fullmatch(line):
        return _analyse_han(line)
    return _Analysed(line, _forms(line), frozenset(_grams(line[:LONGEST_GRAM_SOURCE])))


def _analyse_han(run: str) -> _Analysed:
    """The same of one run of Han and nothing else, which most Chinese names are."""
    readings = run_readings(run)
    forms = pinyin_of(readings)
    return _Analysed(
        run,
        tuple(dict.fromkeys(forms.full + forms.initials)),
        frozenset((*run, *map("".join, pairwise(run)), *_syllable_grams(readings))),
    )


# search_text and search_grams of one row are asked one after the other with the same parts, and a file
# names the same products and customers over and over, and people alike. An entry takes some 2 KB.
_remembered = lru_cache(maxsize=4096)(_analyse)


def _searchable(part: str) -> str:
    """Normalised, without apostrophes (xi'an, o'neil) and without gaps inside a Chinese name."""
    text = _without_apostrophes(normalise(part))
    return text if text.isascii() else _BETWEEN_HAN.sub("", text)


def _without_apostrophes(text: str) -> str:
    return text.replace("'", "") if "'" in text else text


def _forms(line: str) -> tuple[str, ...]:
    runs = [pinyin_of(run_readings(run)) for run in _HAN_RUN.findall(line)]
    runs += [_joined_forms(chunk) for chunk in _UNBROKEN.findall(line) if _is_mixed(chunk)]
    full = [form for run in runs for form in run.full]
    initials = [form for run in runs for form in run.initials]
    return tuple(dict.fromkeys(full + initials))


def _is_mixed(chunk: str) -> bool:
    return not chunk.isascii() and not _HAN_RUN.fullmatch(chunk)


def _joined_forms(chunk: str) -> PinyinForms:
    full = _HAN_RUN.sub(lambda run: "".join(_likeliest(run[0])), chunk)
    initials = _HAN_RUN.sub(lambda run: "".join(word[0] for word in _likeliest(run[0])), chunk)
    return PinyinForms((full,), (initials,))


def _likeliest(run: str) -> list[str]:
    return [words[0] for words in run_readings(run)]


def _grams(line: str) -> Iterator[str]:
    yield from _word_grams(line)
    for run in CJK_RUN.findall(line):
        yield from run
        yield from map("".join, pairwise(run))
    for run in _HAN_RUN.findall(line):
        yield from _syllable_grams(run_readings(run))


def _word_grams(line: str) -> Iterator[str]:
    for word in WORD.findall(line):
        yield word[0]
        yield word[:2]


def _syllable_grams(readings: Readings) -> Iterator[str]:
    for words in readings[:1]:
        yield from (word[0] for word in words)
    for left, right in pairwise(readings):
        yield from (one[0] + two[0] for one in left for two in right)
    for words in readings:
        yield from (word[:2] for word in words)


def _asked(chunk: str) -> tuple[list[str], list[str]]:
    """What a piece of one script asks for: array elements, and runs for patterns."""
    if CJK_RUN.match(chunk):
        return ([], [chunk]) if len(chunk) >= SHORTEST_PATTERN else ([chunk], [])
    words = WORD.findall(chunk)
    if not any(len(word) >= SHORTEST_PATTERN for word in words):
        return words, []
    start, end = chunk.index(words[0]), chunk.rindex(words[-1]) + len(words[-1])
    return [], [chunk[start:end]]


def _phone_digits(text: str) -> str | None:
    digits = digits_of(text) if _PHONE_LIKE.fullmatch(text) else ""
    if len(digits) > 6 or text.startswith("+"):
        digits = phone_key(text)
    return digits if len(digits) >= FEWEST_PHONE_DIGITS else None


def _is_fuzzy(text: str) -> bool:
    return any(len(run) >= SHORTEST_PATTERN for run in re.findall(r"[^\W\d_]+", text))
