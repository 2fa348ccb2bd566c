"""The use case of merging: load, decide, move, write, keep what undoes it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_contacts.accounts.rules import position_of
from guanxi_contacts.dealings import absorb
from guanxi_contacts.merges import rules
from guanxi_contacts.merges.children import children_of
from guanxi_contacts.merges.loading import take_turns
from guanxi_contacts.merges.moves import Move, apply_moves, find_moves, keep_moves
from guanxi_contacts.merges.schemas import MergeCreate
from guanxi_contacts.merges.subjects import SUBJECTS, Subject
from guanxi_contacts.people.service import set_places
from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.segments.telling import tell_accounts
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.events import dumps
from guanxi_shared.identifiers import new_id
from guanxi_shared.many_records import Change, write_many
from guanxi_shared.merging import load_merged
from guanxi_shared.merging_rules import first_outside
from guanxi_shared.records import Loaded
from guanxi_shared.written import owned_by

ABOVE = """
WITH RECURSIVE above (id, parent) AS (
    SELECT id, {column} FROM {table} WHERE organisation_id = $1 AND id = ANY($2::uuid[])
    UNION SELECT t.id, t.{column} FROM {table} AS t JOIN above ON t.id = above.parent
    WHERE t.organisation_id = $1
) SELECT id, parent FROM above
"""
INSERT = """
INSERT INTO merges (organisation_id, id, resource, survivor_id, source_ids, fields, before, after, moved, created_by)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb, $8::text::jsonb, $9::text::jsonb, $10)
"""


async def merge_records(call: Call, connection: Connection, data: MergeCreate) -> UUID:
    """Merge as asked; the merge's id. All of it or nothing."""
    subject, organisation = SUBJECTS[data.resource], call.organisation
    ids = [data.survivor_id, *data.source_ids]
    _check_choices(subject, data, ids)
    await take_turns(connection, subject, organisation)
    places = ["survivor_id", *(f"source_ids.{place}" for place in range(len(data.source_ids)))]
    survivor, *sources = await load_merged(
        call, connection, subject.resource, ids, places=places, versions=data.if_match
    )
    merge_id = new_id()
    columns = await _columns(call, connection, subject, survivor, sources, data.fields)
    computed = _places(subject, survivor, sources)
    moves = await find_moves(
        connection, children_of(subject.resource), organisation, survivor=survivor.id,
        sources=data.source_ids,
    )  # fmt: skip
    await _keep(call, connection, merge_id, data, survivor, columns, computed, moves)
    await _write(call, connection, subject, merge_id, survivor, sources, columns, computed, moves)
    return merge_id


def _check_choices(subject: Subject, data: MergeCreate, ids: Sequence[UUID]) -> None:
    for field, chosen in data.fields.items():
        document, _, part = field.partition(".")
        is_known = field in subject.choices or (part and document in rules.FILLED & subject.choices)
        if not is_known:
            raise Invalid(
                f"A merge does not choose {field!r}.",
                errors={f"fields.{field}": "No field that can be chosen."},
            )
        if chosen not in ids:
            raise Invalid(
                f"The {field} of a record that is not merged cannot be chosen.",
                errors={f"fields.{field}": "Name the survivor or one of the sources."},
            )
    for id in data.if_match:
        if id not in ids:
            raise Invalid(
                "if_match names a record that is not merged.",
                errors={f"if_match.{id}": "Name the survivor or one of the sources."},
            )


async def _columns(
    call: Call, connection: Connection, subject: Subject, survivor: Loaded,
    sources: Sequence[Loaded], choices: Mapping[str, UUID],
) -> dict[str, Any]:  # fmt: skip
    """The stored columns of the survivor that change, those for searching included."""
    rows = {each.id: each.row for each in (survivor, *sources)}
    chosen = {field: rows[id] for field, id in choices.items()}
    own, others = survivor.row, [each.row for each in sources]
    columns = rules.merged_columns(own, others, subject.fields, chosen)
    if (long := rules.too_many(columns)) and (name := next(iter(long))):
        raise Invalid(
            f"Together they have {long[name]} {name}, more than a record may have.",
            errors={f"fields.{name}": "Choose whose list is kept."},
        )
    if "addresses" in columns and "latitude" in own:
        columns |= position_of(columns["addresses"])
    columns |= await _references(connection, subject, survivor, sources, chosen)
    columns = {name: value for name, value in columns.items() if value != own[name]}
    await owned_by(call, connection, subject.resource, columns)
    return columns


async def _references(
    connection: Connection, subject: Subject, survivor: Loaded, sources: Sequence[Loaded],
    chosen: Mapping[str, Mapping[str, Any]],
) -> dict[str, UUID | None]:  # fmt: skip
    """Who stands above the survivor and whom else it names: never one of the merged ones."""
    rows = [survivor.row, *(each.row for each in sources)]
    merged = [row["id"] for row in rows]
    organisation = survivor.row["organisation_id"]
    found: dict[str, UUID | None] = {}
    for column in subject.references:
        own = [chosen[column]] if column in chosen else rows
        found[column] = rules.reference_after(own, column, merged)
    own = [chosen[subject.above]] if subject.above in chosen else rows
    starts = [row[subject.above] for row in own]
    sql = ABOVE.format(table=subject.resource.table.name, column=subject.above)
    ways = await connection.fetch(sql, organisation, merged)
    above = {way["id"]: way["parent"] for way in ways}
    ends = (first_outside(start, merged, above) for start in starts)
    return {**found, subject.above: next((end for end in ends if end is not None), None)}


def _places(subject: Subject, survivor: Loaded, sources: Sequence[Loaded]) -> dict[str, Any]:
    """The computed fields of the survivor that change: a person's places in accounts."""
    if "accounts" not in subject.resource.computed:
        return {}
    places = rules.places_after([each.computed["accounts"] for each in (survivor, *sources)])
    return {} if places == survivor.computed["accounts"] else {"accounts": places}


async def _keep(
    call: Call, connection: Connection, merge_id: UUID, data: MergeCreate, survivor: Loaded,
    columns: Mapping[str, Any], computed: Mapping[str, Any], moves: Sequence[Move],
) -> None:  # fmt: skip
    before = {name: survivor.row[name] for name in columns}
    before |= {name: survivor.computed[name] for name in computed}
    await connection.execute(
        INSERT, call.organisation, merge_id, data.resource, data.survivor_id, data.source_ids,
        dumps(data.fields), dumps(before), dumps({**columns, **computed}), dumps(_counts(moves)),
        call.by.user_id,
    )  # fmt: skip
    await keep_moves(connection, call.organisation, merge_id, moves)


async def _write(
    call: Call, connection: Connection, subject: Subject, merge_id: UUID, survivor: Loaded,
    sources: Sequence[Loaded], columns: dict[str, Any], computed: dict[str, Any], moves: Sequence[Move],
) -> None:  # fmt: skip
    """First that they were merged, so that whoever follows moves its own references before it hears
    that the sources are gone."""
    resource = subject.resource
    source_ids = [source.id for source in sources]
    told = {"id": merge_id, "source_ids": source_ids, "moved": moved_ids(moves)}
    await write_survivor(
        call, connection, subject, survivor, columns, computed, verb="merged", told=told
    )
    merged = [survivor.id, *source_ids]
    await apply_moves(connection, moves, call.organisation, merged=merged, actor=call.actor)
    if resource is ACCOUNTS:
        await absorb(connection, call.organisation, survivor.id, source_ids)
    gone = {"deleted_at": survivor.row["updated_at"], "merged_into_id": survivor.id}
    more = {"merged_into_id": survivor.id}
    changes = [Change(source, gone, verb="deleted", more=more) for source in sources]
    await write_many(connection, resource, changes, actor=call.actor)
    if resource is ACCOUNTS:
        await tell_accounts(connection, call.organisation, merged, actor=call.actor)


async def write_survivor(
    call: Call, connection: Connection, subject: Subject, survivor: Loaded,
    columns: Mapping[str, Any], computed: Mapping[str, Any], *, verb: str, told: Mapping[str, Any],
) -> None:  # fmt: skip
    """The survivor's row, search columns and places; its event says what was merged under `merge`."""
    changes = dict(columns)
    if subject.found_by_fields & set(changes):
        changes |= subject.found_by({**survivor.row, **changes})
    if "accounts" in computed:
        await set_places(connection, call.organisation, survivor.id, computed["accounts"])
    await records.update_record(
        connection, subject.resource, survivor, changes, actor=call.actor, computed=computed,
        verb=verb, more={"merge": dict(told)},
    )  # fmt: skip


def moved_ids(moves: Sequence[Move]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for move in moves:
        found.setdefault(move.child.name, []).append(move.record_id)
    return found


def _counts(moves: Sequence[Move]) -> dict[str, int]:
    return {name: len(ids) for name, ids in moved_ids(moves).items()}
