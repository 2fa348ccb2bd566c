"""What came of a survey, by period, over what the caller may see."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_shared import kano, survey_figures
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_results.asked import Asked
from guanxi_tickets.survey_results.period_rules import document_of
from guanxi_tickets.survey_results.queries import (
    answer_counts,
    asked_counts,
    counted_ids,
    pair_counts,
)
from guanxi_tickets.survey_results.question_rules import Counted, counted_questions
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.surveys.question_rules import PAIRS, SCORE
from guanxi_tickets.surveys.service import list_editions
from guanxi_tickets.tickets.document_rules import of_ids

LEAST: Final = "SELECT kind, least_n FROM surveys WHERE organisation_id = $2 AND id = $3"
LEAST_THEN: Final = """
SELECT after->>'kind' AS kind, (after->>'least_n')::int AS least_n FROM events
WHERE organisation_id = $2 AND subject_id = $3 AND subject_type = 'survey_form' AND occurred_at <= $4
ORDER BY version DESC, id DESC LIMIT 1
"""
Table = Mapping[int, Mapping[str, Mapping[Any, int]]]  # period → key → value → how often


async def read_results(call: Call, survey_id: UUID, asked: Asked) -> dict[str, Any]:
    editions = await list_editions(call, survey_id)
    if asked.is_past:
        editions = [each for each in editions if each["created_at"] <= asked.at]
    survey = await _survey(call, survey_id, asked)
    questions = counted_questions(editions)
    invited = await asked_counts(call, survey_id, asked)
    single = [key for key, each in questions.items() if _is_counted(each)]
    answers = _table(await answer_counts(call, survey_id, asked, single), questions)
    pairs = await _pairs(call, survey_id, asked, survey["kind"], questions)
    documents = await _documents(call, survey_id, asked)
    shown = [
        _period(survey, asked, place, invited, questions, answers, pairs) | documents[place]
        for place in range(len(asked.periods))
    ]
    _compare(survey, answers, shown)
    return {
        "as_of": asked.at, "survey_id": survey_id, "kind": survey["kind"], "from": asked.first, "to": asked.last,
        "by": asked.by, "time_zone": call.by.time_zone, "least_n": survey["least_n"],
        "periods": shown,
    }  # fmt: skip


async def _survey(call: Call, survey_id: UUID, asked: Asked) -> dict[str, Any]:
    """Its kind, and how many answers are enough. NotFound where it was not there yet."""
    sql, more = (LEAST_THEN, (asked.at,)) if asked.is_past else (LEAST, ())
    rows = await call.db.lookup(call.organisation, sql, call.organisation, survey_id, *more)
    if not rows:
        raise NotFound("There was no survey with this id at that time.")
    return dict(rows[0].items())


def _is_counted(counted: Counted) -> bool:
    return counted.question["item"] is None and counted.question["type"] != "text"


def _table(rows: Sequence[Mapping[str, Any]], questions: Mapping[str, Counted]) -> Table:
    found: Any = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for row in rows:
        counted = questions[row["key"]]
        if row["edition"] in counted.editions:
            is_rating = counted.question["type"] == "rating"
            value = int(row["value"]) if is_rating else row["value"]
            found[row["period"]][row["key"]][value] += row["count"]
    return found  # type: ignore[no-any-return]


async def _pairs(
    call: Call, survey_id: UUID, asked: Asked, kind: str, questions: Mapping[str, Counted]
) -> Table:
    """Of items: what was answered to both questions about each."""
    found: Any = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    if kind not in PAIRS:
        return found  # type: ignore[no-any-return]
    parts = PAIRS[kind]
    items = _items(questions)
    for row in await pair_counts(call, survey_id, asked, items, parts):
        both = [questions[f"{row['item']}.{part}"] for part in parts]
        if all(row["edition"] in each.editions for each in both):
            values = [row["one"], row["other"]]
            if kind == "satisfaction":
                values = [None if value is None else int(value) for value in values]
            found[row["period"]][row["item"]][tuple(values)] += row["count"]
    return found  # type: ignore[no-any-return]


def _items(questions: Mapping[str, Counted]) -> list[str]:
    named = [each.question["item"] for each in questions.values()]
    return list(dict.fromkeys(item for item in named if item is not None))


def _period(
    survey: Mapping[str, Any], asked: Asked, place: int,
    invited: Sequence[Mapping[str, Any]], questions: Mapping[str, Counted], answers: Table,
    pairs: Table,
) -> dict[str, Any]:  # fmt: skip
    period, kind = asked.periods[place], survey["kind"]
    statuses = {row["status"]: row["count"] for row in invited if row["period"] == place}
    own, both = answers.get(place, {}), pairs.get(place, {})
    score = (
        survey_figures.SCORES[kind][0](own.get(SCORE, {}))
        if kind in survey_figures.SCORES
        else None
    )
    n = score["n"] if score else None
    return {
        "from": period.first, "to": period.last, **_asked(statuses),
        "score": score, "is_enough": None if n is None else n >= survey["least_n"], "change": None,
        "questions": [
            _question(counted.question, own.get(key, {})) for key, counted in questions.items()
            if _is_counted(counted) and key != SCORE
        ],
        "items": [_item(kind, item, both.get(item, {}), survey["least_n"]) for item in _items(questions)]
        if kind in PAIRS else [],
    }  # fmt: skip


def _asked(statuses: Mapping[str, int]) -> dict[str, Any]:
    """Of those who were asked in the period, however late they answer."""
    invited, answered = sum(statuses.values()), statuses.get("answered", 0)
    return {
        "invited": invited, "answered": answered, "partial": statuses.get("started", 0),
        "response_rate": survey_figures.share(answered, invited),
    }  # fmt: skip


def _question(question: Mapping[str, Any], counts: Mapping[Any, int]) -> dict[str, Any]:
    named = {"key": question["key"], "type": question["type"]}
    if question["type"] == "rating":
        return named | survey_figures.rating(counts)
    options = {option["key"]: counts.get(option["key"], 0) for option in question["options"]}
    return named | {"n": sum(counts.values()), "counts": options}


def _item(kind: str, item: str, counts: Mapping[Any, int], least: int) -> dict[str, Any]:
    if kind == "kano":
        found = kano.item_of(kano.counted(counts))
        return {"item": item, **found, "is_enough": found["n"] >= least}
    gap = survey_figures.gap(counts)
    return {"item": item, **gap, "is_enough": gap["gap"]["n"] >= least}


async def _documents(call: Call, survey_id: UUID, asked: Asked) -> list[dict[str, Any]]:
    """By period. Invitations are those that went out in it, answers those that came in."""
    if asked.is_past:
        return await _documents_then(call, survey_id, asked)
    only = {
        name: value if isinstance(value, int) else str(value) for name, value in asked.only.items()
    }
    return [
        {
            "invitations": document_of(str(survey_id), "sent_at", period, only),
            "answers": document_of(str(survey_id), "answered_at", period, only),
        }
        for period in asked.periods
    ]


async def _documents_then(call: Call, survey_id: UUID, asked: Asked) -> list[dict[str, Any]]:
    found = [dict[str, Any]() for _ in asked.periods]
    for name, resource in (("invitations", INVITATIONS), ("answers", ANSWERS)):
        rows = await counted_ids(call, survey_id, asked, resource)
        ids = {row["period"]: [str(id) for id in row["ids"] or ()] for row in rows}
        for place, each in enumerate(found):
            each[name] = of_ids(ids.get(place))
    return found


def _compare(survey: Mapping[str, Any], answers: Table, shown: Sequence[dict[str, Any]]) -> None:
    """Each period with the one before it, where both have answers."""
    if survey["kind"] not in survey_figures.SCORES:
        return
    error_of = survey_figures.SCORES[survey["kind"]][1]
    for place in range(1, len(shown)):
        before, now = shown[place - 1], shown[place]
        if before["score"]["n"] and now["score"]["n"]:
            counts = [answers[each][SCORE] for each in (place - 1, place)]
            is_enough = bool(before["is_enough"] and now["is_enough"])
            now["change"] = survey_figures.change(*map(error_of, counts), is_enough=is_enough)
