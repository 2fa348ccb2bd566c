"""How a service says where people are in its schema: a list that a test holds against the database."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

Step = Callable[[Any], Awaitable[dict[str, int]]]  # takes the service's own Erasing
ALL: Final = ("*",)  # every column but keys, owner and times


@dataclass(frozen=True, slots=True)
class Place:
    """`personal` are the columns that may hold something of a person, `plain` those that look like it
    and never do. `archive` selects `row` (JSON) of one person: $1 organisation, $2 id, $3 noun."""

    table: str
    personal: tuple[str, ...]
    how: str
    erase: Step | None = None  # None: another place's step does it
    archive: str | None = None
    plain: tuple[str, ...] = ()


class Nobodys(NamedTuple):
    """Why a table holds nothing of a customer's people, and which of its columns could tell something if
    they did."""

    why: str
    plain: tuple[str, ...] = ()
