"""What is there of the records with lines that a chunk of rows speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_pipeline.numbering import Numbers, taken_numbers
from guanxi_pipeline.products.named import FoundProducts, NamedProducts
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_pipeline.references.service import names_of_accounts
from guanxi_shared.db import Connection
from guanxi_shared.imports.named_records import Named, NamedRecords
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.many_records import load_many
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope

BY_ID = """
SELECT id, id::text AS key, deleted_at IS NOT NULL AS is_deleted FROM {table}
WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""
BY_WORD = """
SELECT id, {column} AS key FROM {table}
WHERE organisation_id = $1 AND {column} = ANY($2::text[]) AND deleted_at IS NULL ORDER BY id
"""


# Of versions of one number the newest.
NEWEST = """
SELECT DISTINCT ON (number) id, number AS key FROM {table}
WHERE organisation_id = $1 AND number = ANY($2::text[]) AND deleted_at IS NULL ORDER BY number, revision DESC
"""


@dataclass(slots=True)
class There:
    """`known` are ids by what records are recognised by, `taken` the numbers that are given already."""

    accounts: NamedRecords
    products: FoundProducts
    known: dict[str, list[UUID]]
    deleted: set[UUID]
    loaded: Mapping[UUID, Loaded]
    account_names: Mapping[UUID, str]  # of those of `loaded`
    taken: set[str]
    scope: Scope


def word_of(key: str, record: Prepared) -> str | None:
    """By which of the known and planned ones a record is recognised; None if by none."""
    if key == "id":
        return None if record.wanted_id is None else str(record.wanted_id)
    return f"{key} {record.keys[0]}" if record.keys else None


async def find_there(
    connection: Connection, terms: Terms, preparer: Preparer[Any], products: NamedProducts,
    resource: Resource, numbers: Numbers, records: Sequence[Prepared],
) -> There:  # fmt: skip
    """A few statements for any number of records. Those that may be changed are held."""
    organisation = terms.organisation_id
    named: set[Named] = {r.more["account"] for r in records if r.more["account"] is not None}
    lines = [line for record in records for line in record.more["sent"].get("lines") or ()]
    known, deleted = await _known(connection, terms, resource, records)
    loaded: Mapping[UUID, Loaded] = {}
    if terms.options.duplicates == "update":
        loaded = await load_many(connection, resource, [id for ids in known.values() for id in ids])
    brought = [n for record in records if (n := record.more["sent"].get("number")) is not None]
    ids: set[UUID] = {each.row["account_id"] for each in loaded.values()} - {None}
    return There(
        accounts=await ACCOUNTS.find(connection, organisation, named, await preparer.scope("accounts")),
        products=await products.find(connection, lines),
        known=known, deleted=deleted, loaded=loaded,
        account_names=await names_of_accounts(connection, organisation, ids),
        taken=await taken_numbers(connection, organisation, numbers, brought),
        scope=await preparer.scope(resource),
    )  # fmt: skip


async def _known(
    connection: Connection, terms: Terms, resource: Resource, records: Sequence[Prepared]
) -> tuple[dict[str, list[UUID]], set[UUID]]:
    """Ids of those that are there, by key; and which of the wanted ids are of deleted ones."""
    organisation, key, table = terms.organisation_id, terms.options.key, resource.table.name
    known: dict[str, list[UUID]] = {}
    deleted: set[UUID] = set()
    if ids := [r.wanted_id for r in records if r.wanted_id is not None]:
        rows = await connection.fetch(BY_ID.format(table=table), organisation, ids)
        deleted = {row["id"] for row in rows if row["is_deleted"]}
        known |= {row["key"]: [row["id"]] for row in rows if not row["is_deleted"]}
    if words := [word for record in records for word in record.keys]:
        has_versions = key == "number" and "revision" in resource.table.c
        sql = (NEWEST if has_versions else BY_WORD).format(table=table, column=key)
        for row in await connection.fetch(sql, organisation, words):
            known.setdefault(f"{key} {row['key']}", []).append(row["id"])
    return known, deleted
