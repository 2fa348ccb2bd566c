"""The rights of a feed that its owner's role has shrunk under: no more than then, and no more than now. Pure."""

from dataclasses import replace
from typing import Final

from guanxi_shared.auth import Principal

DEMANDED: Final = ("calendar:read", "activities:read")
USED: Final = (*DEMANDED, "contacts:read", "users:read")
SEEN: Final = ("activities", "contacts")
LEVELS: Final = ("own", "team", "subtree", "all")


def narrowed(then: Principal, now: Principal) -> Principal:
    """Of what a calendar uses; a role that grew since gives nothing more."""
    kept = frozenset(each for each in USED if then.may(each) and now.may(each))
    levels = {
        name: min(then.sees(name), now.sees(name), key=LEVELS.index) for name in SEEN
    }  # a level that nobody knows here is an error, not a wide one
    return replace(then, permissions=kept, visibility=levels, scopes=None)
