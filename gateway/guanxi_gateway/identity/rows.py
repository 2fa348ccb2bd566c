"""Rows as plain dictionaries, for services whose decisions compare and merge them."""

from typing import Any

from guanxi_shared.db import Connection

Row = dict[str, Any]


async def found(connection: Connection, sql: str, *args: Any) -> Row | None:
    row = await connection.fetchrow(sql, *args)
    return None if row is None else dict(row)


async def written(connection: Connection, sql: str, *args: Any) -> Row:
    """The row that an INSERT or UPDATE … RETURNING gave.

    None would mean that it vanished under the lock we hold: a bug, never an answer of success.
    """
    row = await connection.fetchrow(sql, *args)
    if row is None:
        raise LookupError("a write under lock gave no row")
    return dict(row)
