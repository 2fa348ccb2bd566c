"""The lines of a vCard: unfolding, parameters, quoted-printable, escapes; and folding to write."""

import quopri
import re
from typing import NamedTuple

_PROPERTY = re.compile(
    r'(?:[\w-]+\.)?(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;(?:[^:;"]|"[^"]*")*)*):(?P<value>.*)\Z',
    re.DOTALL,
)
_PARAM = re.compile(r';((?:[^:;"]|"[^"]*")*)')
_PICTURES = frozenset({"PHOTO", "LOGO", "SOUND", "KEY", "AGENT"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_IN_PARAMETERS = str.maketrans({'"': "'", "\\": "/", "^": "'"})
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Property(NamedTuple):
    """`kinds` are the TYPE values in lower case, with or without the word TYPE (2.1 leaves it out)."""

    name: str
    kinds: frozenset[str]
    is_preferred: bool
    value: str


def fold_in(lines: list[list[str]], text: str) -> None:
    """Adds a physical line to the logical lines, each a list of pieces to be joined at the end
    (adding to a string 56,000 times copies gigabytes); the rest of a picture is dropped at once.
    """
    if lines and lines[-1][-1].endswith("=") and "QUOTED-PRINTABLE" in _head(lines[-1]):
        lines[-1][-1] = lines[-1][-1][:-1]
        lines[-1].append(text)
    elif text[:1] in (" ", "\t") and lines:
        if _head(lines[-1]).partition(";")[0] not in _PICTURES:
            lines[-1].append(text[1:])
    elif text:
        lines.append([text])


def _head(pieces: list[str]) -> str:
    return pieces[0][:200].partition(":")[0].upper()


def read_property(text: str) -> Property | None:
    """None for a line that is none (the rest of a broken picture, for example)."""
    found = _PROPERTY.match(text)
    if found is None or found["name"].upper() in _PICTURES:
        return None
    params = [param.upper().partition("=") for param in _PARAM.findall(found["params"])]
    named = {name: value.strip('"') for name, mark, value in params if mark}
    words = [name for name, mark, _ in params if not mark]
    words += [word for name, _, value in params if name == "TYPE" for word in value.split(",")]
    kinds = frozenset(word.strip('" ').lower() for item in words for word in item.split(","))
    value = found["value"]
    if "quoted-printable" in kinds or named.get("ENCODING") in ("QUOTED-PRINTABLE", "Q"):
        value = _quoted_printable(value, named.get("CHARSET", "UTF-8"))
    return Property(found["name"].upper(), kinds, "pref" in kinds or "PREF" in named, value)


def _quoted_printable(value: str, charset: str) -> str:
    raw = quopri.decodestring(value.encode("utf-8"))
    try:
        return raw.decode("gb18030" if charset in ("GB2312", "GBK") else charset, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def split_value(value: str, separator: str) -> list[str]:
    """Parts at separators that are not escaped, unescaped; one part if there is no separator."""
    if not separator:
        return [_unescape(value)]
    parts = re.findall(rf"((?:[^{separator}\\]|\\.|\\\Z)*)(?:{separator}|\Z)", value, re.DOTALL)
    return [_unescape(part) for part in parts[:-1]] or [""]


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def printable(text: str) -> str:
    """Without the control characters that neither a card nor a calendar may hold; lines end in \\n."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def parameter(text: str) -> str:
    """A text between the quotation marks of a parameter, which knows no escapes: what some readers
    take for one (RFC 6868, and a backslash) is another character."""
    return " ".join(printable(text).translate(_IN_PARAMETERS).split())


def escape(text: str, *, structured: bool = False) -> str:
    """A semicolon only where it would separate: some readers keep `\\;` in a plain text."""
    text = text.replace("\\", "\\\\").replace(",", "\\,")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return text.replace(";", "\\;") if structured else text


def fold(line: str) -> bytes:
    """At most 75 octets a line, never inside a character (RFC 6350, section 3.2)."""
    data = line.encode("utf-8", "replace")
    pieces, room = [], 75
    while len(data) > room:
        cut = room
        while data[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(data[:cut])
        data, room = data[cut:], 74
    return b"\r\n ".join([*pieces, data]) + b"\r\n"
