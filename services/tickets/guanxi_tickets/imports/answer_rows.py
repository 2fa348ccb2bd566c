"""Rows of a file as answers of the past: counted as those of today, and followed by nothing.

Each comes with the invitation that it answered, sent and answered when the file says; no letter goes out, and no
low score opens a ticket. An answer stays as it was given: one that is there is left alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.book import Book
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.prepared import CREATED, Outcome, Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import take_turns
from guanxi_tickets.imports.answer_preparing import ANSWER_FIELDS, CONTACTS, AnswerPreparation
from guanxi_tickets.imports.named_settings import find_settings
from guanxi_tickets.imports.named_tickets import find_tickets
from guanxi_tickets.references.named import ACCOUNTS
from guanxi_tickets.survey_answers import rules
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_sending.resources import INVITATIONS

EDITIONS: Final = """
SELECT e.survey_id, e.number, e.kind, e.default_language, e.questions::text AS questions, s.edition = e.number AS is_newest,
  s.follow_up::text AS follow_up, s.is_low_good
FROM survey_editions e JOIN surveys s ON s.organisation_id = e.organisation_id AND s.id = e.survey_id
WHERE e.organisation_id = $1 AND e.survey_id = ANY($2::uuid[])
"""


class Edition(NamedTuple):
    number: int
    kind: str
    default_language: str
    questions: list[dict[str, Any]]
    follow_up: Mapping[str, Any] | None
    is_low_good: bool


class AnswerRows:
    def __init__(self, preparer: Preparer[AnswerPreparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        self._indexes = [planned_index(each, terms, ()) for each in (ANSWERS, INVITATIONS)]
        self._editions: dict[tuple[UUID, int | None], Edition] = {}  # None: the newest

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        outcome, options = Outcome(), self._terms.options
        answers, invitations = (
            Book(resource, self._terms, index=index, keys_of=lambda row: ())
            for resource, index in zip((ANSWERS, INVITATIONS), self._indexes, strict=True)
        )
        await take_turns(connection, self._terms)
        right = [row for row in rows if not row.reasons]
        await self._look_up(connection, right)
        await answers.load_meant(connection, right)
        scope = await self._preparer.scope(ANSWERS)
        for row in rows:
            if decide(row, answers, options, scope=scope, outcome=outcome) != CREATE:
                continue
            try:
                self._create(row, answers, invitations)
            except Problem as problem:
                outcome.refuse(row, *self._preparer.now.blame(problem, row.cells))
            else:
                outcome.counts[CREATED] += 1
        await invitations.write(connection)
        await answers.write(connection)
        return outcome

    async def _look_up(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        """A statement for each kind of thing that rows name."""
        organisation = self._terms.organisation_id
        await find_settings(
            connection, self._preparer, rows, organisation=organisation, nouns={"survey": "surveys"}
        )
        await self._read_editions(connection, rows)
        await find_tickets(connection, self._preparer, rows, organisation=organisation)
        for naming in (CONTACTS, ACCOUNTS):
            wanted = {row.more[naming.noun] for row in rows if naming.noun in row.more}
            scope = await self._preparer.scope(naming.resource)
            known = await naming.find(connection, organisation, wanted, scope)
            for row in rows:
                said = row.more.get(naming.noun)
                column = self._preparer.column_of(said.field) if said else ""
                found = naming.meant(row, said, known, column)
                row.more[naming.by_id] = None if found is None else found.id

    async def _read_editions(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        surveys = {row.columns["survey_id"] for row in rows if "survey_id" in row.columns}
        asked = (self._terms.organisation_id, list(surveys))
        for row in await connection.fetch(EDITIONS, *asked):
            edition = Edition(
                row["number"], row["kind"], row["default_language"], orjson.loads(row["questions"]),
                orjson.loads(row["follow_up"] or "null"), row["is_low_good"],
            )  # fmt: skip
            self._editions[row["survey_id"], row["number"]] = edition
            if row["is_newest"]:
                self._editions[row["survey_id"], None] = edition

    def _create(self, row: Prepared, answers: Book, invitations: Book) -> None:
        more, survey_id = row.more, row.columns["survey_id"]
        edition = self._editions.get((survey_id, more["edition"] or None))
        if edition is None:
            raise Invalid("The survey has no such edition.", errors={"edition": ""})
        said = _checked(edition, more["answers"])
        score = rules.score_of(edition.questions, said)
        is_low = more["is_low"]
        if is_low is None:
            is_low = rules.is_low(score, edition.follow_up, is_low_good=edition.is_low_good)
        about, at = more.get("of"), more["answered_at"]
        place = {
            "survey_id": survey_id, "edition": edition.number, "answered_at": at, "created_at": at,
            "ticket_id": about and about["id"], "owner_id": about and about["owner_id"],
            "team_id": about and about["team_id"], "language": more["language"] or edition.default_language,
            "contact_id": more["contact_id"] or (about and about["requester_id"]),
        }  # fmt: skip
        held = self._preparer.now.held
        asked = {
            **held.empty_row(INVITATIONS, {"partial": {}, "round": 0}), **place, "id": new_id(),
            "occasion": "hand", "status": "answered", "send_at": more["invited_at"],
            "sent_at": more["invited_at"], "expires_at": at, "created_by": self._terms.actor.id,
        }  # fmt: skip
        answer = {
            **held.empty_row(ANSWERS, {}), **place, "id": row.wanted_id or new_id(),
            "invitation_id": asked["id"], "kind": edition.kind, "score": score, "is_low": is_low,
            "account_id": more["account_id"] or (about and about["account_id"]), "answers": said,
            "invited_at": more["invited_at"],
        }  # fmt: skip
        invitations.create(asked, {}, verb="answered", at=at)
        answers.create(answer, {}, verb="answered", at=at)


def _checked(edition: Edition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """As the questions take them: a cell says 4 where 4 was answered."""
    kinds = {question["key"]: question["type"] for question in edition.questions}
    read = {key: _read(value, kinds.get(key)) for key, value in answers.items()}
    wrong = rules.wrong_answers(edition.questions, read)
    kept = {} if wrong else rules.given(read)
    wrong = wrong or rules.missing(edition.questions, kept)
    if wrong:
        raise Invalid("It does not answer this survey.", errors=wrong)
    return kept


def _read(value: Any, kind: str | None) -> Any:
    if not isinstance(value, str):
        return str(value) if kind == "text" and isinstance(value, int) else value
    if kind == "rating":
        return int(value) if value.lstrip("-").isdecimal() and len(value) < 10 else value
    if kind == "multi_choice" and value.startswith("["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return [part.strip() for part in value.split("|")] if kind == "multi_choice" else value


async def _target(taking: Taking) -> PreparedTarget[AnswerPreparation]:
    async def make(held: HeldAgainst) -> AnswerPreparation:
        return AnswerPreparation(held)

    preparer = Preparer(ANSWERS, taking, make)
    written = AnswerRows(preparer, taking.terms)
    return PreparedTarget(preparer, written.write, resources=(ANSWERS, INVITATIONS))


ANSWER_IMPORT = Importable(
    resource=ANSWERS,
    fields=ANSWER_FIELDS,
    keys=frozenset({"none", "id"}),
    named_by=frozenset(),
    target=_target,
    also_needs=("surveys:create",),
    duplicates=frozenset({"skip", "refuse"}),
)
