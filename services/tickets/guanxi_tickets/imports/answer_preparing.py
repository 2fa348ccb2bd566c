"""A row of a file as what somebody answered in the past; no database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from guanxi_shared.errors import Problem
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.named_records import Naming, looked_up
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, read_row, take_moment
from guanxi_shared.tables.rows import Row
from guanxi_tickets.imports.named_settings import take_setting
from guanxi_tickets.imports.named_tickets import TICKET_FIELDS, take_ticket
from guanxi_tickets.imports.setting_cells import answers_said, refuse, take_id
from guanxi_tickets.references.named import ACCOUNTS, BY_EMAIL
from guanxi_tickets.surveys.question_rules import SCORE
from guanxi_tickets.surveys.schemas import Language

CONTACTS: Final = Naming(
    "contact",
    "contacts",
    {
        "contact_external_id": looked_up("known_contacts", "external_id"),
        "contact_email": BY_EMAIL,
        "contact": looked_up("known_contacts", "name_key"),
    },
)
MOMENTS: Final = ("invited_at", "answered_at")
LANGUAGE: Final[TypeAdapter[str]] = TypeAdapter(Language)
NO_SCORE: Final = "is no whole number"
_ALL = (
    text("id", "guanxi id"),
    named("survey", "survey name", "调查", "问卷"),
    named("survey_id"),
    typed("edition", f.INTEGER),
    *TICKET_FIELDS,
    named("contact_id"),
    named("contact_external_id"),
    named("contact_email", "email", "customer email", "客户邮箱"),
    named("contact", "respondent", "customer contact", "客户联系人"),
    named("account_id"),
    named("account_external_id", "customer number", "客户编号"),
    named("account", "account name", "company", "客户", "公司"),
    typed("score", f.INTEGER, "rating", "csat", "nps", "评分", "得分"),
    text("answers", "responses", "回答"),
    typed("is_low", f.BOOLEAN),
    text("language", "locale", "语言"),
    typed("invited_at", f.INSTANT, "sent at", "邀请时间"),
    typed("answered_at", f.INSTANT, "responded at", "response date", "answered", "回答时间"),
    typed("created_at", f.INSTANT),
)  # fmt: skip
ANSWER_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)


class AnswerPreparation:
    """All of it stands in `more`: what an answer means, its survey says, which the database has."""

    def __init__(self, held: HeldAgainst) -> None:
        self.held = held

    def prepare(self, row: Row) -> Prepared:
        found, document, _ = read_row(row, self.held)
        if row.problem is not None:
            return found
        take_id(found, document, self.held.cells)
        for name in MOMENTS:
            found.more[name] = take_moment(found, document, self.held.cells, name)
        self._check_times(found)
        take_setting(found, document, "survey")
        take_ticket(found, document)
        CONTACTS.take(found, document)
        ACCOUNTS.take(found, document)
        for name in ("edition", "is_low"):
            found.more[name] = document.pop(name, None)
        found.more["language"] = self._language(found, document)
        found.more["answers"] = self._answers(found, document)
        if "survey" not in found.more:
            refuse(found, self.held.cells, "survey", "an answer needs its survey")
        found.fresh = {}
        return found

    def _check_times(self, found: Prepared) -> None:
        invited, answered = (found.more[name] for name in MOMENTS)
        if answered is None:
            if not found.reasons:
                refuse(found, self.held.cells, "answered_at", "an answer needs its moment")
        elif answered > datetime.now(UTC):
            refuse(found, self.held.cells, "answered_at", "is still to come")
        elif invited is not None and invited > answered:
            refuse(found, self.held.cells, "invited_at", "lies after the answer")
        found.more["invited_at"] = invited or answered

    def _language(self, found: Prepared, document: dict[str, Any]) -> str | None:
        said = document.pop("language", None)
        try:
            return None if said is None else LANGUAGE.validate_python(said)
        except ValidationError:
            refuse(found, self.held.cells, "language", "is no language tag such as zh-CN or en")
            return None

    def _answers(self, found: Prepared, document: dict[str, Any]) -> Mapping[str, Any]:
        """By the keys of questions, the score among them."""
        said, score = document.pop("answers", None), document.pop("score", None)
        try:
            answers = answers_said(said) if isinstance(said, str) else (said or {})
        except ValueError as problem:
            sentence = str(problem) if type(problem) is ValueError else "is no JSON"
            refuse(found, self.held.cells, "answers", sentence)
            answers = {}
        return answers if score is None or SCORE in answers else {**answers, SCORE: score}

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        whole, _, key = field.partition(".")
        if key == SCORE and (column := self.held.cells.column_of(SCORE)) is not None:
            return column
        also = (SCORE,) if whole == "answers" else ()
        return self.held.cells.column_of(whole, whole.removesuffix("_id"), *also)
