"""What a customer reads and sends by the link: kept as often as they like, handed in once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from guanxi_shared import records
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.survey_answers import rules
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_answers.schemas import Partial, Submission
from guanxi_tickets.survey_answers.visits import Asked, Visit, asked_of, wanted_language
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.surveys.language_rules import languages_of, worded
from guanxi_tickets.surveys.question_rules import SCORE

SURVEY: Final = """
SELECT s.follow_up::text AS follow_up, s.is_low_good FROM surveys s
WHERE s.organisation_id = $1 AND s.id = $2
"""
# The ticket that was asked about, or what it was merged into, held while the answer is written: whoever
# hands or merges it meanwhile finds the answer there. Before the invitation, which such a one takes last.
TICKET: Final = """
WITH RECURSIVE way AS (
  SELECT t.id, t.merged_into_id, 0 AS depth FROM survey_invitations i
  JOIN tickets t ON t.organisation_id = $1 AND t.id = i.ticket_id
  WHERE i.organisation_id = $1 AND i.id = $2
  UNION ALL SELECT t.id, t.merged_into_id, way.depth + 1 FROM way
  JOIN tickets t ON t.organisation_id = $1 AND t.id = way.merged_into_id WHERE way.depth < 32)
SELECT t.id AS ticket_id, t.account_id, t.owner_id, t.team_id, t.merged_into_id FROM tickets t
WHERE t.organisation_id = $1 AND t.id = (SELECT id FROM way WHERE merged_into_id IS NULL) FOR SHARE OF t
"""


async def show(visit: Visit, suggested: str | None) -> dict[str, Any]:
    """Nothing of it is written, whatever the address says."""
    async with visit.house.db.transaction(visit.organisation) as connection:
        asked = await asked_of(connection, visit)
    return _shown(visit, asked, suggested)


async def save(visit: Visit, data: Partial) -> dict[str, Any]:
    """What was saved before goes; the survey stays open."""
    async with visit.house.db.transaction(visit.organisation) as connection:
        loaded, asked = await _hold(connection, visit)
        answers = _checked(asked, data.answers)
        changes: dict[str, Any] = {"partial": answers, "status": "started"}
        if loaded.row["started_at"] is None:
            changes["started_at"] = datetime.now(UTC)
        if data.language is not None:
            changes["language"] = data.language
        await records.update_record(connection, INVITATIONS, loaded, changes, actor=visit.actor)
        kept = Asked({**asked.row, **changes})
    return _shown(visit, kept, None)


async def submit(visit: Visit, data: Submission) -> dict[str, Any]:
    """One answer for one invitation, under its lock."""
    async with visit.house.db.transaction(visit.organisation) as connection:
        place = await _held_ticket(connection, visit)
        loaded, asked = await _hold(connection, visit)
        sent = asked.row["partial"] if data.answers is None else data.answers
        answers = _checked(asked, sent)
        lacking = rules.missing(asked.questions, answers)
        if lacking:
            raise Invalid(next(iter(lacking.values())), errors=lacking)
        language = asked.language(
            data.language or wanted_language(visit)[0], wanted_language(visit)[1]
        )
        about = {name: loaded.row[name] for name in PLACE} | place
        await _hand_in(connection, visit, loaded, asked, answers, language, about)
    thanks = asked.around("thanks", language)
    return {"thanks": thanks or THANKS[language[:2] == "zh"], "language": language}


async def _hand_in(
    connection: Connection, visit: Visit, loaded: Loaded, asked: Asked, answers: Mapping[str, Any],
    language: str, about: Mapping[str, Any],
) -> None:  # fmt: skip
    row, now = loaded.row, datetime.now(UTC)
    survey = await connection.fetchrow(SURVEY, visit.organisation, row["survey_id"])
    assert survey is not None
    score = rules.score_of(asked.questions, answers)
    is_low = rules.is_low(
        score, orjson.loads(survey["follow_up"] or "null"), is_low_good=survey["is_low_good"]
    )
    columns = {
        "organisation_id": visit.organisation, "id": new_id(), "survey_id": row["survey_id"],
        "edition": row["edition"], "invitation_id": loaded.id, "kind": asked.row["kind"],
        "contact_id": row["contact_id"], "account_id": None, **about, "score": score, "is_low": is_low,
        "answers": dict(answers), "language": language, "invited_at": row["sent_at"],
        "answered_at": now, "follow_up_at": now if is_low else None, "created_at": now, "updated_at": now,
    }  # fmt: skip
    await records.insert_record(connection, ANSWERS, columns, actor=visit.actor, verb="answered")
    changes = {"status": "answered", "answered_at": now, "partial": {}}
    await records.update_record(
        connection, INVITATIONS, loaded, changes, actor=visit.actor, verb="answered", at=now
    )


async def _held_ticket(connection: Connection, visit: Visit) -> dict[str, Any]:
    """Nothing without a ticket. One that was merged while it was waited for is followed anew."""
    while True:
        row = await connection.fetchrow(TICKET, visit.organisation, visit.invitation_id)
        found = dict(row.items()) if row is not None else {"merged_into_id": None}
        if found.pop("merged_into_id") is None:
            return found


async def _hold(connection: Connection, visit: Visit) -> tuple[Loaded, Asked]:
    """The invitation under its lock, still open."""
    try:
        loaded = await records.load_record(
            connection, INVITATIONS, visit.invitation_id, scope=EVERYTHING
        )
    except NotFound as error:
        raise NotFound("There is no survey at this address.") from error
    return loaded, await asked_of(connection, visit)


def _checked(asked: Asked, answers: Mapping[str, Any]) -> dict[str, Any]:
    wrong = rules.wrong_answers(asked.questions, answers)
    if wrong:
        raise Invalid(next(iter(wrong.values())), errors=wrong)
    return rules.given(answers)


def _shown(visit: Visit, asked: Asked, suggested: str | None) -> dict[str, Any]:
    language = asked.language(*wanted_language(visit))
    own = asked.row["default_language"]
    return {
        "title": asked.around("title", language), "intro": asked.around("intro", language),
        "language": language, "languages": languages_of(asked.row),
        "questions": [_question(each, language, own) for each in asked.questions],
        "answers": asked.row["partial"], "suggested": _suggested(asked, suggested),
        "status": asked.row["status"], "expires_at": asked.row["expires_at"],
    }  # fmt: skip


def _question(question: Mapping[str, Any], language: str, own: str) -> dict[str, Any]:
    options = [
        {"key": each["key"], "text": worded(each["texts"], language, own)}
        for each in question["options"]
    ]
    kept = {name: question[name] for name in ("key", "type", "is_required", "min", "max")}
    return {**kept, "text": worded(question["texts"], language, own), "options": options}


def _suggested(asked: Asked, text: str | None) -> dict[str, Any]:
    """The score that the link names, if it is one of the survey's."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 3:
        return {}
    has_score = any(question["part"] == "score" for question in asked.questions)
    answers = {SCORE: int(text)}
    is_right = has_score and not rules.wrong_answers(asked.questions, answers)
    return answers if is_right else {}


PLACE: Final = ("ticket_id", "owner_id", "team_id")
THANKS: Final = ("Thank you.", "谢谢！")
