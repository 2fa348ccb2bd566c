"""Events of one organisation become facts: read what is present, walk, write what ended and what began."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.facts.kinds import ACCOUNTS, SALES, Kind, kinds_of
from guanxi_analytics.facts.marks import count_change, forget_answers
from guanxi_analytics.facts.sale_rules import customers_of, returns_of, sales_of
from guanxi_analytics.facts.walking_rules import Change, Key, Pieces, Walked, walk
from guanxi_analytics.summaries.writing import renew_summaries
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event, id_of, moment_of

GONE: Final = frozenset({"deleted", "erased"})
RETURNS: Final = """
SELECT order_id, return_id, line_id, returned_on, quantity, amount, cost FROM sale_returns
WHERE organisation_id = $1 AND order_id = ANY($2::uuid[])
"""
KEEP_RETURNS: Final = """
INSERT INTO sale_returns (organisation_id, order_id, return_id, line_id, returned_on, quantity, amount, cost)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# An erased person's account keeps its figures and loses its name and place, in all that was ever known of it.
FORGET_NAME: Final = """
UPDATE account_facts SET name = '', province = NULL, city = NULL WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[])
"""


async def write_facts(
    connection: Connection, organisation: UUID, source: str, events: Sequence[Event]
) -> None:
    """In the transaction that moves the source's cursor, the organisation being bound."""
    for noun, kind in kinds_of(source).items():
        own = [event for event in events if event["subject_type"] == noun]
        if own:
            await _write(connection, organisation, kind, own)


async def _write(
    connection: Connection, organisation: UUID, kind: Kind, events: Sequence[Event]
) -> None:
    subjects = list({id_of(event["subject_id"]) for event in events})
    present = await _present(connection, organisation, kind, subjects)
    if kind is SALES:
        changes = await _sale_changes(connection, organisation, subjects, events)
    else:
        changes = [_change(event, _pieces(kind, event)) for event in events]
    walked = walk(present, changes)
    await _keep(connection, organisation, kind, walked)
    if walked.begun or walked.ended:
        await count_change(connection, organisation, kind.source)
    if kind is SALES:
        await renew_summaries(connection, organisation, customers_of(walked.touched))
    if kind is ACCOUNTS and (erased := _erased(events)):
        await connection.execute(FORGET_NAME, organisation, erased)
        await forget_answers(connection, organisation)


async def _present(
    connection: Connection, organisation: UUID, kind: Kind, subjects: Sequence[UUID]
) -> dict[Key, Mapping[str, Any]]:
    rows = await connection.fetch(kind.present_sql, organisation, subjects)
    return {
        (row["subject_id"], row["piece_id"]): {name: row[name] for name in kind.said}
        for row in rows
    }


async def _sale_changes(
    connection: Connection, organisation: UUID, subjects: Sequence[UUID], events: Iterable[Event]
) -> list[Change]:
    """Each order's state beside what had come back of it until then."""
    rows = await connection.fetch(RETURNS, organisation, subjects)
    back: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        back.setdefault(row["order_id"], []).append(dict(row))
    told: list[dict[str, Any]] = []
    changes = []
    for event in events:
        more = returns_of(event)
        told += more
        own = back.setdefault(id_of(event["subject_id"]), [])
        own += more
        pieces = {} if _is_gone(event) else sales_of(event["after"], own)
        changes.append(_change(event, pieces))
    if told:
        values = [(organisation, *row.values()) for row in told]
        await connection.executemany(KEEP_RETURNS, values)
    return changes


def _pieces(kind: Kind, event: Event) -> Pieces:
    """What is gone says nothing any more."""
    return {} if _is_gone(event) or kind.pieces is None else kind.pieces(event["after"])


def _is_gone(event: Event) -> bool:
    return event["type"].rpartition(".")[2] in GONE


def _change(event: Event, pieces: Pieces) -> Change:
    return Change(id_of(event["subject_id"]), int(event["version"]), moment_of(event), pieces)


def _erased(events: Iterable[Event]) -> list[UUID]:
    return [id_of(event["subject_id"]) for event in events if event["type"].endswith(".erased")]


async def _keep(connection: Connection, organisation: UUID, kind: Kind, walked: Walked) -> None:
    if walked.ended:
        subjects, pieces = zip(*walked.ended, strict=True)
        ended = list(walked.ended.values())
        await connection.execute(kind.end_sql, organisation, list(subjects), list(pieces), ended)
    if walked.begun:
        lists = [[row[name] for row in walked.begun] for name in kind.written]
        await connection.execute(kind.begin_sql, organisation, *lists)
