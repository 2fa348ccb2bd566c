"""Records of another service that rows of a file name: by id, by external id, or by a name that is theirs
exactly. This service keeps copies of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from guanxi_shared import text
from guanxi_shared.db import Connection
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.references import KNOWN
from guanxi_shared.visibility import Scope

T = TypeVar("T")
BY = """
SELECT {key} AS key, id, name, owner_id, team_id FROM {table}
WHERE organisation_id = $1 AND {key} = ANY($2::text[]) AND deleted_at IS NULL ORDER BY {key}, id
"""
BY_ID = KNOWN.replace("$3", "$4").replace("$2", "$1").replace("$4", "$2")


def looked_up(table: str, key: str) -> str:
    """The statement that finds copies by a column."""
    return BY.format(table=table, key=key)


def name_key(name: str) -> str:
    """What two spellings of one name share: case, width and spaces do not count."""
    return text.normalise(name)


@dataclass(frozen=True, slots=True)
class Named:
    """What a row says: in which field, in which words."""

    field: str
    text: str

    @property
    def key(self) -> str:
        return self.text.strip() if self.field.endswith("_id") else name_key(self.text)


@dataclass(frozen=True, slots=True)
class NamedRecord:
    id: UUID
    name: str


@dataclass(slots=True)
class NamedRecords:
    """Those of a chunk's rows that there are for whoever imports, by field and key."""

    found: dict[tuple[str, str], list[NamedRecord]] = field(default_factory=dict)

    def of(self, named: Named) -> Sequence[NamedRecord]:
        return self.found.get((named.field, named.key), ())


@dataclass(frozen=True, slots=True)
class Naming:
    """How rows name records of one kind. `by` are the fields besides `<noun>_id`, the name last, with the
    statements that find copies by what they say; `resource` is of whose."""

    noun: str
    resource: str
    by: Mapping[str, str]

    @property
    def by_id(self) -> str:
        return f"{self.noun}_id"

    def take(self, found: Prepared, document: dict[str, Any]) -> str | None:
        """See `take_named`; ids come before names."""
        return take_named(found, document, self.noun, (self.by_id, *self.by))

    async def find(
        self, connection: Connection, organisation: UUID, wanted: Collection[Named], scope: Scope
    ) -> NamedRecords:
        """A look-up for each field, for any number of rows. Merged ones are their survivors."""
        keys: dict[str, set[str]] = {name: set() for name in (self.by_id, *self.by)}
        for each in wanted:
            keys[each.field].add(each.key)
        result = NamedRecords()
        for name, sql in self.by.items():
            if not keys[name]:
                continue
            for row in await connection.fetch(sql, organisation, sorted(keys[name])):
                if scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"]):
                    known = NamedRecord(row["id"], row["name"])
                    result.found.setdefault((name, row["key"]), []).append(known)
        ids = {key: id for key in keys[self.by_id] if (id := uuid_or_none(key)) is not None}
        survivors = await find_survivors(
            connection, organisation, self.resource, ids.values(), scope
        )
        for key, id in ids.items():
            if id in survivors:
                result.found[self.by_id, key] = [survivors[id]]
        return result

    def meant(
        self, row: Prepared, named: Named | None, known: NamedRecords, column: str
    ) -> NamedRecord | None:
        """The only one that is called so; a reason of the row where there is none, or are several."""
        if named is None:
            return None
        return meant(row, named, known.of(named), column, self.noun, self.resource)


def take_named(
    found: Prepared, document: dict[str, Any], noun: str, fields: Sequence[str]
) -> str | None:
    """Into `more[noun]` what the row or the defaults name, by the first of the fields that says something;
    kept for whoever has the database. What the last one says, the name, is given back."""
    given = {name: found.references.pop(name, None) or document.pop(name, None) for name in fields}
    field = next((name for name in fields if given[name]), None)
    if field is not None:
        found.more[noun] = Named(field, str(given[field]))
    name = given[fields[-1]]
    return str(name).strip() if name else None


def meant(
    row: Prepared, named: Named, found: Sequence[T], column: str, noun: str, plural: str
) -> T | None:
    """The only one; a reason of the row where there is none, or are several."""
    if len(found) == 1:
        return found[0]
    several = f"{len(found)} {plural} are called so"
    said = f"there is no such {noun}" if not found else several
    row.reasons.append(reason(column, named.text, f"{column}: {named.text!r}: {said}"))
    return None


async def find_survivors(
    connection: Connection, organisation: UUID, resource: str, ids: Collection[UUID], scope: Scope
) -> dict[UUID, NamedRecord]:
    """Records by ids, as far as they are there for whoever imports; merged ones are their
    survivors."""
    if not ids:
        return {}
    rows = await connection.fetch(BY_ID.format(table=f"known_{resource}"), organisation, list(ids))
    return {
        row["asked"]: NamedRecord(row["id"], row["name"])
        for row in rows
        if not row["is_gone"]
        and scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
    }


def uuid_or_none(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
