"""Rows of a file as agents, one a user: what they can do, how much they take, when they work."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst, read_row, validated
from guanxi_shared.imports.row_by_row import row_by_row
from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.tables.rows import Row
from guanxi_tickets.agents.resources import AGENTS
from guanxi_tickets.agents.schemas import AgentCreate, AgentUpdate
from guanxi_tickets.agents.service import ending_of
from guanxi_tickets.imports.setting_cells import take_document, take_levels

USER: Final = "user"
KIND: Final = "u:"
DEFAULTS: Final = {
    "skills": [], "languages": [], "is_available": True, "shifts": None, "shift_ends_at": None,
}  # fmt: skip
OF_USERS: Final = """
SELECT id FROM agents WHERE organisation_id = $1 AND owner_id = ANY($2::uuid[]) AND deleted_at IS NULL
"""
_ALL = (
    text("id", "guanxi id"),
    named(USER, "email", "e mail", "agent", "user email", "员工", "客服", "邮箱"),
    text("user_id"),
    text("skills", "skill levels", "技能"),
    typed("languages", f.LIST, "language", "语言"),
    typed("load_limit", f.INTEGER, "capacity", "max tickets", "上限"),
    typed("is_available", f.BOOLEAN, "available", "在岗"),
    text("shifts", "working hours", "班次"),
    typed("created_at", f.INSTANT, "created", "创建时间"),
)
AGENT_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)


def keys_of_agent(row: Mapping[str, Any]) -> Sequence[str]:
    return [f"{KIND}{row['owner_id']}"]


def _shifts_of(document: Any) -> dict[str, Any]:
    """As they are kept, and when the one ends that they say."""
    data = AgentUpdate.model_validate({"shifts": document})
    kept = data.model_dump(mode="json", by_alias=True, include={"shifts"})
    return kept | ending_of(kept)


class AgentPreparation:
    def __init__(self, held: HeldAgainst) -> None:
        self.held = held
        self._base = held.empty_row(AGENTS, DEFAULTS)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        self._name_user(found, document)
        take_levels(found, document, self.held.cells, "skills")
        take_document(found, document, self.held.cells, "shifts")
        user_id, shifts = document.get("user_id"), document.get("shifts")
        sent = validated(
            found, document if user_id else {k: v for k, v in document.items() if k != "user_id"},
            self.held.cells, new=AgentCreate, change=AgentUpdate, is_new=user_id is not None,
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        try:
            if shifts is not None:
                sent |= _shifts_of(shifts)
            self._settle(found, sent, created_at)
        except Problem as problem:
            found.reasons.extend(self.blame(problem, found.cells))
        return found

    def _settle(self, found: Prepared, sent: dict[str, Any], created_at: Any) -> None:
        found.wanted_id = sent.pop("id", found.wanted_id)
        if (user := sent.pop("user_id", None)) is not None:
            sent["owner_id"] = user
        found.columns = sent
        if user is not None and self.held.options.key == USER:
            found.keys = keys_of_agent(sent)
        if user is not None:
            fresh = {**self._base, **sent, "created_at": created_at}
            found.fresh = {**fresh, "id": found.wanted_id or new_id()}

    def _name_user(self, found: Prepared, document: dict[str, Any]) -> None:
        """By address, name or id, as owners are."""
        said = found.references.pop(USER, None) or document.pop(USER, None)
        said = said or document.get("user_id")
        if said is None:
            return
        column = self.held.cells.column_of(USER, "user_id") or USER
        try:
            document["user_id"] = self.held.staff.owner(str(said), column)
        except CellProblem as problem:
            document.pop("user_id", None)
            found.reasons.append(reason(column, str(said), problem.detail))

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        """Rules name what stands within a cell: shifts.hours.monday."""
        whole = field.partition(".")[0]
        return self.held.cells.column_of(whole, whole.removesuffix("_id"))


class AgentRuling:
    needs = "A new agent needs a user."

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        users = [row.columns["owner_id"] for row in rows if "owner_id" in row.columns]
        found = await connection.fetch(OF_USERS, self._terms.organisation_id, users)
        keys = {key for user in users for key in keys_of_agent({"owner_id": user})}
        await book.load_meant(connection, rows, ids=[each["id"] for each in found], keys=keys)

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> dict[str, Any]:
        user = row.columns.get("owner_id")
        if entry is not None:
            if user not in (None, entry.row["owner_id"]):
                raise Invalid("This agent is somebody else; that stays.", errors={"user_id": ""})
            return dict(row.columns)
        assert row.fresh is not None
        if book.find(keys_of_agent(row.fresh)):
            raise Invalid("This user is an agent already.", errors={"user_id": ""})
        return dict(row.fresh)


async def _target(taking: Taking) -> PreparedTarget[AgentPreparation]:
    async def make(held: HeldAgainst) -> AgentPreparation:
        return AgentPreparation(held)

    terms, preparer = taking.terms, Preparer(AGENTS, taking, make)
    return row_by_row(
        AGENTS, preparer, terms, AgentRuling(terms), index=planned_index(AGENTS, terms, {KIND}),
        keys_of=keys_of_agent,
    )  # fmt: skip


AGENT_IMPORT = Importable(
    resource=AGENTS,
    fields=AGENT_FIELDS,
    keys=frozenset({"none", "id", USER}),
    named_by=frozenset({USER, "user_id"}),
    target=_target,
)
