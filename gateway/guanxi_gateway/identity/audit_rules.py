"""The audit log as a hash chain: no entry can be changed, dropped or slipped in unseen.

h(n) = SHA-256( h(n-1) || canonical JSON of entry n ), h(0) = 32 zero bytes; one chain for each
organisation, positions from 1 without a gap.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Link:
    """One stored row: what was written, and the digest that was stored with it. `repeated` are the
    columns that say part of the entry again, for lists to filter by: no digest covers those."""

    position: int
    entry: Mapping[str, Any]
    digest: bytes
    repeated: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tip:
    """Where the chain stands; the next link must follow exactly here."""

    position: int = 0
    digest: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Broken:
    """`position` is the first one that does not hold: found changed, or missing."""

    position: int
    reason: str


def canonical_json(entry: Mapping[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8. Values must be JSON already (times as text, no floats): what
    is hashed has to survive jsonb, which reorders keys and rewrites numbers."""
    text = json.dumps(
        entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def chain_digest(previous: bytes, entry: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(previous + canonical_json(entry)).digest()


def follow(tip: Tip, link: Link) -> Tip | Broken:
    if link.position != tip.position + 1:
        return Broken(tip.position + 1, "missing")
    expected = chain_digest(tip.digest, link.entry)
    if not hmac.compare_digest(expected, link.digest):
        return Broken(link.position, "changed")
    if any(link.entry.get(name) != value for name, value in link.repeated.items()):
        return Broken(link.position, "changed")
    return Tip(link.position, expected)


def verify_chain(links: Iterable[Link], *, start: Tip | None = None) -> Tip | Broken:
    """The tip reached, or the first broken place. Feed it page by page, from tip to tip; compare
    the last tip with the stored head, or entries cut off at the end stay unnoticed."""
    tip = start or Tip()
    for link in links:
        found = follow(tip, link)
        if isinstance(found, Broken):
            return found
        tip = found
    return tip


def against_head(tip: Tip, head: Tip) -> Broken | None:
    """An organisation's making is its first entry: a chain without any has lost them all."""
    if not head.position:
        return Broken(1, "missing")
    if tip.position < head.position:
        return Broken(tip.position + 1, "missing")
    if tip != head:
        return Broken(head.position, "head differs")
    return None
