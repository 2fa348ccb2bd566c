"""Who sees which articles: by an audience, which stands where other records have their team.

An audience is a visibility and whether the article is out; its id is made of both and the organisation.
So the one predicate serves lists, counts, search, snapshots and the feed, and none needs a rule of its own.
"""

from typing import Any, Final
from uuid import UUID, uuid5

from guanxi_shared.auth import Principal
from guanxi_shared.visibility import Scope

# What it takes to read what is not for everybody.
TAKES: Final = {
    "public": None, "partner": "partner-articles:read", "internal": "internal-articles:read",
}  # fmt: skip
WRITING: Final = "articles:update"
OUT, NOT_OUT = "out", "not out"


def audience_of(organisation: UUID, visibility: str, *, is_out: bool) -> UUID:
    return uuid5(organisation, f"articles {visibility} {OUT if is_out else NOT_OUT}")


def audience(row: Any) -> UUID:
    """Of an article as it is."""
    is_out = row["state"] == "published"
    return audience_of(row["organisation_id"], row["visibility"], is_out=is_out)


def may_see(by: Principal, visibility: str) -> bool:
    takes = TAKES[visibility]
    return takes is None or by.may(takes)


def audiences_of(by: Principal) -> tuple[UUID, ...]:
    """What is out, of each visibility that they may see; of those they write also what is not."""
    if by.organisation_id is None:
        return ()
    wanted = [True, False] if by.may(WRITING) else [True]
    return tuple(
        audience_of(by.organisation_id, visibility, is_out=is_out)
        for visibility in TAKES
        if may_see(by, visibility)
        for is_out in wanted
    )


def sight_of(by: Principal) -> Scope:
    return Scope(teams=audiences_of(by))
