"""The records of a merge, held, and held against what the caller may do and has seen."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from guanxi_contacts.errors import MergedAway
from guanxi_contacts.merges.subjects import Subject
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, NotFound
from guanxi_shared.many_records import load_many
from guanxi_shared.records import Loaded
from guanxi_shared.visibility import Scope
from guanxi_shared.writes import check_version


async def take_turns(connection: Connection, subject: Subject, organisation: UUID) -> None:
    """Merges and moves in one organisation's trees come one after the other, before any row is held."""
    for turn in subject.turns:
        await connection.execute(turn, str(organisation))


async def load_merged(
    call: Call, connection: Connection, subject: Subject, ids: Sequence[UUID], *, places: Sequence[str],
    versions: Mapping[UUID, int],
) -> list[Loaded]:  # fmt: skip
    """The records under their locks, in the order of `ids`; `places` are the fields that named them.

    Nobody can make a reference to any of them until the transaction ends.
    """
    scope = await call.scope(subject.resource.name)
    found = await load_many(connection, subject.resource, ids, for_update=True)
    for id, place in zip(ids, places, strict=True):
        _demand_present(subject, found.get(id), scope, place, id)
    for id in ids:
        demand_writable(subject, found[id], scope)
        await check_version(connection, subject.resource, found[id], versions.get(id))
    return [found[id] for id in ids]


def _demand_present(
    subject: Subject, loaded: Loaded | None, scope: Scope, place: str, id: UUID
) -> None:
    noun = subject.resource.noun
    if loaded is None or not covers(scope, loaded):
        raise NotFound(
            f"There is no {noun} with the id {str(id)!r}.",
            errors={place: f"There is no such {noun}."},
        )
    if loaded.row["deleted_at"] is None:
        return
    if loaded.row["merged_into_id"] is not None:
        raise MergedAway(
            f"This {noun} was merged already.", errors={place: "It was merged into another one."}
        )
    raise NotFound(f"This {noun} is deleted.", errors={place: f"There is no such {noun}."})


def demand_writable(subject: Subject, loaded: Loaded, scope: Scope) -> None:
    row, noun = loaded.row, subject.resource.noun
    if not scope.may_write(id=loaded.id, owner_id=row["owner_id"], team_id=row["team_id"]):
        raise Forbidden(f"You may read this {noun} but not change it.", code="read_only")


def covers(scope: Scope, loaded: Loaded) -> bool:
    row = loaded.row
    return scope.covers(id=loaded.id, owner_id=row["owner_id"], team_id=row["team_id"])
