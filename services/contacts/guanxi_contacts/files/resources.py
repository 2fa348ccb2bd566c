"""The allow-list of files, and who sees one: its owner's readers, and whoever sees a linked record.

The kernel's predicate looks at `owner_id` and `team_id` alone. It stays what it is for the feed and
for snapshots, which so show a file to fewer people than may open it. Lists and gets go through
`READABLE`, a resource that filters by nothing itself, to which every query is given the condition
`visible`: one predicate over the file's own columns and, by its links, over those of the records.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Table,
    Text,
    Uuid,
    any_,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from guanxi_contacts import models
from guanxi_contacts.files.schemas import FileRead
from guanxi_shared import resources as r
from guanxi_shared.filters import Condition, Groups
from guanxi_shared.resources import Field, Resource, fields_of, looked_up
from guanxi_shared.visibility import Scope

METADATA = models.File.metadata
FILE: Table = METADATA.tables["files"]
LINK: Table = METADATA.tables["file_links"]
EMPTY = text("'[]'::jsonb")
UUIDS = ARRAY(Uuid)
Bind = Callable[[Any, Any], ColumnElement[Any]]

# The noun of a link and the table it points to, as far as there is such a table.
SUBJECTS: Final[Mapping[str, Table]] = {
    noun: METADATA.tables[name]
    for noun, name in {
        "account": "accounts",
        "contact": "contacts",
        "activity": "activities",
    }.items()
    if name in METADATA.tables
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one caller sees of files and of each kind of record that files belong to."""

    files: Scope
    records: Mapping[str, Scope]


def _links() -> ColumnElement[Any]:
    entry = func.jsonb_build_object(
        "type", LINK.c.subject_type, "id", cast(LINK.c.subject_id, Text)
    )
    ordered = aggregate_order_by(entry, LINK.c.subject_type, LINK.c.subject_id)
    listed = select(func.coalesce(func.jsonb_agg(ordered), EMPTY)).where(
        LINK.c.organisation_id == FILE.c.organisation_id, LINK.c.file_id == FILE.c.id
    )
    return listed.correlate(FILE).scalar_subquery()


def _linked_to(noun: str) -> Field:
    def where(operator: str, value: Any, bind: Bind) -> ColumnElement[bool]:
        wanted = bind(value if isinstance(value, list) else [value], UUIDS)
        return FILE.c.id.in_(
            select(LINK.c.file_id).where(
                LINK.c.organisation_id == FILE.c.organisation_id,
                LINK.c.subject_type == noun,
                LINK.c.subject_id == any_(wanted),
            )
        )

    return looked_up(f"{noun}_id", r.ID, FILE, where)


_shown = _links()
FILES = Resource(
    name="files",
    noun="file",
    service="contacts",
    table=FILE,
    fields={
        **fields_of(FILE, hidden=("blob_id", "storage", "erased_at")),
        "links": Field("links", r.OBJECTS, _shown, _shown, (), is_filtered=False),
        **{field.name: field for field in map(_linked_to, SUBJECTS)},
    },
    computed=frozenset({"links"}),
    model=FileRead,
)
READABLE = replace(FILES, is_owned=False)


def _visible(operator: str, value: Any, bind: Bind) -> ColumnElement[bool]:
    """The same text for every caller: the lists differ, and the planner sees their values."""
    seen: Seen = value
    linked = [
        select(LINK.c.file_id)
        .join(
            table,
            (table.c.organisation_id == LINK.c.organisation_id) & (table.c.id == LINK.c.subject_id),
        )
        .where(
            LINK.c.organisation_id == FILE.c.organisation_id,
            LINK.c.file_id == FILE.c.id,
            LINK.c.subject_type == noun,
            table.c.deleted_at.is_(None),
            _covered(table, seen.records[noun], bind),
        )
        .exists()
        for noun, table in SUBJECTS.items()
    ]
    return or_(_covered(FILE, seen.files, bind), *linked)


def _covered(table: Table, scope: Scope, bind: Bind) -> ColumnElement[bool]:
    return or_(
        bind(scope.everything, Boolean),
        table.c.owner_id == any_(bind(list(scope.owners), UUIDS)),
        table.c.team_id == any_(bind(list(scope.teams), UUIDS)),
        table.c.id == any_(bind(list(scope.shared), UUIDS)),
    )


VISIBLE = replace(looked_up("visible", r.BOOLEAN, FILE, _visible), is_filtered=False)


def readable_groups(groups: Groups, seen: Seen) -> Groups:
    """Every alternative of a filter, each only for what the caller sees."""
    visible = Condition(VISIBLE, "eq", seen, "visible")
    return tuple((*group, visible) for group in groups or ((),))
