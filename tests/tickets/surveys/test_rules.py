"""Questions, languages, samples, periods: what they are made of, and what must hold."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.survey_answers.rules import given as really_given
from guanxi_tickets.survey_answers.rules import is_low, wrong_answers
from guanxi_tickets.survey_results.period_rules import MOST, STEPS, periods_of
from guanxi_tickets.survey_results.question_rules import counted_questions
from guanxi_tickets.survey_sending.rules import is_sampled, place_of, send_at
from guanxi_tickets.surveys.language_rules import accepted, chosen
from guanxi_tickets.surveys.question_rules import broken, questions_of

PLAIN: dict[str, Any] = {
    "kind": "csat", "texts": {}, "items": [], "questions": [], "scale_min": 1, "scale_max": 5,
    "follow_up": None,
}  # fmt: skip
ITEM = {"key": "speed", "texts": {"en": "Speed", "zh": "速度", "de": "Tempo"}}


@pytest.mark.parametrize(("kind", "low", "high"), [("csat", 1, 5), ("nps", 0, 10), ("ces", 1, 7)])
def test_a_score_is_asked_for_on_the_scale_of_its_kind(kind: str, low: int, high: int) -> None:
    [question] = questions_of(PLAIN | {"kind": kind})
    assert (question["key"], question["min"], question["max"]) == ("score", low, high)
    assert set(question["texts"]) == {"en", "zh"}


def test_items_are_asked_about_twice() -> None:
    found = questions_of(PLAIN | {"kind": "satisfaction", "items": [ITEM], "scale_max": 10})
    assert [(q["key"], q["max"]) for q in found] == [
        ("speed.expected", 10),
        ("speed.perceived", 10),
    ]
    assert found[0]["texts"]["zh"] == "速度：您的期望是？"
    kano = questions_of(PLAIN | {"kind": "kano", "items": [ITEM]})
    assert [q["part"] for q in kano] == ["functional", "dysfunctional"]
    assert [o["key"] for o in kano[0]["options"]] == [
        "like",
        "must_be",
        "neutral",
        "live_with",
        "dislike",
    ]


@pytest.mark.parametrize(
    ("survey", "field"),
    [
        ({"kind": "kano"}, "items"), ({"items": [ITEM]}, "items"), ({"kind": "custom"}, "questions"),
        ({"kind": "satisfaction", "items": [ITEM, ITEM]}, "questions"),
        ({"scale_min": 5}, "scale_max"), ({"follow_up": {"threshold": 6}}, "follow_up.threshold"),
        ({"kind": "kano", "items": [ITEM], "follow_up": {"threshold": 1}}, "follow_up"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_named(survey: dict[str, Any], field: str) -> None:
    assert list(broken(PLAIN | survey)) == [field]


@pytest.mark.parametrize(
    ("score", "threshold", "is_low_good", "expected"),
    [(2, 2, False, True), (3, 2, False, False), (5, 5, True, True), (4, 5, True, False), (None, 2, False, False)],
)  # fmt: skip
def test_a_score_is_low_at_the_threshold_on_the_bad_side(
    score: int | None, threshold: int, is_low_good: bool, expected: bool
) -> None:
    assert is_low(score, {"threshold": threshold}, is_low_good=is_low_good) is expected


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


# Answers near enough to right that both sides of the rule are met.
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "score": st.integers(-1, 7) | ANYTHING,
        "which": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3) | ANYTHING,
        "why": st.text(max_size=20) | ANYTHING,
        "x": ANYTHING,
    },
)  # fmt: skip


@given(NEARLY)
def test_whatever_is_sent_is_either_refused_or_right(answers: dict[str, Any]) -> None:
    options = [{"key": "a", "texts": {"en": "A"}}, {"key": "b", "texts": {"en": "B"}}]
    own = [
        {"key": "which", "type": "multi_choice", "texts": {"en": "?"}, "is_required": False, "options": options},
        {"key": "why", "type": "text", "texts": {"en": "?"}, "is_required": False},
    ]  # fmt: skip
    questions = questions_of(PLAIN | {"questions": own})
    wrong = wrong_answers(questions, answers)
    for key, value in answers.items():
        assert (f"answers.{key}" in wrong) != _is_right(key, value), (key, value)
    if not wrong:
        kept = {key: value for key, value in answers.items() if value not in (None, "", [])}
        kept |= {"why": kept["why"].strip()} if "why" in kept else {}
        assert really_given(answers) == {key: value for key, value in kept.items() if value != ""}


def _is_right(key: str, value: Any) -> bool:
    """Said in another way than the rule does."""
    if value is None:
        return key != "x"
    if key == "score":
        return type(value) is int and value in {1, 2, 3, 4, 5}
    if key == "which":
        return value in ([], ["a"], ["b"], ["a", "b"], ["b", "a"])
    return key == "why" and isinstance(value, str) and "\x00" not in value


@given(st.uuids(), st.uuids(), st.integers(1, 99))
def test_a_sample_is_drawn_alike_and_a_greater_one_keeps_it(
    survey: UUID, ticket: UUID, percent: int
) -> None:
    assert is_sampled(survey, ticket, percent) == is_sampled(survey, ticket, percent)
    assert is_sampled(survey, ticket, 100)
    if is_sampled(survey, ticket, percent):
        assert is_sampled(survey, ticket, percent + 1)


def test_a_sample_is_as_large_as_it_says_and_drawn_as_is_documented() -> None:
    survey = UUID(int=1)
    drawn = sum(is_sampled(survey, UUID(int=n), 30) for n in range(10_000))
    assert 2_850 < drawn < 3_150
    assert (
        place_of(UUID(int=0), UUID(int=0)) == 0x66687AADF862BD77 / 2**64
    )  # SHA-256 of 32 zero bytes


def test_what_was_solved_long_ago_is_not_asked_about() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    survey = {"send_on": "solved", "delay_minutes": 60}
    assert send_at(survey, {"solved_at": now, "closed_at": None}, now) == now + timedelta(hours=1)
    assert (
        send_at(survey | {"send_on": "closed"}, {"solved_at": now, "closed_at": None}, now) is None
    )
    old = now - timedelta(days=8)
    assert send_at(survey, {"solved_at": old, "closed_at": None}, now) is None


@pytest.mark.parametrize(
    ("header", "there", "language"),
    [
        ("zh-TW,en;q=0.5", ["en", "zh"], "zh"), ("en-GB", ["zh", "en"], "en"), ("", ["zh", "en"], "zh"),
        ("fr", ["en"], "en"), ("de;q=0.5, zh-Hans;q=0.9", ["de", "zh-Hans"], "zh-Hans"), ("*", ["zh"], "zh"),
        ("en;q=2", ["zh", "en"], "zh"),
    ],
)  # fmt: skip
def test_the_dearest_language_that_is_there_is_chosen(
    header: str, there: list[str], language: str
) -> None:
    assert chosen(accepted(header), there) == language


@given(st.text(max_size=2_000))
def test_no_header_is_too_odd(header: str) -> None:
    assert chosen(accepted(header), ["en", "zh"]) in ("en", "zh")


@given(
    st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(0, 380), st.sampled_from(STEPS),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC", "Europe/Berlin"]),
)  # fmt: skip
def test_periods_meet_without_a_hole(first: date, days: int, by: str, zone: str) -> None:
    last = first + timedelta(days=days)
    found = periods_of(first, last, by, ZoneInfo(zone))
    assert (found[0].first, found[-1].last) == (first, last)
    for one, other in pairwise(found):
        assert one.end == other.start
        assert one.last + timedelta(days=1) == other.first
    assert all(period.start < period.end for period in found)
    assert by != "none" or len(found) == 1


def test_periods_without_end_are_cut_off() -> None:
    assert len(periods_of(date(1900, 1, 1), date(2200, 1, 1), "day", UTC)) == MOST + 1


def test_answers_on_another_scale_are_not_counted_together() -> None:
    def edition(number: int, high: int) -> dict[str, Any]:
        own = {
            "key": "q",
            "type": "rating",
            "texts": {"en": "?"},
            "is_required": False,
            "min": 1,
            "max": high,
        }
        return {"number": number, "questions": questions_of(PLAIN | {"questions": [own]})}

    found = counted_questions([edition(3, 5), edition(2, 7), edition(1, 5)])
    assert found["q"].editions == {1, 3}
    assert found["score"].editions == {1, 2, 3}
