"""Rows out of the INSERT statements of an SQL dump, without a database."""

import re
from collections.abc import Iterator
from pathlib import Path

from guanxi_shared.launch.errors import LaunchError

_VALUE = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^',()\s][^,()]*?))\s*([,)])", re.DOTALL)
_COLUMN = re.compile(r'^\s*"?(\w+)"?\s+\w', re.MULTILINE)
_NO_COLUMN = {"constraint", "primary", "foreign", "unique", "check", "exclude", "like"}


def read_inserts(path: Path, table: str) -> tuple[list[str], Iterator[list[str]]]:
    """The columns of a table and its rows as texts; NULL is an empty one.

    Takes `INSERT INTO t VALUES (…), (…);` with or without names of columns, which otherwise come from
    `CREATE TABLE`. Strings are standard SQL: a quote in them is doubled.
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
    return columns, _rows(text, inserts, columns)


def _declared(text: str, table: str, path: Path) -> list[str]:
    found = re.search(
        rf'CREATE TABLE\s+(?:\w+\.)?"?{re.escape(table)}"?\s*\((.*?)\n\s*\)\s*;',
        text,
        re.DOTALL | re.IGNORECASE,
    )
    if found is None:
        raise LaunchError(f"{path} does not say which columns {table!r} has.")
    return [name for name in _COLUMN.findall(found[1]) if name.lower() not in _NO_COLUMN]


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
