"""A row of a file as what somebody wrote on a ticket elsewhere; no database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from guanxi_shared.errors import Problem
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, read_row
from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.tables.rows import Row
from guanxi_shared.validation_words import message_of
from guanxi_tickets.comments.schemas import Body
from guanxi_tickets.imports.named_tickets import TICKET_FIELDS, take_ticket
from guanxi_tickets.imports.setting_cells import refuse, take_id

AGENT, REQUESTER = "agent", "requester"
PUBLIC, INTERNAL = "public", "internal"
VISIBILITIES: Final = {
    "true": PUBLIC, "yes": PUBLIC, "reply": PUBLIC, "公开": PUBLIC, "回复": PUBLIC, "false": INTERNAL, "no": INTERNAL,
    "private": INTERNAL, "note": INTERNAL, "内部": INTERNAL, "备注": INTERNAL,
}  # fmt: skip
AUTHOR_KINDS: Final = {
    "staff": AGENT, "客服": AGENT, "customer": REQUESTER, "end_user": REQUESTER, "client": REQUESTER, "客户": REQUESTER,
}  # fmt: skip
BODY: Final[TypeAdapter[str]] = TypeAdapter(Body)
NOBODY: Final = "says nobody: name the agent, or say requester for what the customer wrote"
_ALL = (
    text("id", "guanxi id"),
    *TICKET_FIELDS,
    text("body", "text", "comment", "reply", "message", "内容", "回复内容", "正文"),
    ImportField("visibility", ("visibility",), f.WORD, ("public", "is public", "可见性"), VISIBILITIES),
    ImportField("author_kind", ("author_kind",), f.WORD, ("author type", "author role", "written by", "作者类型"), AUTHOR_KINDS),
    named("author", "author email", "author name", "from", "agent", "作者"),
    named("author_id"),
    typed("created_at", f.INSTANT, "created", "sent at", "written at", "date", "时间", "发送时间", "创建时间"),
)  # fmt: skip
COMMENT_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)


class CommentPreparation:
    """All of it stands in `more`: on which ticket it was said, the database knows."""

    def __init__(self, held: HeldAgainst, *, may_note: bool) -> None:
        self.held = held
        self._may_note = may_note

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        take_id(found, document, self.held.cells)
        take_ticket(found, document)
        if "ticket" not in found.more:
            refuse(found, self.held.cells, "ticket", "what was said needs its ticket")
        found.more["at"] = self._moment(found, created_at)
        found.more["body"] = self._body(found, document)
        self._take_author(found, document)
        found.more["visibility"] = self._visibility(found, document)
        found.fresh = {}
        return found

    def _moment(self, found: Prepared, at: datetime | None) -> datetime | None:
        if at is None:
            if not found.reasons:
                refuse(found, self.held.cells, "created_at", "what was said needs its moment")
        elif at > datetime.now(UTC):
            refuse(found, self.held.cells, "created_at", "is still to come")
        return at

    def _body(self, found: Prepared, document: dict[str, Any]) -> str:
        try:
            return BODY.validate_python(document.pop("body", ""))
        except ValidationError as error:
            said = message_of(error.errors(include_url=False)[0])
            refuse(found, self.held.cells, "body", said)
            return ""

    def _take_author(self, found: Prepared, document: dict[str, Any]) -> None:
        """Somebody who works here, or worked; the requester, whoever that is; an agent of elsewhere, if the row
        says no more than that."""
        kind = document.pop("author_kind", None)
        field, word = self._author(found, document)
        if kind not in (None, AGENT, REQUESTER):
            refuse(found, self.held.cells, "author_kind", "is neither agent nor requester")
        if kind is None and not word:
            refuse(found, self.held.cells, "author", NOBODY)
        is_requester = kind == REQUESTER
        found.more["author_kind"] = REQUESTER if is_requester else AGENT
        found.more["author_id"] = None if is_requester else self._writer(found, field, word)

    def _author(self, found: Prepared, document: dict[str, Any]) -> tuple[str, str]:
        """The field that names somebody, and how."""
        for field in ("author", "author_id"):
            word = found.references.pop(field, None) or document.pop(field, None)
            if word:
                return field, str(word)
        return "author", ""

    def _writer(self, found: Prepared, field: str, word: str) -> UUID | None:
        column = self.held.cells.column_of(field) or field
        try:
            return self.held.staff.somebody(word, column) if word else None
        except CellProblem as problem:
            found.reasons.append(reason(column, word, problem.detail))
            return None

    def _visibility(self, found: Prepared, document: dict[str, Any]) -> str:
        said = document.pop("visibility", None) or PUBLIC
        if said not in (PUBLIC, INTERNAL):
            refuse(found, self.held.cells, "visibility", "is neither public nor internal")
            return PUBLIC
        if said == INTERNAL and found.more["author_kind"] == REQUESTER:
            refuse(found, self.held.cells, "visibility", "what the requester says is public")
        elif said == INTERNAL and not self._may_note:
            refuse(found, self.held.cells, "visibility", "you may write no internal notes")
        return str(said)

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        also = (field.removesuffix("_id"), f"{field.removesuffix('_id')}_external_id")
        return self.held.cells.column_of(field, *also)
