"""Who is whom: pure decisions about the records of one person."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from guanxi_shared.matching import match_key

# What contacts tells of a person: names, addresses and numbers, and a foreign id, each with its kind.
TOLD_OF: Final = (("n:", "name"), ("n:", "legal_name"), ("n:", "local_name"), ("x:", "external_id"))
KEYED: Final = {"n:": "name", "e:": "email", "p:": "phone", "x:": "external_id"}
REACHED_BY: Final = ("e:", "p:")  # kinds of match keys: an address, a number
NAMED: Final = "n:"


def is_same_person(keys: Collection[str], other: Collection[str]) -> bool:
    """By match keys: the same name, and an address or a number of both. Either alone is not enough:
    colleagues share a switchboard, strangers a name."""
    common = set(keys) & set(other)
    is_reached = any(key.startswith(REACHED_BY) for key in common)
    return is_reached and any(key.startswith(NAMED) for key in common)


def reaching(keys: Iterable[str]) -> list[str]:
    return sorted({key for key in keys if key.startswith(REACHED_BY)})


def of_a_person(state: Mapping[str, Any]) -> dict[str, Any]:
    """A lead's state without a name that is its company's: a company is nobody's to erase."""
    is_company = state.get("name") == state.get("company")
    return {**state, "name": None} if is_company else dict(state)


def known_by(state: Mapping[str, Any]) -> list[str]:
    """All that a contact, or an account that is a person, is recognised by, as contacts tells it."""
    found = {f"{kind}{state[name]}" for kind, name in TOLD_OF if state.get(name)}
    found |= {f"e:{each['address']}" for each in state.get("emails") or ()}
    for phone in state.get("phones") or ():
        found |= {f"p:{n}" for n in (phone.get("number"), phone.get("e164")) if n}
    return sorted(found)


def keys_of(known: Iterable[str]) -> list[str]:
    """The match keys of what somebody is known by."""
    found = {match_key(KEYED[each[:2]], each[2:]) for each in known}
    return sorted(key for key in found if key is not None and len(key) > 2)


def states_of(known: Iterable[str]) -> list[dict[str, Any]]:
    """What somebody is known by as states, of which each has one name."""
    emails, phones, found = [], [], []
    for each in known:
        kind, value = each[:2], each[2:]
        if kind == "e:":
            emails.append({"address": value})
        elif kind == "p:":
            phones.append({"number": value, "e164": None})
        else:
            found.append({KEYED[kind]: value})
    return [*found, {"emails": emails, "phones": phones}]


def whole_texts(states: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """What a deal takes over from its lead as it is: texts of others that say the same, and no more,
    are theirs, however short."""
    found = (str(state.get(name) or "") for state in states for name in ("name", "next_step"))
    return frozenset(text.strip().casefold() for text in found if text.strip())
