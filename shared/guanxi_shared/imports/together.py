"""Rows of a file that are one record together: the lines of an order, by a number that they share.

As a rule they follow one another. Those that stand apart are found by reading the file once before:
they are held in memory and come where the first of them stands, so that a record is begun when all of
its rows are known. After a restart the same is found again, and what came before the checkpoint stays
done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from guanxi_shared.tables import Checkpoint, FileProblem, Source, read_rows
from guanxi_shared.tables.rows import Row

MOST_APART = 200_000
MOST_OF_ONE = 2_000
Key = Callable[[Row], str | None]


class Group(NamedTuple):
    """The rows of one record, and the place in the file behind what was read for them."""

    rows: list[Row]
    at: Checkpoint


class Groups(NamedTuple):
    groups: list[Group]
    checkpoint: Checkpoint


def read_together(
    path: Path, source: Source, columns: Sequence[str], *, size: int, start: Checkpoint
) -> Iterator[Groups]:
    """Groups by the list, of some `size` rows each. Rows belong together that say the same in the
    first of the columns in which they say anything, or in a later one what a row that says more says there;
    one that says nothing is a record of its own. FileProblem where too much would have to be held."""
    key = _key_of(columns, _named_elsewhere(path, source, columns))
    groups: list[Group] = []
    held, at = 0, start
    for group in _groups(path, source, key, start, _apart(path, source, key)):
        at = group.at
        if group.rows:
            groups.append(group)
            held += len(group.rows)
        if held >= size:
            yield Groups(groups, at)
            groups, held = [], 0
    if groups or at != start:
        yield Groups(groups, at)


def _key_of(columns: Sequence[str], elsewhere: Mapping[str, str]) -> Key:
    def key(row: Row) -> str | None:
        found = next(_said(row, columns), None)
        return None if found is None else elsewhere.get(found, found)

    return key


def _named_elsewhere(path: Path, source: Source, columns: Sequence[str]) -> dict[str, str]:
    """What rows say in later columns → what the same rows say in their first: a record whose number stands in
    each of its rows, and its id in one. Of several ids for a number the first."""
    found: dict[str, str] = {}
    if len(columns) > 1:
        for row in _filled(path, source):
            said = list(_said(row, columns))
            for each in said[1:]:
                found.setdefault(each, said[0])
    return found


def _said(row: Row, columns: Sequence[str]) -> Iterator[str]:
    for place, column in enumerate(columns):
        if text := row.values.get(column, "").strip():
            yield f"{place} {text}"


def _groups(
    path: Path, source: Source, key: Key, start: Checkpoint, apart: dict[str, list[Row]]
) -> Iterator[Group]:
    """Rows that stand apart come with their first one; where another of them stood is a group of none."""
    pending: list[Row] = []
    wanted: str | None = None
    for row in read_rows(path, source, start=start):
        if row.is_blank:
            continue
        found = key(row)
        if pending and (found is None or found != wanted):
            yield Group(pending, pending[-1].checkpoint)
            pending = []
        if found is not None and found in apart:
            whole = apart[found]
            yield Group(whole if whole[0].number == row.number else [], row.checkpoint)
            continue
        pending.append(row)
        wanted = found
        _demand_few(pending)
    if pending:
        yield Group(pending, pending[-1].checkpoint)


def _apart(path: Path, source: Source, key: Key) -> dict[str, list[Row]]:
    """The rows of the records whose rows do not follow one another."""
    seen: set[str] = set()
    apart: dict[str, list[Row]] = {}
    before: str | None = None
    for row in _filled(path, source):
        found = key(row)
        if found is not None and found != before:
            if found in seen:
                apart[found] = []
            seen.add(found)
        before = found
    if apart:
        del seen
        _collect(_filled(path, source), key, apart)
    return apart


def _collect(rows: Iterator[Row], key: Key, apart: dict[str, list[Row]]) -> None:
    held = 0
    for row in rows:
        found = key(row)
        if found is not None and found in apart:
            apart[found].append(row)
            _demand_few(apart[found])
            held += 1
        if held > MOST_APART:
            raise FileProblem(
                f"More than {MOST_APART:,} rows stand apart from those that they belong with. Sort the "
                "file, so that the rows of one record follow one another."
            )


def _demand_few(rows: Sequence[Row]) -> None:
    if len(rows) > MOST_OF_ONE:
        raise FileProblem(
            f"More than {MOST_OF_ONE:,} rows bear the same number as line {rows[0].line}. "
            "Look whether the right column was taken for it."
        )


def _filled(path: Path, source: Source) -> Iterator[Row]:
    return (row for row in read_rows(path, source) if not row.is_blank)
