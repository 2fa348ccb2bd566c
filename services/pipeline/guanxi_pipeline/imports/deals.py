"""Opportunities that rows of a file name: by id, by external id, or by a name that is one's alone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.imports.named_records import Named, uuid_or_none
from guanxi_shared.matching import match_key
from guanxi_shared.visibility import Scope

COLUMNS: Final = "o.id, o.name, o.account_id, o.owner_id, o.team_id"
BY_ID: Final = f"""
SELECT o.id::text AS key, {COLUMNS} FROM opportunities o
WHERE o.organisation_id = $1 AND o.id = ANY($2::uuid[]) AND o.deleted_at IS NULL
"""
BY_KEY: Final = f"""
SELECT k.key, {COLUMNS} FROM opportunities_search s CROSS JOIN unnest(s.match_keys) AS k (key)
JOIN opportunities o ON o.organisation_id = s.organisation_id AND o.id = s.id AND o.deleted_at IS NULL
WHERE s.organisation_id = $1 AND s.match_keys && $2::text[] AND k.key = ANY($2::text[]) ORDER BY o.id
"""


@dataclass(frozen=True, slots=True)
class Deal:
    id: UUID
    name: str
    account_id: UUID | None
    is_theirs: bool  # to change


async def find_deals(
    connection: Connection, organisation: UUID, wanted: Collection[Named], scope: Scope
) -> dict[str, list[Deal]]:
    """By `deal_key`: those that whoever imports sees. Two statements for any number of rows."""
    keys = {deal_key(each) for each in wanted}
    ids = [id for key in keys if (id := uuid_or_none(key)) is not None]
    words = sorted(key for key in keys if uuid_or_none(key) is None)
    found: dict[str, list[Deal]] = {}
    for sql, asked in ((BY_ID, ids), (BY_KEY, words)):
        if asked:
            _enter(found, await connection.fetch(sql, organisation, asked), scope)
    return found


def deal_key(named: Named) -> str:
    if named.field == "opportunity_id":
        id = uuid_or_none(named.text.strip())
        return str(id) if id is not None else "no id"
    field = "external_id" if named.field.endswith("external_id") else "name"
    return match_key(field, named.text.strip()) or ""


def _enter(found: dict[str, list[Deal]], rows: Iterable[Any], scope: Scope) -> None:
    for row in rows:
        whose = {name: row[name] for name in ("id", "owner_id", "team_id")}
        if scope.covers(**whose):
            deal = Deal(row["id"], row["name"], row["account_id"], scope.may_write(**whose))
            found.setdefault(row["key"], []).append(deal)
