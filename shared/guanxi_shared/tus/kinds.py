"""What a service says of its uploads: where they are, what their files are of, and how a file is kept."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.files.keeping import Asked, Place
from guanxi_shared.files.receiving import Received
from guanxi_shared.records import State

Row = dict[str, Any]
Links = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Uploads:
    """`links_in` reads what of the metadata is the service's own, `check` holds it against what is there, before
    a byte is sent; `insert` makes the row of the file, with all of its rules, and `find` shows it to the caller.
    `keys` are the primary keys that a file's own id may clash with."""

    path: str
    permission: str
    tag: str
    links_in: Callable[[Call, Mapping[str, str]], Links]
    check: Callable[[Call, Connection, Links], Awaitable[None]]
    insert: Callable[[Call, Connection, Received, Place, Asked, str, Links], Awaitable[State]]
    find: Callable[[Call, UUID, Links], Awaitable[Row]]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender says of a file before its bytes come."""

    id: UUID | None
    name: str
    declared_type: str | None
    sha256: str | None
    links: Links
    length: int

    def is_that_of(self, row: Row) -> bool:
        told = (row["name"], row["declared_type"], row["sha256"], row["length"])
        is_same = told == (self.name, self.declared_type, self.sha256, self.length)
        return is_same and orjson.loads(row["links"]) == self.links
