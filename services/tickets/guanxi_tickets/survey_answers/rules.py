"""What may be answered, what is missing, and what an answer means. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guanxi_tickets.surveys.question_rules import SCORE

LONGEST: Final = 5_000
Questions = Sequence[Mapping[str, Any]]


def wrong_answers(questions: Questions, answers: Mapping[str, Any]) -> dict[str, str]:
    """By `answers.<key>` what is wrong with each; a null is no answer."""
    known = {question["key"]: question for question in questions}
    wrong: dict[str, str] = {}
    for key, value in answers.items():
        question = known.get(key)
        sentence = "There is no such question." if question is None else _wrong(question, value)
        if sentence is not None:
            wrong[f"answers.{key[:100]}"] = sentence
    return wrong


def _wrong(question: Mapping[str, Any], value: Any) -> str | None:
    if value is None:
        return None
    if question["type"] == "rating":
        low, high = question["min"], question["max"]
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return (
            None if is_whole and low <= value <= high else f"Send a whole number, {low} to {high}."
        )
    if question["type"] == "text":
        return _wrong_text(value)
    options = [option["key"] for option in question["options"]]
    if question["type"] == "choice":
        return None if value in options else f"Send one of: {', '.join(options)}."
    is_list = isinstance(value, list) and all(each in options for each in value)
    if is_list and len(set(value)) == len(value):
        return None
    return f"Send a list of these, each once: {', '.join(options)}."


def _wrong_text(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST:
        return f"Send a text of at most {LONGEST} characters."
    try:
        value.encode()
    except UnicodeEncodeError:
        return "Must be valid Unicode."
    return "Must not contain NUL characters." if "\x00" in value else None


def given(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered at all: neither null, nor an empty text or list."""
    kept = {k: v.strip() if isinstance(v, str) else v for k, v in answers.items()}
    return {key: value for key, value in kept.items() if value not in (None, "", [])}


def missing(questions: Questions, answers: Mapping[str, Any]) -> dict[str, str]:
    """By `answers.<key>` the questions that need an answer and have none; all of them need one at least."""
    if not answers:
        return {"answers": "Answer a question at least."}
    return {
        f"answers.{question['key']}": "This question needs an answer."
        for question in questions
        if question["is_required"] and question["key"] not in answers
    }


def score_of(questions: Questions, answers: Mapping[str, Any]) -> int | None:
    """The one score of CSAT, NPS and CES."""
    has_one = any(question["part"] == "score" for question in questions)
    return answers.get(SCORE) if has_one else None


def is_low(score: int | None, follow_up: Mapping[str, Any] | None, *, is_low_good: bool) -> bool:
    """At the survey's threshold or worse: below it, where much is good, above it, where little is."""
    if score is None or not follow_up:
        return False
    threshold: int = follow_up["threshold"]
    return score >= threshold if is_low_good else score <= threshold


def said(questions: Questions, answers: Mapping[str, Any], language: str) -> str:
    """What the customer answered, a line a question, for somebody who takes it up."""
    lines = []
    for question in questions:
        if question["key"] in answers:
            texts = question["texts"]
            text = texts.get(language) or next(iter(texts.values()), question["key"])
            lines.append(f"{text}\n{_spoken(question, answers[question['key']], language)}")
    return "\n\n".join(lines)


def _spoken(question: Mapping[str, Any], value: Any, language: str) -> str:
    if question["type"] == "rating":
        return f"{value} / {question['max']}"
    names: dict[str, str] = {}
    for option in question["options"]:
        texts = option["texts"]
        names[option["key"]] = texts.get(language) or next(iter(texts.values()), option["key"])
    chosen = value if isinstance(value, list) else [value]
    return ", ".join(names.get(each, str(each)) for each in chosen)
