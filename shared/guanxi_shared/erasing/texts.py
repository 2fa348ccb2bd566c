"""What records say and ever said, for erasures that look through their texts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.erasing.records import Erasing, exactly, forget
from guanxi_shared.erasing.rules import Told
from guanxi_shared.erasing.text_rules import changes_of
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource

States = Sequence[Mapping[str, Any]]  # all that one record is, and ever was
Telling = Callable[[UUID, States], list[Told]]
LOG: Final = """
SELECT subject_id, before::text, after::text FROM events
WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[]) AND subject_type = $3
"""


async def texts_told(
    erasing: Erasing, resource: Resource, ids: Iterable[UUID], telling: Telling
) -> tuple[list[Change], list[Told]]:
    """What is to become of these records, held from now on, and every value of their log that goes."""
    loaded = await load_many(erasing.connection, resource, ids)
    log = await _log_of(erasing, resource, loaded)
    changes, all_told = [], []
    for record in loaded.values():
        told = telling(record.id, log[record.id])
        all_told += told
        if told_now := changes_of(present(record), told):
            changes.append(_change(resource, record, told_now))
    return changes, all_told


async def write_texts(
    erasing: Erasing, resource: Resource, changes: Sequence[Change], told: Sequence[Told]
) -> dict[str, int]:
    """First the rows, each with its event, then the log, that event's `before` included."""
    rows = await write_many(erasing.connection, resource, changes, actor=erasing.actor)
    erasing.ids += [change.loaded.id for change in changes]
    events = await forget(erasing, resource.noun, told)
    return {str(resource.table.name): rows, "events": events}


async def _log_of(
    erasing: Erasing, resource: Resource, loaded: Mapping[UUID, Loaded]
) -> dict[UUID, list[dict[str, Any]]]:
    """What every record is, and ever was."""
    found = {id: [present(record)] for id, record in loaded.items()}
    rows = await erasing.connection.fetch(LOG, erasing.organisation, list(found), resource.noun)
    for row in rows:
        texts = (row["before"], row["after"])
        found[row["subject_id"]] += [exactly(text) for text in texts if text is not None]
    return found


def present(record: Loaded) -> dict[str, Any]:
    whole = {**record.row, **record.computed}
    found: dict[str, Any] = orjson.loads(orjson.dumps(whole, default=str))
    return found


def _change(resource: Resource, record: Loaded, told: Mapping[str, Any]) -> Change:
    """A deleted one stays so for whoever follows: an update would be a sign of life."""
    columns = {name: value for name, value in told.items() if name not in resource.computed}
    computed = {name: value for name, value in told.items() if name in resource.computed}
    verb = "updated" if record.row["deleted_at"] is None else "deleted"
    return Change(record, columns, computed=computed, verb=verb)
