"""By what a service recognises a person of contacts', as contacts told of them so far. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from guanxi_shared.matching import match_key

# What contacts tells of a person: names, addresses and numbers, and a foreign id, each with its kind.
TOLD_OF: Final = (("n:", "name"), ("n:", "legal_name"), ("n:", "local_name"), ("x:", "external_id"))
KEYED: Final = {"n:": "name", "e:": "email", "p:": "phone", "x:": "external_id"}


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
