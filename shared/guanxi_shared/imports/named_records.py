"""Accounts, and people, that rows of a file name: by id, by external id, or by a name that is theirs
exactly. They are records of another service, of which this one keeps copies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from guanxi_shared import text
from guanxi_shared.db import Connection
from guanxi_shared.references import KNOWN
from guanxi_shared.visibility import Scope

FIELDS: Final = ("account_id", "account_external_id", "account")
BY = """
SELECT {key} AS key, id, name, owner_id, team_id FROM {table}
WHERE organisation_id = $1 AND {key} = ANY($2::text[]) AND deleted_at IS NULL ORDER BY {key}, id
"""
BY_ID = KNOWN.replace("$3", "$4").replace("$2", "$1").replace("$4", "$2")


def looked_up(table: str, key: str) -> str:
    """The statement that finds copies by a column."""
    return BY.format(table=table, key=key)


ACCOUNTS_BY: Final[Mapping[str, str]] = {
    "account": looked_up("known_accounts", "name_key"),
    "account_external_id": looked_up("known_accounts", "external_id"),
}


def name_key(name: str) -> str:
    """What two spellings of one name share: case, width and spaces do not count."""
    return text.normalise(name)


@dataclass(frozen=True, slots=True)
class Named:
    """What a row says: in which of FIELDS, in which words."""

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


async def find_named(
    connection: Connection, organisation: UUID, wanted: Collection[Named], scope: Scope, *,
    resource: str = "accounts", by: Mapping[str, str] = ACCOUNTS_BY, by_id: str = "account_id",
) -> NamedRecords:  # fmt: skip
    """A look-up for each field, for any number of rows. Merged ones are their survivors."""
    keys: dict[str, set[str]] = {name: set() for name in (by_id, *by)}
    for each in wanted:
        keys[each.field].add(each.key)
    result = NamedRecords()
    for name, sql in by.items():
        if not keys[name]:
            continue
        for row in await connection.fetch(sql, organisation, sorted(keys[name])):
            if scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"]):
                known = NamedRecord(row["id"], row["name"])
                result.found.setdefault((name, row["key"]), []).append(known)
    ids = {key: id for key in keys[by_id] if (id := uuid_or_none(key)) is not None}
    survivors = await find_survivors(connection, organisation, resource, ids.values(), scope)
    for key, id in ids.items():
        if id in survivors:
            result.found[by_id, key] = [survivors[id]]
    return result


async def find_survivors(
    connection: Connection, organisation: UUID, resource: str, ids: Collection[UUID], scope: Scope
) -> dict[UUID, NamedRecord]:
    """Accounts or contacts by ids, as far as they are there for whoever imports; merged ones are their
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
