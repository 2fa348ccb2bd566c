"""A whole dump of the database, and of kept files, to look for people in."""

from pathlib import Path
from uuid import UUID

import asyncpg

TABLES = """
SELECT n.nspname || '.' || quote_ident(c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


class Dump:
    """Every row of every table of every schema, as the superuser sees it, and every kept file; of one
    organisation alone, where tests have the same canaries in several."""

    def __init__(self, admin_url: str, files_dir: Path, *, of: UUID | None = None) -> None:
        self._admin_url = admin_url
        self._files_dir = files_dir
        self._of = of

    async def places_of(self, *canaries: str) -> list[str]:
        """`table: canary` and `file: canary` for everything in which one of them stands."""
        wanted = [(text, text.lower().encode()) for text in canaries]
        found = []
        connection = await asyncpg.connect(self._admin_url)
        try:
            for row in await connection.fetch(TABLES):
                text = await self._copied(connection, row["name"])
                found += [f"{row['name']}: {name}" for name, raw in wanted if raw in text]
        finally:
            await connection.close()
        for path in self._files_dir.rglob("*"):
            if path.is_file() and (self._of is None or str(self._of) in path.parts):
                text = path.read_bytes().lower()
                found += [f"{path.name}: {name}" for name, raw in wanted if raw in text]
        return found

    async def _copied(self, connection: asyncpg.Connection, table: str) -> bytes:
        pieces: list[bytes] = []

        async def take(piece: bytes) -> None:
            pieces.append(piece)

        # bytea comes as hexadecimal digits: stored bodies are decoded, or nothing is found in them
        columns = await connection.fetch(
            "SELECT attname, atttypid::regtype::text AS type FROM pg_attribute WHERE attrelid = $1::text::regclass"
            " AND attnum > 0 AND NOT attisdropped", table,
        )  # fmt: skip
        shown = ", ".join(
            f"encode({row['attname']}, 'escape')"
            if row["type"] == "bytea"
            else f'"{row["attname"]}"'
            for row in columns
        )
        is_told = self._of is not None and "organisation_id" in {row["attname"] for row in columns}
        own = f" WHERE organisation_id = '{self._of}'" if is_told else ""
        await connection.copy_from_query(f"SELECT {shown} FROM {table}{own}", output=take)
        return b"".join(pieces).lower()
