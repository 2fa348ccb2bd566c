"""Rows of a file as queues, one a name: whose tickets they take, and how these get an agent."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errands import as_call
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst, read_row, validated
from guanxi_shared.imports.row_by_row import row_by_row
from guanxi_shared.imports.taking import CHANNEL
from guanxi_shared.tables.rows import Row
from guanxi_tickets.errands import own_house
from guanxi_tickets.imports.setting_cells import take_document, take_levels
from guanxi_tickets.queues.resources import QUEUES
from guanxi_tickets.queues.schemas import QueueCreate, QueueUpdate
from guanxi_tickets.tickets.fitting import understood

NAME: Final = "name"
KIND: Final = "n:"
WHOLE: Final = frozenset({NAME, "team_id"})
DEFAULTS: Final = {
    "position": 0, "is_active": True, "strategy": "manual", "skills": [], "languages": [],
    "on_shift_end": "keep",
}  # fmt: skip
OF_NAMES: Final = """
SELECT q.id FROM queues q WHERE q.organisation_id = $1 AND q.deleted_at IS NULL
  AND lower(q.name) IN (SELECT lower(said) FROM unnest($2::text[]) AS asked (said))
"""
_ALL = (
    text("id", "guanxi id"),
    text(NAME, "queue", "queue name", "队列", "队列名称", "名称"),
    text("description", "说明", "描述"),
    named("team", "team name", "group", "团队", "小组"),
    text("team_id"),
    typed("position", f.INTEGER, "order", "顺序"),
    typed("is_active", f.BOOLEAN, "active", "启用"),
    text("filter_groups", "filter", "条件"),
    typed("strategy", f.WORD, "assignment", "分配方式"),
    text("skills", "skill levels", "技能"),
    typed("languages", f.LIST, "language", "语言"),
    typed("load_limit", f.INTEGER, "capacity", "上限"),
    typed("on_shift_end", f.WORD, "下班处理"),
    typed("created_at", f.INSTANT, "created", "创建时间"),
)
QUEUE_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)


def keys_of_queue(row: Mapping[str, Any]) -> Sequence[str]:
    return [f"{KIND}{row[NAME].lower()}"]


class QueuePreparation:
    def __init__(self, held: HeldAgainst) -> None:
        self.held = held
        self._base = held.empty_row(QUEUES, DEFAULTS)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        take_levels(found, document, self.held.cells, "skills")
        take_document(found, document, self.held.cells, "filter_groups")
        is_new, groups = document.keys() >= WHOLE, document.get("filter_groups")
        team = None if is_new else document.pop("team_id", None)  # no patch sends it
        sent = validated(
            found, document, self.held.cells, new=QueueCreate, change=QueueUpdate, is_new=is_new
        )
        if sent is None or found.reasons:
            return found
        found.wanted_id = sent.pop("id", found.wanted_id)
        found.more["team_id"] = sent.pop("team_id", team)
        if groups is not None:
            data = QueueUpdate.model_validate({"filter_groups": groups})
            sent |= data.model_dump(mode="json", include={"filter_groups"})
        found.columns = sent
        if NAME in sent and self.held.options.key == NAME:
            found.keys = keys_of_queue(sent)
        if is_new:
            fresh = {**self._base, **sent, "team_id": found.more["team_id"]}
            found.fresh = {**fresh, "id": found.wanted_id or new_id(), "created_at": created_at}
        return found

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        return self.held.cells.column_of(field, field.removesuffix("_id"))


class QueueRuling:
    needs = "A new queue needs a name and a team."

    def __init__(self, preparer: Preparer[QueuePreparation], terms: Terms, call: Call) -> None:
        self._preparer = preparer
        self._terms = terms
        self._call = call

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        """Those that rows are recognised by or whose names they ask for. What a filter means, the
        organisation's own fields say."""
        names = [row.columns[NAME] for row in rows if NAME in row.columns]
        found = await connection.fetch(OF_NAMES, self._terms.organisation_id, names)
        keys = {key for name in names for key in keys_of_queue({NAME: name})}
        await book.load_meant(connection, rows, ids=[each["id"] for each in found], keys=keys)
        for row in rows:
            if groups := row.columns.get("filter_groups"):
                try:
                    await understood(self._call, groups)
                except Problem as problem:
                    row.reasons.extend(self._preparer.now.blame(problem, row.cells))

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> dict[str, Any]:
        if NAME in row.columns:
            same = book.find(keys_of_queue(row.columns))
            if any(each is not entry for each in same):
                raise Invalid("Another queue has this name.", errors={NAME: ""})
        if entry is None:
            assert row.fresh is not None
            return dict(row.fresh)
        team = row.more["team_id"]
        if team is not None and str(team) != str(entry.row["team_id"]):
            raise Invalid("A queue is its team's for good.", errors={"team_id": ""})
        return dict(row.columns)


async def _target(taking: Taking) -> PreparedTarget[QueuePreparation]:
    async def make(held: HeldAgainst) -> QueuePreparation:
        return QueuePreparation(held)

    terms, preparer = taking.terms, Preparer(QUEUES, taking, make)
    call = as_call(own_house(taking.database), taking.by, CHANNEL)
    return row_by_row(
        QUEUES, preparer, terms, QueueRuling(preparer, terms, call),
        index=planned_index(QUEUES, terms, {KIND}), keys_of=keys_of_queue,
    )  # fmt: skip


QUEUE_IMPORT = Importable(
    resource=QUEUES,
    fields=QUEUE_FIELDS,
    keys=frozenset({"none", "id", NAME}),
    named_by=frozenset({NAME}),
    target=_target,
)
