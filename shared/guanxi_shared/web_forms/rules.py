"""Pure decisions about web forms: keys, addresses, and what of a record somebody filled in."""

import base64
import binascii
import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_shared.errors import Invalid

RANDOM_BYTES: Final = 16
YES: Final = frozenset({"true", "on", "yes", "1"})
LONGEST: Final = 20_000


def key_of(organisation: UUID, random: bytes) -> str:
    """It names the organisation, since whoever sends the form has no token that does."""
    return base64.urlsafe_b64encode(organisation.bytes + random).decode().rstrip("=")


def organisation_of(key: str) -> UUID | None:
    """None for what can be no key."""
    try:
        raw = base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=raw[:16]) if len(raw) == 16 + RANDOM_BYTES else None


def address_of(forwarded: str, peer: str | None) -> str:
    """Whose address counts: that which was forwarded (the gateway wrote it), else the peer's."""
    last = forwarded or peer or ""
    try:
        return str(ipaddress.ip_address(last))
    except ValueError:
        return last[:64] or "unknown"


def counted_as(address: str) -> str:
    """One household for the limit: of IPv6 the first 64 bits, since everybody has so many of the rest."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def taking_several(kinds: Mapping[str, str]) -> list[str]:
    """A form's names of own fields that hold a list: boxes to tick are sent one by one."""
    return [f"custom.{key}" for key, kind in kinds.items() if kind == "choices"]


def named_once(pairs: Iterable[tuple[str, str]], *, several: Collection[str]) -> dict[str, str]:
    """One text for each name: of those that take several all of them, of others the last one, as pages
    mean it that send a hidden no before a box to tick."""
    found: dict[str, str] = {}
    for name, text in pairs:
        before = found.get(name, "").strip() if name in several else ""
        found[name] = f"{before},{text}" if before else text
    return found


def texts_of(sent: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in as texts; true and false are words, null is nothing."""
    found, errors = {}, {}
    for name, value in sent.items():
        text = str(value).lower() if isinstance(value, bool) else value
        if text is None:
            continue
        if isinstance(text, int | float):
            text = str(text)
        if not isinstance(text, str) or len(text) > LONGEST:
            errors[name] = f"Send text of at most {LONGEST} characters."
        elif text.strip():
            found[name] = text.strip()
    if errors:
        raise Invalid("Some fields are no text.", errors=errors)
    return found


def is_trapped(texts: Mapping[str, str], honeypot: str) -> bool:
    return honeypot in texts


def still_asked(
    fields: Sequence[Mapping[str, Any]], own: Collection[str]
) -> list[Mapping[str, Any]]:
    """Without the organisation's fields that were removed since; `own` are the keys of those there are."""
    return [field for field in fields if _own_key(field["name"]) in (None, *own)]


def _own_key(name: str) -> str | None:
    return name.removeprefix("custom.") if name.startswith("custom.") else None


def filled_in(
    texts: Mapping[str, str], form: Mapping[str, Any], kinds: Mapping[str, str]
) -> dict[str, Any]:
    """What the form asks for of what was sent, custom fields under `custom` as their kinds. Invalid names each
    field that it does not ask for, or that it demands. `kinds` are those of the organisation's own fields; what
    a page still sends of one that was removed is passed over."""
    asked = {field["name"]: field for field in still_asked(form["fields"], kinds)}
    allowed = {field["name"] for field in form["fields"]} | {form["honeypot"]}
    allowed |= {"consent"} if form["consent_text"] else set()
    errors = {name: "The form does not ask for this." for name in texts if name not in allowed}
    missing = [name for name, field in asked.items() if field["is_required"] and name not in texts]
    errors |= dict.fromkeys(missing, "Please fill this in.")
    if form["consent_text"] and form["is_consent_required"] and not has_consented(texts):
        errors["consent"] = "Please agree, or the form cannot be taken."
    if errors:
        raise Invalid("The form is not filled in as it asks to be.", errors=errors)
    found: dict[str, Any] = {}
    for name in (name for name in asked if name in texts):
        if (key := _own_key(name)) is None:
            found[name] = texts[name]
        else:
            found.setdefault("custom", {})[key] = _own_value(texts[name], kinds.get(key, "text"))
    return found


def _own_value(text: str, kind: str) -> Any:
    """A form's text as the kind of an own field; what is none stays text, for the check to refuse."""
    if kind == "boolean":
        return text.lower() in YES
    if kind == "choices":
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return {"integer": int, "number": float}.get(kind, str)(text)
    except ValueError:
        return text


def has_consented(texts: Mapping[str, str]) -> bool:
    return texts.get("consent", "").lower() in YES


def as_filled_in(problem: Invalid, meant: Mapping[str, str]) -> Invalid:
    """A refusal of the record, said of the form's fields; `meant` says where one stands in a form."""
    errors = {}
    for field, sentence in problem.errors.items():
        first = field.partition(".")[0]
        errors[meant.get(first, field)] = sentence
    return Invalid(problem.detail, errors=errors, code=problem.instance_code)


def demand_consistent(form: Mapping[str, Any]) -> None:
    """The hidden field is none that people fill in, and each field is asked for once."""
    names: Sequence[str] = [field["name"] for field in form["fields"]]
    if form["honeypot"] in (*names, "consent"):
        raise Invalid(
            "The hidden field is one that people fill in.", errors={"honeypot": "Choose another."}
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Invalid(f"{twice} is asked for twice.", errors={"fields": "Ask for each once."})
    if form["is_consent_required"] and not form["consent_text"]:
        raise Invalid(
            "Nobody can agree to nothing.", errors={"consent_text": "Say what is agreed to."}
        )
