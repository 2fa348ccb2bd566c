"""One spelling for text that people write in many: the form in which search compares."""

import unicodedata
from functools import cache, lru_cache

_ASCII_CONTROLS = dict.fromkeys((*range(32), 127), " ")
_DIACRITICS = (
    (0x0300, 0x036F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),  # variation selectors; the ideographic ones follow
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)
_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x323AF))
# Latin letters that Unicode does not decompose, and the typographic twins of plain marks.
_TWINS = str.maketrans(
    {
        **dict(zip("øłđðħıŧ", "olddhit", strict=True)),
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        **dict.fromkeys("‘’‛ʼ´ˈ′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("•‧∙⋅・･", "·"),
    }
)
_MOST_FOLDS = 60_000
LONGEST_REMEMBERED = 120  # the bodies of articles are folded, too


def normalise(text: str) -> str:
    """Width, case, accents, traditional characters and white space folded away.

    NFKC, casefold, accents of alphabets removed (kana, Hangul and Indic marks stay), traditional
    Chinese to simplified one character at a time, typographic quotes and dashes to plain ones,
    invisible characters dropped, white space collapsed. Applying it twice changes nothing. The
    result can always be stored by Postgres: no NUL, no lone surrogate.
    """
    return remembered(text) if len(text) <= LONGEST_REMEMBERED else _normalised(text)


def _normalised(text: str) -> str:
    if text.isascii():
        plain = text if text.isprintable() else text.translate(_ASCII_CONTROLS)
        return " ".join(plain.lower().split())
    folded = text.translate(_FOLDS)
    while not unicodedata.is_normalized("NFKC", folded):
        folded = unicodedata.normalize("NFKC", folded).translate(_FOLDS)
    return " ".join(folded.split())


# A record's names are asked for its words, and again for its keys; many share one.
remembered = lru_cache(maxsize=2048)(_normalised)


class _Folds(dict[int, str]):
    """The table for `str.translate`, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = _settled(chr(code))
        if len(self) < _MOST_FOLDS:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def _settled(char: str) -> str:
    folded = _fold(char)
    while (again := "".join(map(_fold, folded))) != folded:
        folded = again
    return folded


def _fold(char: str) -> str:
    if char.isascii():
        return " " if ord(char) in _ASCII_CONTROLS else char.lower()
    category = unicodedata.category(char)
    if category in ("Cf", "Cs"):
        return ""
    if category == "Cc" or category.startswith("Z"):
        return " "
    return _simplified(_unaccented(char.translate(_TWINS)))


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(part for part in parts if not _within(part, _DIACRITICS))
    return unicodedata.normalize("NFKC", bare.translate(_TWINS))


def _simplified(text: str) -> str:
    if not any(_within(char, _HAN) for char in text):
        return text
    return text.translate(_traditional_to_simplified())


@cache
def _traditional_to_simplified() -> dict[int, str]:
    """Every character converted by itself, so that a part of a name folds as the whole does.

    OpenCC's phrase rules would keep 乾 in 乾隆 and turn a lone 乾 into 干. Made from one call over
    all of Han: the converter and its dictionaries are not kept.
    """
    from opencc import OpenCC

    han = [chr(code) for first, last in _HAN for code in range(first, last + 1)]
    simplified = str(OpenCC("t2s").convert("\n".join(han))).split("\n")
    return {ord(old): new for old, new in zip(han, simplified, strict=True) if old != new}


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last in ranges)
