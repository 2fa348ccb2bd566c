"""What rows name of this service's own settings: a category, a calendar, a policy, a survey."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from guanxi_shared.db import Connection
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparer import Preparer

NAMED: Final = """
SELECT s.id, lower(s.name) AS name FROM {table} s
WHERE s.organisation_id = $1 AND s.deleted_at IS NULL AND (s.id::text = ANY($2::text[])
  OR lower(s.name) IN (SELECT lower(said) FROM unnest($2::text[]) AS asked (said)))
ORDER BY s.id FOR SHARE
"""


class Said(NamedTuple):
    """Either may be missing. An id that is none here leaves it to the name: a file of elsewhere has both."""

    id: str
    name: str


def take_setting(found: Prepared, document: dict[str, Any], noun: str) -> None:
    """Into `more[noun]` what the row says, kept for whoever has the database."""
    id, name = (
        found.references.pop(field, None) or document.pop(field, None) or ""
        for field in (f"{noun}_id", noun)
    )
    if id or name:
        found.more[noun] = Said(str(id).strip().lower(), str(name).strip())


async def find_settings(
    connection: Connection, preparer: Preparer[Any], rows: Sequence[Prepared], *,
    organisation: UUID, nouns: Mapping[str, str],
) -> None:  # fmt: skip
    """A look-up for each noun (→ its table), for any number of rows; into the rows the ids, reasons where
    nothing is meant, or several are."""
    for noun, table in nouns.items():
        naming = [row for row in rows if noun in row.more]
        if not naming:
            continue
        words = sorted({word for row in naming for word in row.more[noun] if word})
        known = await connection.fetch(NAMED.format(table=table), organisation, words)
        for row in naming:
            _settle(row, noun, known, preparer)


def _settle(
    row: Prepared, noun: str, known: Sequence[asyncpg.Record], preparer: Preparer[Any]
) -> None:
    said: Said = row.more[noun]
    ids = {each["id"] for each in known if str(each["id"]) == said.id}
    ids = ids or {each["id"] for each in known if each["name"] == said.name.lower()}
    if len(ids) == 1:
        (row.columns[f"{noun}_id"],) = ids
        if row.fresh is not None:
            row.fresh[f"{noun}_id"] = row.columns[f"{noun}_id"]
        return
    field = noun if said.name else f"{noun}_id"
    word, column = said.name or said.id, preparer.column_of(field)
    what = noun.replace("_", " ")
    sentence = f"{len(ids)} are called so" if ids else f"there is no such {what}; make it first"
    row.reasons.append(reason(column, word, f"{column}: {word!r}: {sentence}"))
