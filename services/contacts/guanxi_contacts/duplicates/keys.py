"""The keys by which likely duplicates are found: equal keys are evidence, and an index has them.

Beside the keys of `matching.match_keys` (e: email, p: phone, n: name, x: external id) a record keeps

    c:  its compact name: a company's without its legal form, a person's without spaces, in both orders
    y:  how the compact name is read in pinyin
    w:  the domains an account is known by on the web: its own, its site's and its mail's; none of
        providers that anybody has an address at
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from guanxi_contacts.duplicates.company_names import compact_company_name, readings_of
from guanxi_contacts.duplicates.free_mail import is_free_mail
from guanxi_shared.emails import domain_of
from guanxi_shared.matching import match_key
from guanxi_shared.phones import is_landline
from guanxi_shared.text import normalise

ACCOUNT_NAMES = ("name", "legal_name", "short_name", "local_name")
LONGEST_NAME = 120
SWITCHBOARD = (
    0.5  # colleagues share the number of their office, so it says half of what a mobile's does
)
_BETWEEN = re.compile(r"[\W_]+")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskedKey:
    """A key to look for, the field it comes from, and what finding it is evidence of, how strong
    (0 to 1)."""

    key: str
    field: str
    kind: str
    strength: float = 1.0


def account_keys(row: Row) -> set[str]:
    """The keys that an account keeps for being found as a duplicate."""
    kept = {f"w:{domain}" for _, domain in _domains(row)}
    for _, name in _names(row, ACCOUNT_NAMES):
        kept |= _name_keys([compact_company_name(name)])
    return kept


def person_keys(row: Row) -> Set[str]:
    return _keys_of_person(row["name"]) if row.get("name") else frozenset()


@lru_cache(maxsize=4096)  # many people share a name, and the words of a file's rows are theirs
def _keys_of_person(name: str) -> frozenset[str]:
    return frozenset(_name_keys(compact_person_names(name)))


def compact_person_names(name: str) -> list[str]:
    """张 三 is 张三; Zhang San is zhangsan, and sanzhang for those who write the family name last."""
    words = _BETWEEN.sub(" ", normalise(name[:LONGEST_NAME])).split()
    if not words:
        return []
    if len(words) == 1 or not all(word.isascii() for word in words):
        return ["".join(words)]
    orders = [words, [words[-1], *words[:-1]], [*words[1:], words[0]]]
    return list(dict.fromkeys("".join(order) for order in orders))


def _name_keys(compacts: Sequence[str]) -> set[str]:
    kept = {f"c:{compact}" for compact in compacts if compact}
    return kept | {f"y:{reading}" for compact in compacts for reading in readings_of(compact)}


def asked_of_account(row: Row) -> list[AskedKey]:
    """What to look for to find an account's duplicates; `row` holds stored columns."""
    asked = [*_asked_by_id_and_mail(row)]
    asked += [AskedKey(key, "phones", "phone") for _, key in _phone_keys(row)]
    asked += [AskedKey(f"w:{domain}", field, "domain") for field, domain in _domains(row)]
    for field, name in _names(row, ACCOUNT_NAMES):
        asked.append(AskedKey(f"n:{normalise(name)}", field, "name"))
        asked += _asked_by_name([compact_company_name(name)], field, "company_name")
    return _first_of_each(asked)


def asked_of_person(row: Row) -> list[AskedKey]:
    asked = [*_asked_by_id_and_mail(row)]
    for each, key in _phone_keys(row):
        is_shared = each.get("kind") not in ("mobile", "home") and is_landline(
            each.get("e164") or ""
        )
        asked.append(AskedKey(key, "phones", "phone", SWITCHBOARD if is_shared else 1.0))
    for field, name in _names(row, ("name",)):
        asked.append(AskedKey(f"n:{normalise(name)}", field, "name"))
        asked += _asked_by_name(compact_person_names(name), field, "name_spelling")
    return _first_of_each(asked)


def _asked_by_id_and_mail(row: Row) -> Iterator[AskedKey]:
    if row.get("external_id"):
        yield AskedKey(f"x:{row['external_id']}", "external_id", "external_id")
    for each in row.get("emails") or ():
        yield AskedKey(match_key("email", each["address"]) or "", "emails", "email")


def _phone_keys(row: Row) -> Iterator[tuple[Row, str]]:
    for each in row.get("phones") or ():
        key = match_key("phone", each.get("e164") or each["number"])
        if key and key != "p:":
            yield each, key


def _asked_by_name(compacts: Sequence[str], field: str, kind: str) -> list[AskedKey]:
    """The same compact name; the same sound, also of a name that somebody wrote in pinyin."""
    asked = [AskedKey(f"c:{compact}", field, kind) for compact in compacts if compact]
    for compact in compacts:
        readings = readings_of(compact)
        asked += [AskedKey(f"{p}:{r}", field, "pinyin") for r in readings for p in "yc"]
        if compact and compact.isascii():
            asked.append(AskedKey(f"y:{compact}", field, "pinyin"))
    return asked


def _domains(row: Row) -> Iterator[tuple[str, str]]:
    found = [("domain", row.get("domain"))]
    if row.get("website"):
        found.append(("website", domain_of(row["website"])))
    found += [("emails", mail_domain(each["address"])) for each in row.get("emails") or ()]
    yield from ((field, domain) for field, domain in found if domain and not is_free_mail(domain))


def mail_domain(address: str) -> str | None:
    """Of a stored address, whose domain is in lower case already: the plain part is read quickly."""
    return domain_of(address.rpartition("@")[2].lower())


def _names(row: Row, fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield from ((field, row[field]) for field in fields if row.get(field))


def _first_of_each(asked: Sequence[AskedKey]) -> list[AskedKey]:
    """Each key once: the kind that says most about it comes first."""
    return list({each.key: each for each in reversed(asked)}.values())[::-1]
