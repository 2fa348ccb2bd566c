"""Events of one organisation become facts: read what is present, walk, write what ended and what began."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.facts.kinds import ACCOUNTS, SALES, Kind, kinds_of
from guanxi_analytics.facts.marks import count_change, forget_answers
from guanxi_analytics.facts.sale_rules import is_counted, returned_of, returns_of
from guanxi_analytics.facts.telling import change_of, is_gone
from guanxi_analytics.facts.walking_rules import Change, Key, Piece, Walked, walk
from guanxi_analytics.summaries.writing import ADDED, addable, count_sums, renew_summaries
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event, id_of

AT_ONCE: Final = 5_000  # rows of a statement
RETURNS: Final = """
SELECT order_id, return_id, line_id, returned_on, quantity, amount, cost FROM sale_returns
WHERE organisation_id = $1 AND order_id = ANY($2::uuid[])
"""
KEEP_RETURNS: Final = """
INSERT INTO sale_returns (organisation_id, order_id, return_id, line_id, returned_on, quantity, amount, cost)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# An erased person's account keeps its figures and loses its name, place and credit limit, in all that was ever known of it.
FORGET_NAME: Final = """
UPDATE account_facts SET name = '', province = NULL, city = NULL, credit_limit = NULL, credit_limit_currency = NULL
WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[])
"""


async def write_facts(
    connection: Connection, organisation: UUID, source: str, events: Sequence[Event]
) -> None:
    """In the transaction that moves the source's cursor, the organisation being bound."""
    told: dict[str, list[Event]] = {}
    for event in events:
        told.setdefault(event["subject_type"], []).append(event)
    for noun, kind in kinds_of(source).items():
        if noun in told:
            await _write(connection, organisation, kind, told[noun])


async def _write(
    connection: Connection, organisation: UUID, kind: Kind, events: Sequence[Event]
) -> None:
    changes = [change_of(kind, event) for event in events]
    subjects = list({change.subject_id for change in changes})
    present = await _present(connection, organisation, kind, subjects)
    if kind is SALES:
        changes = await _with_returns(connection, organisation, subjects, events, changes)
    walked = walk(present, changes)
    await _end(connection, organisation, kind, walked.ended)
    if kind is SALES:
        await _begin_sales(connection, organisation, walked)
    else:
        await _begin(connection, organisation, kind, walked.begun)
    if walked.begun or walked.ended:
        await count_change(connection, organisation, kind.source)
    if kind is ACCOUNTS and (erased := _erased(events)):
        await connection.execute(FORGET_NAME, organisation, erased)
        await forget_answers(connection, organisation)


async def _present(
    connection: Connection, organisation: UUID, kind: Kind, subjects: Sequence[UUID]
) -> dict[Key, Piece]:
    rows = await connection.fetch(kind.present_sql, organisation, subjects)
    return {
        (row["subject_id"], row["piece_id"]): {name: row[name] for name in kind.said}
        for row in rows
    }


async def _with_returns(
    connection: Connection, organisation: UUID, subjects: Sequence[UUID], events: Iterable[Event],
    changes: Iterable[Change],
) -> list[Change]:  # fmt: skip
    """Each order's state beside what had come back of it until then."""
    rows = await connection.fetch(RETURNS, organisation, subjects)
    back: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        back.setdefault(row["order_id"], []).append(dict(row))
    told: list[dict[str, Any]] = []
    whole = []
    for event, change in zip(events, changes, strict=True):
        if more := returns_of(event):
            told += more
            back.setdefault(change.subject_id, []).extend(more)
        whole.append(_with(change, event, back.get(change.subject_id)))
    if told:
        values = [(organisation, *row.values()) for row in told]
        await connection.executemany(KEEP_RETURNS, values)
    return whole


def _with(change: Change, event: Event, back: Sequence[Mapping[str, Any]] | None) -> Change:
    if not back or is_gone(event) or not is_counted(event["after"]):
        return change
    pieces = change.pieces | returned_of(event["after"], back)
    return Change(change.subject_id, change.version, change.at, pieces)


def _erased(events: Iterable[Event]) -> list[UUID]:
    return [id_of(event["subject_id"]) for event in events if event["type"].endswith(".erased")]


async def _end(
    connection: Connection, organisation: UUID, kind: Kind, ended: Mapping[Key, Any]
) -> None:
    if ended:
        subjects, pieces = zip(*ended, strict=True)
        moments = list(ended.values())
        await connection.execute(kind.end_sql, organisation, list(subjects), list(pieces), moments)


async def _begin(
    connection: Connection, organisation: UUID, kind: Kind, begun: Sequence[Piece]
) -> None:
    for first in range(0, len(begun), AT_ONCE):
        lists = _lists(kind, begun[first : first + AT_ONCE])
        await connection.execute(kind.begin_sql, organisation, *lists)


async def _begin_sales(connection: Connection, organisation: UUID, walked: Walked) -> None:
    """With the sums of whoever's sales these are."""
    added: Collection[UUID] = ()
    if len(walked.begun) <= AT_ONCE:
        added = await addable(connection, organisation, walked)
    if added:
        lists = _lists(SALES, walked.begun)
        await connection.execute(ADDED, organisation, *lists, list(added))
    else:
        await _begin(connection, organisation, SALES, walked.begun)
    await renew_summaries(connection, organisation, walked, but=added)
    if walked.begun or walked.was:
        await count_sums(connection, organisation)


def _lists(kind: Kind, rows: Sequence[Piece]) -> list[list[Any]]:
    """Without those that hold nothing: `unnest` fills up what is short."""
    lists = ([row[name] for row in rows] for name in kind.written)
    return [[] if values.count(None) == len(values) else values for values in lists]
