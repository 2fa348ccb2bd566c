"""Accounts that rows of a file name: by id, by external id, or by a name that is theirs exactly."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from guanxi_shared import text
from guanxi_shared.db import Connection
from guanxi_shared.references import KNOWN
from guanxi_shared.visibility import Scope

FIELDS: Final = ("account_id", "account_external_id", "account")
BY_NAME = """
SELECT name_key AS key, id, name, owner_id, team_id FROM known_accounts
WHERE organisation_id = $1 AND name_key = ANY($2::text[]) AND deleted_at IS NULL ORDER BY name_key, id
"""
BY_EXTERNAL_ID = BY_NAME.replace("name_key", "external_id")
BY_ID = KNOWN.replace("$3", "$4").replace("$2", "$1").replace("$4", "$2")


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
class Account:
    id: UUID
    name: str


@dataclass(slots=True)
class NamedAccounts:
    """Those of a chunk's rows that there are for whoever imports, by field and key."""

    found: dict[tuple[str, str], list[Account]] = field(default_factory=dict)

    def of(self, named: Named) -> Sequence[Account]:
        return self.found.get((named.field, named.key), ())


async def find_named(
    connection: Connection, organisation: UUID, wanted: Collection[Named], scope: Scope
) -> NamedAccounts:
    """Three look-ups for any number of rows. Merged ones are their survivors."""
    keys: dict[str, set[str]] = {name: set() for name in FIELDS}
    for each in wanted:
        keys[each.field].add(each.key)
    result = NamedAccounts()
    for name, sql in (("account", BY_NAME), ("account_external_id", BY_EXTERNAL_ID)):
        if not keys[name]:
            continue
        for row in await connection.fetch(sql, organisation, sorted(keys[name])):
            if scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"]):
                known = Account(row["id"], row["name"])
                result.found.setdefault((name, row["key"]), []).append(known)
    ids = {key: id for key in keys["account_id"] if (id := uuid_or_none(key)) is not None}
    survivors = await find_survivors(connection, organisation, "accounts", ids.values(), scope)
    for key, id in ids.items():
        if id in survivors:
            result.found["account_id", key] = [survivors[id]]
    return result


async def find_survivors(
    connection: Connection, organisation: UUID, resource: str, ids: Collection[UUID], scope: Scope
) -> dict[UUID, Account]:
    """Accounts or contacts by ids, as far as they are there for whoever imports; merged ones are their
    survivors."""
    if not ids:
        return {}
    rows = await connection.fetch(BY_ID.format(table=f"known_{resource}"), organisation, list(ids))
    return {
        row["asked"]: Account(row["id"], row["name"])
        for row in rows
        if not row["is_gone"]
        and scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
    }


def uuid_or_none(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
