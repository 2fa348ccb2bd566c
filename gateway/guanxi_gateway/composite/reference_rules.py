"""`{{name.field.path}}`: what a request of a composite takes from an earlier one's answer.

A text that is one reference and nothing else becomes the value itself, whatever its type; inside a longer text
or an address it has to be a text, a number or a boolean. `{{{{` writes `{{`. What is named by a reference is
not looked through again: values are never read as references.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,49}"
PART: Final = r"[A-Za-z0-9_-]{1,100}"
TOKENS: Final = re.compile(
    r"(?P<braces>\{\{\{\{)|\{\{(?P<name>" + NAME + r")(?P<path>(?:\." + PART + r")+)\}\}|(?P<odd>\{\{)"
)  # fmt: skip
ESCAPED, BRACES = "{{{{", "{{"
DEEPEST: Final = 100


class Unreadable(ValueError):
    """`{{` that begins no reference, or a document that is nested too deeply."""


class Missing(LookupError):
    """What a reference names is not in the answer, or cannot stand where it is named."""


Whole = Mapping[str, Any]  # the answers' bodies by reference_id


def names_in(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each reference of a document: the request that it names, and the whole text of it. Unreadable if not."""
    if depth > DEEPEST:
        raise Unreadable("nested too deeply")
    if isinstance(value, str):
        yield from _names_in_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            if BRACES in key:
                raise Unreadable("a field's name takes no references")
            yield from names_in(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item, depth + 1)


def _names_in_text(text: str) -> Iterator[tuple[str, str]]:
    for found in TOKENS.finditer(text):
        if found["odd"] is not None:
            raise Unreadable(f"`{text[found.start() : found.start() + 40]}` begins no reference")
        if found["name"] is not None:
            yield found["name"], found[0]


def filled(value: Any, answers: Whole) -> Any:
    """The document with every reference replaced. Missing names what is not there."""
    if isinstance(value, str):
        return _filled_text(value, answers)
    if isinstance(value, dict):
        return {key: filled(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, answers) for item in value]
    return value


def filled_url(url: str, answers: Whole) -> str:
    """The address with each value percent-encoded as one piece: it cannot become a path or a parameter."""

    def piece(found: re.Match[str]) -> str:
        text = _text(found, answers)
        if not text.strip("."):
            raise Missing(f"`{found[0]}` is {text!r}, which no address can hold")
        return quote(text, safe="")

    return TOKENS.sub(piece, url)


def _filled_text(text: str, answers: Whole) -> Any:
    whole = TOKENS.fullmatch(text)
    if whole is not None and whole["name"] is not None:
        return _named(whole, answers)
    return TOKENS.sub(lambda found: _text(found, answers), text)


def _text(found: re.Match[str], answers: Whole) -> str:
    if found["braces"] is not None:
        return BRACES
    value = _named(found, answers)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Missing(f"`{found[0]}` is no text and no number, and cannot be a part of a text")


def _named(found: re.Match[str], answers: Whole) -> Any:
    value = answers.get(found["name"])
    for part in found["path"][1:].split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif (
            isinstance(value, list)
            and part.isdecimal()
            and len(part) < 9
            and int(part) < len(value)
        ):
            value = value[int(part)]
        else:
            raise Missing(f"`{found[0]}`: there is no {part!r} in that answer")
    return value
