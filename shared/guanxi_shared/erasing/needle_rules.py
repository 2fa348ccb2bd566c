"""By what a person is recognised in texts that name no id: old files, answers, payloads."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape

import orjson

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
NAMES: Final = ("name", "legal_name", "local_name")
SHORTEST_ID, SHORTEST_NUMBER = 6, 7
LONG_NUMBER: Final = 9  # digits that are nobody else's, however they are spelled
NARROW: Final = ("utf-8", "gb18030")


class Needles(NamedTuple):
    """For texts of one byte a letter, and for those of two."""

    narrow: list[bytes]
    wide: list[bytes]

    @property
    def longest(self) -> int:
        return max(map(len, (*self.narrow, *self.wide)), default=0)


def needles_of(states: Iterable[Mapping[str, Any]]) -> list[str]:
    """Addresses, numbers, whole names and foreign ids of every state that a person ever had. A single
    word of a Latin script is no needle: it would hit everybody called so."""
    found: set[str] = set()
    for state in states:
        found |= {each.get("address") or "" for each in state.get("emails") or ()}
        for phone in state.get("phones") or ():
            spelled = [n for n in (phone.get("number"), phone.get("e164")) if n and _is_number(n)]
            found |= {*spelled, *(d for n in spelled if len(d := digits_of(n)) >= LONG_NUMBER)}
        found |= {name for name in (state.get(key) for key in NAMES) if name and _is_name(name)}
        external = state.get("external_id") or ""
        found |= {external} if len(external) >= SHORTEST_ID else set()
    return sorted(text for text in found if text)


def digits_of(number: str) -> str:
    return "".join(char for char in number if char.isdecimal())


def _is_number(text: str) -> bool:
    return len(digits_of(text)) >= SHORTEST_NUMBER


def _is_name(text: str) -> bool:
    return " " in text.strip() or (CJK.search(text) is not None and len(text) >= 2)


def in_json(needle: str) -> str:
    """As it stands inside a JSON text."""
    return orjson.dumps(needle).decode()[1:-1]


def in_files(needles: Iterable[str]) -> Needles:
    """The bytes to look for in kept files: encodings of text files, JSON and XML spellings. Letters
    are compared in lower case as far as ASCII goes."""
    spellings = {
        text
        for needle in needles
        for text in (
            needle,
            needle.lower(),
            needle.upper(),
            in_json(needle),
            escape(needle),
            _ascii_json(needle),
        )
    }
    narrow = {text.encode(encoding, "ignore") for text in spellings for encoding in NARROW}
    wide = {text.encode("utf-16-le", "ignore") for text in spellings}
    return Needles(*(sorted(n.lower() for n in found if len(n) > 3) for found in (narrow, wide)))


def _ascii_json(text: str) -> str:
    return "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text if ord(c) < 0x10000)
