"""In which language something is shown: the wanted one, else a near one, else the survey's own. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

PART: Final = re.compile(
    r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*"
)
MOST: Final = 1_000


def accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the dearest first (RFC 9110, 12.5.4); what cannot be
    read is passed over."""
    found = []
    for place, part in enumerate(header[:MOST].split(",")):
        match = PART.fullmatch(part)
        quality = float(match[2] or 1) if match else 0.0
        if match and quality > 0:
            found.append((-quality, place, match[1]))
    return [language for _, _, language in sorted(found)]


def languages_of(edition: Mapping[str, Any]) -> list[str]:
    """Those in which every question can be read, the survey's own first."""
    texts = [question["texts"] for question in edition["questions"]]
    common = set.intersection(*(set(each) for each in texts)) if texts else set()
    own = edition["default_language"]
    return sorted({*common, own}, key=lambda each: (each != own, each))


def chosen(wanted: Sequence[str], there: Sequence[str]) -> str:
    """The first wanted one that is there, as it is or by its main part; else the first that is there."""
    for language in wanted:
        for known in there:
            if known.lower() == language.lower():
                return known
        main = language.partition("-")[0].lower()
        for known in there:
            if known.partition("-")[0].lower() == main:
                return known
    return there[0]


def worded(texts: Mapping[str, str], language: str, own: str) -> str:
    """A text in that language; one that lacks it in the survey's own, then in English, then in any."""
    order = (language, language.partition("-")[0], own, own.partition("-")[0], "en")
    for each in order:
        if each in texts:
            return texts[each]
    return next(iter(texts.values()), "")
