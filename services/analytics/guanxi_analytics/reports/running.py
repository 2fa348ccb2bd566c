"""A report run: its query as of a moment, answered from what is kept where that still holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from guanxi_analytics.queries.answering import answer
from guanxi_analytics.queries.asked import Asked, asked_of
from guanxi_analytics.reports.grade_rules import graded
from guanxi_analytics.reports.kept import CODE_VERSION, find_kept, keep, parameters_of
from guanxi_analytics.reports.service import query_of
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Clock
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_shared.kept_filters import broken


@dataclass(slots=True)
class CallThen(Call):
    """The same caller; relative days are counted from a past moment."""

    at: datetime

    @property
    def clock(self) -> Clock:
        return Clock(now=self.at, zone=self.by.zone)


@dataclass(frozen=True, slots=True)
class Ran:
    """`answer` as JSON, and how it came about."""

    report: Mapping[str, Any]
    answer: bytes
    kept: dict[str, Any]

    @property
    def found(self) -> dict[str, Any]:
        told: dict[str, Any] = orjson.loads(self.answer)
        return told

    @property
    def document(self) -> bytes:
        """The whole answer of a run."""
        shown = {
            name: self.report[name] for name in ("id", "name", "name_zh", "chart", "is_graded")
        }
        shown["labels"] = labels_of(self.report)
        whole = {"report": shown, "kept": self.kept, "answer": orjson.Fragment(self.answer)}
        return orjson.dumps(whole, option=JSON_OPTIONS)


def labels_of(report: Mapping[str, Any]) -> dict[str, str]:
    return {"en": report["name"], "zh": report["name_zh"] or report["name"]}


async def run_report(call: Call, report: Mapping[str, Any], as_of: str | None) -> Ran:
    asked = _asked(call, report["document"], as_of)
    for permission in asked.permissions:
        call.by.demand(permission)
    found = await find_kept(call, asked, is_graded=report["is_graded"])
    parameters, made, at = parameters_of(asked), found.answer, found.computed_at
    if made is None:
        told = await answer(call, asked)
        at = datetime.now(UTC)
        made = orjson.dumps(
            graded(_plain(told)) if report["is_graded"] else told, option=JSON_OPTIONS
        )
        await keep(call, found, parameters, made)
    kept = {
        "is_kept": found.answer is not None, "computed_at": at, "watermark": found.watermark,
        "code_version": CODE_VERSION, "parameters": parameters,
    }  # fmt: skip
    return Ran(report, made, kept)


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(told, option=JSON_OPTIONS))
    return plain


def _asked(call: Call, document: Mapping[str, Any], as_of: str | None) -> Asked:
    """A moment that is no moment is the caller's mistake, a document that means nothing the report's."""
    then = call
    if as_of is not None:
        moment = history.moment_of(call, "as_of", as_of)
        then = CallThen(call.request, call.house, call.by, moment)
        as_of = moment.isoformat()
    query = query_of(document, as_of)
    try:
        return asked_of(then, query)
    except Malformed as problem:
        raise broken(problem, "document") from problem
