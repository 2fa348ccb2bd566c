"""Which types of events somebody asked for."""

from collections.abc import Sequence
from functools import lru_cache


def matches_type(type: str, patterns: Sequence[str]) -> bool:
    """`contacts.account.*` and `*.created` match as they look; no pattern matches all."""
    return not patterns or any(_like(type, pattern) for pattern in patterns)


@lru_cache(maxsize=4096)
def _like(type: str, pattern: str) -> bool:
    parts, wanted = type.split("."), pattern.split(".")
    if wanted[-1] == "*" and len(wanted) <= len(parts):
        wanted += ["*"] * (len(parts) - len(wanted))
    if wanted[0] == "*" and len(wanted) < len(parts):
        wanted = ["*"] * (len(parts) - len(wanted)) + wanted
    return len(wanted) == len(parts) and all(
        w in ("*", p) for w, p in zip(wanted, parts, strict=True)
    )
