"""vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350) as one flat row a card."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from guanxi_shared.tables.content_lines import Property, fold_in, read_property, split_value
from guanxi_shared.tables.lines import Lines
from guanxi_shared.tables.rows import RECORD_LIMIT, Checkpoint, FileProblem, Row, Source

_SAMPLE_CARDS = 1_000
_SINGLE = {
    "UID": "uid",
    "FN": "full_name",
    "NICKNAME": "nickname",
    "TITLE": "title",
    "ROLE": "role",
    "URL": "url",
    "NOTE": "note",
}
_NAME = ("family_name", "given_name", "additional_name", "prefix", "suffix")
_ADDRESS = ("", "", "street", "city", "region", "postcode", "country")
_ORDER = [
    "uid", "full_name", *_NAME, "nickname", "org", "org_unit", "title", "role",
    "email", "tel", "adr", "url", "bday", "note", "categories", "latitude", "longitude",
]  # fmt: skip
_KINDS = ("cell", "work", "home", "fax", "main", "pager", "other")
_DAY = re.compile(r"(\d{4}|--)-?(\d\d)-?(\d\d)(?:T.*)?\Z")
_CJK = re.compile(r"[\u3400-\u9fff\uac00-\ud7af\u3040-\u30ff]")


def sniff_vcard(path: Path, *, encoding: str, mark: int) -> Source:
    """Columns are those the first thousand cards fill, in a fixed order."""
    body = Checkpoint(offset=mark)
    source = Source(kind="vcard", encoding=encoding, delimiter=None, columns=(), body=body)
    names: set[str] = set()
    for row in islice(vcard_rows(path, source, body), _SAMPLE_CARDS):
        names |= row.values.keys()
    if not names:
        raise FileProblem("No card of the file holds anything that is read.")
    columns = tuple(sorted(names, key=_rank))
    return Source(kind="vcard", encoding=encoding, delimiter=None, columns=columns, body=body)


def _rank(name: str) -> tuple[int, str]:
    return _ORDER.index(name if name in _ORDER else name.partition("_")[0]), name


def vcard_rows(path: Path, source: Source, at: Checkpoint) -> Iterator[Row]:
    lines = Lines(path, source.encoding or "utf-8", at=at)
    number = at.number
    card: list[list[str]] | None = None
    begin, size, bad = 0, 0, ""
    for line, text in enumerate(lines, start=at.line + 1):
        word = text.strip().upper()
        bad = lines.bad.pop(line, bad) if card is not None else ""
        if word in ("BEGIN:VCARD", "END:VCARD") and card is not None:
            number += 1
            open_end = "" if word == "END:VCARD" else "has no END:VCARD"
            # The line is the first of the next card if the end is missing: the place is before it.
            end = line - bool(open_end)
            offset = lines.end_of(line) - (len(text.encode(lines.encoding)) if open_end else 0)
            yield _row(card, source, Checkpoint(number, begin), bad or open_end, offset, end)
            card = None
        if word == "BEGIN:VCARD":
            card, begin, size, bad = [], line, 0, ""
        elif card is not None:
            size += len(text)
            if size <= RECORD_LIMIT:
                fold_in(card, text.rstrip("\r\n"))
            else:
                bad = f"begins a card of more than {RECORD_LIMIT >> 20} MiB; leave out its pictures"
    if card is not None:
        last = lines.reached(1 << 62)
        at = Checkpoint(number + 1, begin)
        yield _row(card, source, at, bad or "has no END:VCARD", last.offset, last.line)


def _row(
    card: list[list[str]], source: Source, place: Checkpoint, problem: str, offset: int, end: int
) -> Row:
    values = dict.fromkeys(source.columns, "") | _flatten(card)
    if any("\0" in value for value in values.values()):
        values = {name: value.replace("\0", "") for name, value in values.items()}
        problem = problem or "has a NUL character, which no text may hold"
    sentence = f"The card at line {place.line} {problem}." if problem else None
    return Row(place.number, place.line, values, sentence, offset, end)


def _flatten(card: list[list[str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    repeated: dict[str, list[Property]] = {"EMAIL": [], "TEL": [], "ADR": []}
    for pieces in card:
        found = read_property("".join(pieces))
        if found is None or not found.value:
            continue
        if found.name in repeated:
            repeated[found.name].append(found)
        else:
            for name, value in _read(found):
                values.setdefault(name, value)
    for name, properties in repeated.items():
        properties.sort(key=lambda each: not each.is_preferred)
        for position, each in enumerate(properties, start=1):
            values |= _numbered(name.lower(), position, each)
    values = {name: value.strip() for name, value in values.items() if value.strip()}
    if "full_name" not in values and (whole := _whole_name(values)):
        values["full_name"] = whole
    return values


def _read(found: Property) -> Iterator[tuple[str, str]]:
    name, value = found.name, found.value
    if name in _SINGLE:
        yield _SINGLE[name], split_value(value, "")[0].removeprefix("urn:uuid:")
    elif name == "N":
        yield from zip(_NAME, split_value(value, ";"), strict=False)
    elif name == "ORG":
        org, *units = split_value(value, ";")
        yield "org", org
        yield "org_unit", " / ".join(unit for unit in units if unit)
    elif name == "BDAY":
        yield "bday", _day(value)
    elif name == "CATEGORIES":
        yield "categories", "; ".join(split_value(value, ","))
    elif name == "GEO":
        place = re.split("[;,]", value.removeprefix("geo:"))
        yield from zip(("latitude", "longitude"), place, strict=False)


def _numbered(name: str, position: int, found: Property) -> dict[str, str]:
    prefix = f"{name}_{position}" if name != "adr" or position > 1 else "adr"
    kind = next((kind for kind in _KINDS if kind in found.kinds), "")
    values = {f"{prefix}_kind": kind}
    if name == "adr":
        parts = split_value(found.value, ";")
        values |= {f"{prefix}_{part}": text for part, text in zip(_ADDRESS, parts, strict=False)}
        # The post box and the extended address have no column of their own: they are the street.
        street = [part for part in (parts[2:3] or [""]) + parts[1:2] + parts[:1] if part.strip()]
        values[f"{prefix}_street"] = ", ".join(street)
        values.pop(f"{prefix}_", None)
        return values
    text = split_value(found.value, "")[0].removeprefix("mailto:").removeprefix("tel:")
    return values | {prefix: text.replace(";ext=", " ext. ")}


def _day(value: str) -> str:
    """`19960415`, `--0415` as `1996-04-15`, `--04-15`; what is not a day stays as it is."""
    found = _DAY.match(value.strip())
    if found is None:
        return value
    year, month, day = found.groups()
    return f"{year}{month}-{day}" if year == "--" else f"{year}-{month}-{day}"


def _whole_name(values: dict[str, str]) -> str:
    family, given = values.get("family_name", ""), values.get("given_name", "")
    if _CJK.search(family + given):
        return family + given
    return f"{given} {family}".strip() or values.get("org", "")
