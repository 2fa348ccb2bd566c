"""Chance that repeats itself: a stream of random numbers per kind of record, and fixed ids.

Each kind draws from its own stream, so that a new kind of record moves none of the others.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

DEFAULT_SEED = 20241122
BEGIN = datetime(2024, 1, 2, 1, 0, tzinfo=UTC)
BETWEEN = timedelta(minutes=20)
RANDOM_BITS = (1 << 74) - 1


def stream(seed: int, kind: str) -> Random:
    """The dice of one kind of record; the same numbers on every machine."""
    return Random(f"{seed}/{kind}")


def demo_id(seed: int, kind: str, number: int) -> UUID:
    """The UUIDv7 (RFC 9562, 5.7) of the nth record of a kind: its time is made up, twenty minutes
    apart from BEGIN on; its random bits are the hash of seed, kind and number."""
    digest = hashlib.sha256(f"{seed}/{kind}/{number}".encode()).digest()
    bits = int.from_bytes(digest, "big") & RANDOM_BITS
    milliseconds = int((BEGIN + number * BETWEEN).timestamp() * 1000)
    random_a, random_b = bits >> 62, bits & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | random_a << 64 | 0b10 << 62 | random_b)


def digits(dice: Random, pattern: str) -> str:
    """Each # of the pattern replaced by a digit."""
    return "".join(str(dice.randrange(10)) if sign == "#" else sign for sign in pattern)


def weighted(dice: Random, weights: Mapping[T, float]) -> T:
    """One of the keys, as often as its weight says."""
    return dice.choices(list(weights), list(weights.values()))[0]
