"""One JSON object a line, flattened: `{"a": {"b": 1}, "c": [{"d": 2}]}` → `a.b`, `c.0.d`."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from guanxi_shared.tables.lines import Lines
from guanxi_shared.tables.rows import COLUMN_LIMIT, Checkpoint, FileProblem, Row, Source

_SAMPLE_ROWS = 1_000
_DEPTH = 20


def sniff_ndjson(path: Path, *, encoding: str, mark: int) -> Source:
    """Columns in order of first appearance in the first thousand objects."""
    body = Checkpoint(offset=mark)
    source = Source(kind="ndjson", encoding=encoding, delimiter=None, columns=(), body=body)
    names: dict[str, None] = {}
    for row in islice(ndjson_rows(path, source, body), _SAMPLE_ROWS):
        names |= dict.fromkeys(row.values)
    if not names:
        raise FileProblem("No line of the file holds a JSON object with members.")
    columns = tuple(names)
    return Source(kind="ndjson", encoding=encoding, delimiter=None, columns=columns, body=body)


def ndjson_rows(path: Path, source: Source, at: Checkpoint) -> Iterator[Row]:
    lines = Lines(path, source.encoding or "utf-8", at=at)
    number = at.number
    for line, text in enumerate(lines, start=at.line + 1):
        if not text.strip() and line not in lines.bad:
            continue
        number += 1
        values, problem = _read(text)
        problem = lines.bad.pop(line, problem)
        values = dict.fromkeys(source.columns, "") | values
        sentence = f"Line {line} {problem}." if problem else None
        yield Row(number, line, values, sentence, lines.end_of(line), line)


def _read(text: str) -> tuple[dict[str, str], str | None]:
    try:
        # Numbers stay the text they are: 1234.50 is not 1234.5.
        data = json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse)
        if not isinstance(data, dict):
            return {}, "is not a JSON object; write one object on each line"
        values = {name: value.replace("\0", "") for name, value in _flat("", data, _DEPTH)}
    except (ValueError, RecursionError) as problem:
        reason = problem.args[0] if isinstance(problem, _TooDeep) else "is not valid JSON"
        return {}, f"{reason}; write one object on each line"
    if len(values) > COLUMN_LIMIT:
        return {}, f"has more than {COLUMN_LIMIT} members; leave out those that are not needed"
    return values, "has a NUL character, which no text may hold" if "\\u0000" in text else None


class _TooDeep(ValueError):
    pass


def _refuse(constant: str) -> str:
    raise ValueError(constant)


def _flat(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth < 0:
        raise _TooDeep(f"is nested more than {_DEPTH} deep")
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), member, depth - 1)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _flat(f"{name}.{index}", item, depth - 1)
    elif isinstance(value, list):
        yield name, "; ".join(_scalar(item) for item in value)
    else:
        yield name, _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
