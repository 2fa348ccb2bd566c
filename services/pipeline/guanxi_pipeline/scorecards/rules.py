"""The score of a lead: points of the criteria that it fits and of the answers that were given."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guanxi_shared.errors import Invalid

Reason = dict[str, Any]


def reasons_for(
    criteria: Sequence[Mapping[str, Any]], fits: Sequence[bool],
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any],
) -> list[Reason]:  # fmt: skip
    """The evidence, in the scorecard's order: `{kind, key, label, answer, points}`. Answers to what is
    not asked any more count nothing."""
    found: list[Reason] = [
        {"kind": "criterion", "key": c["key"], "label": c["label"], "answer": None, "points": c["points"]}
        for c, fit in zip(criteria, fits, strict=True)
        if fit
    ]  # fmt: skip
    for question in questions:
        choice = _choice(question, answers.get(question["key"]))
        if choice is not None:
            found.append(
                {"kind": "question", "key": question["key"], "label": question["text"],
                 "answer": choice["label"], "points": choice["points"]}
            )  # fmt: skip
    return found


def score_of(reasons: Iterable[Mapping[str, Any]]) -> int:
    """Whole points, so that the evidence sums to the score exactly."""
    return sum(int(reason["points"]) for reason in reasons)


def _choice(question: Mapping[str, Any], key: Any) -> Mapping[str, Any] | None:
    return next((choice for choice in question["choices"] if choice["key"] == key), None)


def answers_as_stored(
    sent: Mapping[str, str | None], present: Mapping[str, Any],
    questions: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """A merge patch of the answers: null takes one back. Invalid names a question or a choice that
    the scorecard does not have."""
    known = {question["key"]: question for question in questions}
    errors = {}
    for key, choice in sent.items():
        if choice is None:
            continue
        if key not in known:
            errors[f"answers.{key}"] = "The scorecard asks no such question."
        elif _choice(known[key], choice) is None:
            listed = ", ".join(each["key"] for each in known[key]["choices"])
            errors[f"answers.{key}"] = f"Choose one of: {listed}."
    if errors:
        raise Invalid("The answers do not fit the scorecard.", errors=errors)
    whole = {**present, **sent}
    return {key: choice for key, choice in whole.items() if choice is not None}


def demand_unique(kind: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Each key once, or an answer would mean two things."""
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry["key"] in seen:
            where = f"{kind}.{index}.key"
            raise Invalid(f"{entry['key']!r} is there twice.", errors={where: "Taken already."})
        seen.add(entry["key"])
