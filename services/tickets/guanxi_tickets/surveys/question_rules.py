"""What a survey asks: the questions that its kind makes, then the organisation's own. Pure.

A question is {key, type, part, item, texts, is_required, min, max, options}: `part` says what an answer is
for (score, expected, perceived, functional, dysfunctional), `item` what it is about.

Kano: Berger et al. 1993, CQM Journal 2(4): each item twice, if it is there and if it is not, five answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guanxi_shared.kano import KANO

SCALES: Final[Mapping[str, tuple[int, int]]] = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}
SCORE: Final = "score"
OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "like": {"en": "I like it", "zh": "我很喜欢"},
    "must_be": {"en": "I expect it", "zh": "理应如此"},
    "neutral": {"en": "I am neutral", "zh": "无所谓"},
    "live_with": {"en": "I can live with it", "zh": "勉强接受"},
    "dislike": {"en": "I dislike it", "zh": "我不喜欢"},
}
ASKED: Final[Mapping[str, Mapping[str, str]]] = {
    "csat": {"en": "How satisfied are you with our service?", "zh": "您对我们的服务满意吗？"},
    "nps": {
        "en": "How likely are you to recommend us to a friend or colleague?",
        "zh": "您有多大可能把我们推荐给朋友或同事？",
    },
    "ces": {"en": "It was easy to have my request handled.", "zh": "我的问题很容易就得到了解决。"},
    "expected": {"en": "{item}: what did you expect?", "zh": "{item}：您的期望是？"},
    "perceived": {"en": "{item}: what did you experience?", "zh": "{item}：您的实际感受是？"},
    "functional": {
        "en": "How would you feel with this: {item}?",
        "zh": "如果有「{item}」，您觉得？",
    },
    "dysfunctional": {
        "en": "How would you feel without this: {item}?",
        "zh": "如果没有「{item}」，您觉得？",
    },
}
PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "satisfaction": ("expected", "perceived"),
    "kano": ("functional", "dysfunctional"),
}


def questions_of(survey: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All questions of a survey in the order in which they are shown."""
    kind = survey["kind"]
    made: list[dict[str, Any]] = []
    if kind in SCALES:
        made.append(_score(survey))
    for item in survey["items"] if kind in PAIRS else ():
        made += [_about(survey, item, part) for part in PAIRS[kind]]
    return [*made, *(_own(question) for question in survey["questions"])]


def _score(survey: Mapping[str, Any]) -> dict[str, Any]:
    low, high = SCALES[survey["kind"]]
    said = {name: each["score"] for name, each in survey["texts"].items() if each.get("score")}
    texts = said or dict(ASKED[survey["kind"]])
    return _question(SCORE, "rating", texts, part="score", is_required=True, low=low, high=high)


def _about(survey: Mapping[str, Any], item: Mapping[str, Any], part: str) -> dict[str, Any]:
    frames = ASKED[part]
    texts = {
        language: frames.get(language.partition("-")[0], frames["en"]).replace("{item}", text)
        for language, text in item["texts"].items()
    }
    key = f"{item['key']}.{part}"
    if survey["kind"] == "kano":
        options = [{"key": key, "texts": dict(OPTIONS[key])} for key in KANO]
        return _question(key, "choice", texts, part=part, item=item["key"], options=options)
    low, high = survey["scale_min"], survey["scale_max"]
    return _question(key, "rating", texts, part=part, item=item["key"], low=low, high=high)


def _own(question: Mapping[str, Any]) -> dict[str, Any]:
    return _question(
        question["key"], question["type"], question["texts"], is_required=question["is_required"],
        low=question.get("min"), high=question.get("max"), options=question.get("options") or (),
    )  # fmt: skip


def _question(
    key: str, type: str, texts: Mapping[str, str], *, part: str | None = None, item: str | None = None,
    is_required: bool = False, low: int | None = None, high: int | None = None,
    options: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:  # fmt: skip
    return {
        "key": key, "type": type, "part": part, "item": item, "texts": dict(texts),
        "is_required": is_required, "min": low, "max": high, "options": list(options),
    }  # fmt: skip


def broken(survey: Mapping[str, Any]) -> dict[str, str]:
    """What of a survey contradicts itself, by the field."""
    wrong: dict[str, str] = {}
    kind, items, own = survey["kind"], survey["items"], survey["questions"]
    if kind in PAIRS and not items:
        wrong["items"] = f"A survey of the kind {kind} needs items."
    if kind not in PAIRS and items:
        wrong["items"] = f"A survey of the kind {kind} has no items; use questions."
    if kind == "custom" and not own:
        wrong["questions"] = "A survey of the kind custom needs questions."
    if survey["scale_min"] >= survey["scale_max"]:
        wrong["scale_max"] = "Must be greater than scale_min."
    keys = [question["key"] for question in questions_of(survey)] if not wrong else []
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        wrong["questions"] = f"A key stands for one question: {', '.join(twice)}."
    follow_up = survey["follow_up"]
    if follow_up and kind not in SCALES:
        wrong["follow_up"] = f"A survey of the kind {kind} has no score that could be low."
    elif follow_up and not SCALES[kind][0] <= follow_up["threshold"] <= SCALES[kind][1]:
        wrong["follow_up.threshold"] = "Must lie on the scale, {} to {}.".format(*SCALES[kind])
    return wrong


EDITED: Final = frozenset(
    {"kind", "texts", "default_language", "scale_min", "scale_max", "items", "questions"}
)
