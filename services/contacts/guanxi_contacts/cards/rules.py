"""What a caller would rather read: JSON or vCards (RFC 6350), by the Accept header (RFC 9110, 12.5.1)."""

from collections.abc import Iterator
from typing import NamedTuple

from guanxi_shared.errors import Malformed
from guanxi_shared.tables.vcard_writer import Version

CARDS = frozenset({"text/vcard", "text/x-vcard"})
JSON = frozenset({"application/json", "application/*", "*/*"})
VERSIONS: dict[str, Version] = {"3.0": "3.0", "4.0": "4.0"}


class Choice(NamedTuple):
    kind: str
    version: str
    weight: float


def wanted_version(accept: str) -> Version | None:
    """The version of the cards that are wanted; None for JSON, which whoever names neither gets."""
    choices = list(_choices(accept))
    cards = [each for each in choices if each.kind in CARDS and each.weight > 0]
    if not cards:
        return None
    best = max(cards, key=lambda each: each.weight)  # the first of equals
    if _prefers_json(choices, best):
        return None
    if best.version not in VERSIONS:
        raise Malformed(
            f"Cards of version {best.version!r} are not written.",
            errors={"accept": "Send text/vcard; version=4.0 or version=3.0."},
        )
    return VERSIONS[best.version]


def _prefers_json(choices: list[Choice], card: Choice) -> bool:
    """More weight, or as much and named before; a wildcard is what is taken for want of better."""
    before = choices[: choices.index(card)]
    return any(
        each.weight > card.weight
        or (each.weight == card.weight and each.kind == "application/json" and each in before)
        for each in choices
        if each.kind in JSON
    )


def _choices(accept: str) -> Iterator[Choice]:
    for part in accept.split(","):
        kind, *rest = (word.strip().lower() for word in part.split(";"))
        named = dict(word.partition("=")[::2] for word in rest)
        yield Choice(kind, named.get("version", "4.0").strip('" '), _weight(named.get("q", "1")))


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
