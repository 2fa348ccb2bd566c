"""Flat rows, named as `vcard_reader` names them, as vCard 4.0 (RFC 6350) or 3.0 (RFC 2426)."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any, Literal

from guanxi_shared.tables.cell_text import cell_text
from guanxi_shared.tables.content_lines import escape, fold, parameter, printable

Version = Literal["3.0", "4.0"]
_NAME = ("family_name", "given_name", "additional_name", "prefix", "suffix")
_ADDRESS = ("street", "city", "region", "postcode", "country")
_PLAIN = {"NICKNAME": "nickname", "TITLE": "title", "ROLE": "role", "NOTE": "note"}


class VcardWriter:
    """Many phones and Outlook read only 3.0. Besides what a reader finds a row may hold `kind`
    (individual or org), `rev` (a time in UTC), `email_1_is_preferred` and its like, and how the names
    are spoken (`family_name_spoken`, `given_name_spoken`), by which phones sort them."""

    content_type = "text/vcard; charset=utf-8"

    def __init__(self, *, version: Version = "4.0") -> None:
        self._version = version

    def start(self) -> bytes:
        return b""

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        return b"".join(self._card(row) for row in rows)

    def _card(self, row: Mapping[str, Any]) -> bytes:
        values = {
            name: text for name, value in row.items() if (text := printable(cell_text(value)))
        }
        tags = row.get("categories") or ()
        if isinstance(tags, str):  # as a table has them
            tags = [tag.strip() for tag in tags.split(";")]
        body = [*self._names(values), *self._reaches(values), *self._rest(values)]
        if labels := [escape(text) for tag in tags if (text := printable(tag))]:
            body.append("CATEGORIES:" + ",".join(labels))
        lines = ["BEGIN:VCARD", f"VERSION:{self._version}", *body, "END:VCARD"]
        return b"".join(fold(line) for line in lines)

    def _names(self, values: dict[str, str]) -> Iterator[str]:
        if "uid" in values:
            prefix = "urn:uuid:" if self._version == "4.0" and len(values["uid"]) == 36 else ""
            yield f"UID:{prefix}{escape(values['uid'])}"
        name = [values.get(part, "") for part in _NAME]
        whole = values.get("full_name") or " ".join(filter(None, (name[1], name[0])))
        yield f"FN:{escape(whole or values.get('org', ''))}"
        # 3.0 demands N even when nobody knows the parts.
        if any(name) or self._version == "3.0":
            yield f"N{self._sorted(values)}:{_structured(name)}"
        yield from self._spoken(values)
        if any(org := [values.get("org", ""), values.get("org_unit", "")]):
            yield f"ORG:{_structured(org if org[1] else org[:1])}"

    def _sorted(self, values: dict[str, str]) -> str:
        spoken = [parameter(values.get(f"{part}_spoken", "")) for part in _NAME[:2]]
        return f';SORT-AS="{",".join(spoken)}"' if any(spoken) and self._version == "4.0" else ""

    def _spoken(self, values: dict[str, str]) -> Iterator[str]:
        """3.0 has a line to sort by; both have those that phones and Outlook know."""
        spoken = [values.get(f"{part}_spoken", "") for part in _NAME[:2]]
        if any(spoken) and self._version == "3.0":
            yield f"SORT-STRING:{escape(' '.join(filter(None, spoken)))}"
        for word, text in zip(("LAST", "FIRST"), spoken, strict=True):
            if text:
                yield f"X-PHONETIC-{word}-NAME:{escape(text)}"

    def _reaches(self, values: dict[str, str]) -> Iterator[str]:
        for position in _positions(values, "email_{}"):
            kind = self._kind(values.get(f"email_{position}_kind"))
            kind += self._preferred(values, f"email_{position}")
            yield f"EMAIL{kind}:{escape(values[f'email_{position}'])}"
        for position in _positions(values, "tel_{}"):
            kind = self._kind(values.get(f"tel_{position}_kind"))
            kind += self._preferred(values, f"tel_{position}")
            yield f"TEL{kind}:{escape(values[f'tel_{position}'])}"
        for prefix in _address_prefixes(values):
            parts = [values.get(f"{prefix}_{part}", "") for part in _ADDRESS]
            kind = self._kind(values.get(f"{prefix}_kind"))
            yield f"ADR{kind}:;;{_structured(parts)}"

    def _rest(self, values: dict[str, str]) -> Iterator[str]:
        for name, column in _PLAIN.items():
            if column in values:
                yield f"{name}:{escape(values[column])}"
        if "url" in values:
            yield f"URL:{values['url'].splitlines()[0]}"
        if "bday" in values:
            yield f"BDAY:{self._day(values['bday'])}"
        if "latitude" in values and "longitude" in values:
            place = (values["latitude"], values["longitude"])
            yield (
                f"GEO:geo:{','.join(place)}" if self._version == "4.0" else f"GEO:{';'.join(place)}"
            )

        if "kind" in values:
            is_org = values["kind"] == "org"
            if self._version == "4.0":
                yield f"KIND:{values['kind']}"
            elif is_org:
                yield "X-ABSHOWAS:COMPANY"  # of Apple, and understood elsewhere
        if "rev" in values:
            yield f"REV:{_stamp(values['rev'])}"

    def _preferred(self, values: dict[str, str], head: str) -> str:
        if values.get(f"{head}_is_preferred") != "true":
            return ""
        return ";PREF=1" if self._version == "4.0" else ";TYPE=PREF"

    def _day(self, day: str) -> str:
        """4.0 writes 19850412; a day without its year is --0412 in both, as phones write it."""
        if day.startswith("--"):
            return "--" + day.replace("-", "")
        return day.replace("-", "") if self._version == "4.0" else day

    def _kind(self, kind: str | None) -> str:
        if not kind or not kind.isalpha() or not kind.isascii():
            return ""
        return f";TYPE={kind.lower() if self._version == '4.0' else kind.upper()}"


def _stamp(moment: str) -> str:
    """`2026-11-29T14:00:00.5Z` as `20261129T140000Z`, which both versions take."""
    return moment[:19].replace("-", "").replace(":", "") + "Z"


def _structured(parts: list[str]) -> str:
    return ";".join(escape(part, structured=True) for part in parts)


def _positions(values: dict[str, str], pattern: str) -> Iterator[int]:
    """A few may be missing in between: the second phone stays the second."""
    highest = max((n for n in range(1, 51) if pattern.format(n) in values), default=0)
    return (n for n in range(1, highest + 1) if pattern.format(n) in values)


def _address_prefixes(values: dict[str, str]) -> Iterator[str]:
    for position in count(1):
        prefix = "adr" if position == 1 else f"adr_{position}"
        if any(f"{prefix}_{part}" in values for part in _ADDRESS):
            yield prefix
        elif position > 5:
            return
