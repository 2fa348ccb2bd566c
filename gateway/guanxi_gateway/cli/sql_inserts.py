"""Rows out of the INSERT statements of an SQL dump, without a database."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from guanxi_gateway.cli.recipes import Join
from guanxi_shared.launch.errors import LaunchError

_VALUE = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^',()\s][^,()]*?))\s*([,)])", re.DOTALL)
_COLUMN = re.compile(r'^\s*"?(\w+)"?\s+\w', re.MULTILINE)
_NO_COLUMN = {"constraint", "primary", "foreign", "unique", "check", "exclude", "like"}


def read_inserts(path: Path, table: str) -> tuple[list[str], Iterator[list[str]]]:
    """The columns of a table and its rows as texts; NULL is an empty one.

    Takes `INSERT INTO t VALUES (…), (…);` with or without names of columns, which otherwise come from
    `CREATE TABLE`. Strings are standard SQL: a quote in them is doubled. What `CREATE TABLE` declares as
    `real` is written as briefly as it can be: 9.80000019 is the 9.8 that was put in.
    """
    text = path.read_text(encoding="utf-8")
    inserts = re.compile(
        rf'INSERT INTO\s+(?:\w+\.)?"?{re.escape(table)}"?\s*(?:\(([^)]*)\))?\s*VALUES\s*',
        re.IGNORECASE,
    )
    first = inserts.search(text)
    if first is None:
        raise LaunchError(f"{path} inserts nothing into {table!r}.")
    columns = (
        [name.strip(' "') for name in first[1].split(",")]
        if first[1]
        else _declared(text, table, path)
    )
    rows = _rows(text, inserts, columns)
    reals = [columns.index(name) for name in _reals(text, table) if name in columns]
    return columns, (_with_reals(row, reals) for row in rows)


def joined(
    columns: list[str], rows: Iterator[list[str]], others: list[str], of: Iterator[list[str]], *,
    join: Join,
) -> tuple[list[str], Iterator[list[str]]]:  # fmt: skip
    """Each row with the one of the other table that has the same value in `join.on`, with nothing where
    there is none. A name that both have is `table.name` for the other."""
    if join.on not in columns or join.on not in others:
        raise LaunchError(f"{join.table} cannot be joined: not both tables have {join.on!r}.")
    mine, place = columns.index(join.on), others.index(join.on)
    added = [name for name in others if name != join.on]
    known = {row[place]: row[:place] + row[place + 1 :] for row in of}
    names = [f"{join.table}.{name}" if name in columns else name for name in added]
    nothing = [""] * len(added)
    return columns + names, (row + known.get(row[mine], nothing) for row in rows)


def _reals(text: str, table: str) -> list[str]:
    body = _declaration(text, table)
    return re.findall(r'^\s*"?(\w+)"?\s+real\b', body, re.MULTILINE | re.IGNORECASE)


def _with_reals(row: list[str], reals: list[int]) -> list[str]:
    for place in reals:
        row[place] = shortest_real(row[place])
    return row


def shortest_real(text: str) -> str:
    """The shortest decimal that is the same number in four bytes (IEEE 754 binary32), as Postgres itself
    prints a `real` since version 12."""
    if not text:
        return text
    wanted = struct.pack("f", float(text))
    for digits in range(1, 9):
        found = f"{float(text):.{digits}g}"
        if struct.pack("f", float(found)) == wanted:
            return f"{float(found):f}".rstrip("0").rstrip(".")
    return text


def _declared(text: str, table: str, path: Path) -> list[str]:
    body = _declaration(text, table)
    if not body:
        raise LaunchError(f"{path} does not say which columns {table!r} has.")
    return [name for name in _COLUMN.findall(body) if name.lower() not in _NO_COLUMN]


def _declaration(text: str, table: str) -> str:
    found = re.search(
        rf'CREATE TABLE\s+(?:\w+\.)?"?{re.escape(table)}"?\s*\((.*?)\n\s*\)\s*;',
        text,
        re.DOTALL | re.IGNORECASE,
    )
    return "" if found is None else found[1]


def _rows(text: str, inserts: re.Pattern[str], columns: list[str]) -> Iterator[list[str]]:
    for statement in inserts.finditer(text):
        at = statement.end()
        while text[at : at + 1] == "(":
            values, at = _tuple(text, at + 1)
            if len(values) != len(columns):
                raise LaunchError(
                    f"A row has {len(values)} values for {len(columns)} columns: {values[:3]} …"
                )
            yield values
            at = _behind(text, at, ", \t\r\n")


def _tuple(text: str, at: int) -> tuple[list[str], int]:
    values = []
    while (found := _VALUE.match(text, at)) is not None:
        quoted, bare, end = found.groups()
        plain = "" if bare is not None and bare.upper() == "NULL" else (bare or "")
        values.append(quoted.replace("''", "'") if quoted is not None else plain)
        at = found.end()
        if end == ")":
            return values, at
    raise LaunchError(f"A row of the SQL file cannot be read: {text[at : at + 60]!r}")


def _behind(text: str, at: int, marks: str) -> int:
    while at < len(text) and text[at] in marks:
        at += 1
    return at
