"""What letters say and in which language, and when one goes again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.letters import rules
from guanxi_tickets.models.letters import KINDS

NOW = datetime(2026, 11, 29, tzinfo=UTC)
LINK = "https://x.example/t"
LINES = st.text(max_size=60)


def about(**more: Any) -> dict[str, Any]:
    return {
        "kind": "survey", "language": "en", "default_language": "en", "number": "TK-000001",
        "organisation": "Acme", "region": "CN", "texts": {}, "expires_at": NOW, "sends_mail": True,
        "is_over": False, **more,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("language", "word"), [("zh", "链接"), ("zh-TW", "链接"), ("en", "link"), ("fr", "link")])  # fmt: skip
def test_every_letter_has_its_link_in_its_language(kind: str, language: str, word: str) -> None:
    words = rules.words_of(about(kind=kind, language=language), LINK)
    assert f"\n{LINK}\n" in words.text
    assert word in words.text
    assert "2026-11-29" in words.text
    assert "{" not in words.text + words.subject
    assert ("TK-000001" in words.subject) == (kind != "survey")


def test_a_surveys_own_words_come_first() -> None:
    texts = {
        "zh": {"title": "评价", "intro": None},
        "en": {"title": "Rate\nus", "intro": "Dear {you}"},
    }
    words = rules.words_of(about(texts=texts), LINK)
    assert words.subject == "Rate us"
    assert words.text.startswith("Dear {you}\n")
    assert rules.words_of(about(texts=texts, language="zh"), LINK).subject == "评价"


@given(LINES, LINES, LINES)
def test_whatever_is_called_whatever_a_subject_is_one_line(
    title: str, name: str, number: str
) -> None:
    own = {"en": {"title": title or None, "intro": title or None}}
    for kind in KINDS:
        words = rules.words_of(about(kind=kind, texts=own, organisation=name, number=number), LINK)
        assert len(words.subject.splitlines()) <= 1
        assert LINK in words.text


@pytest.mark.parametrize(
    ("more", "language"),
    [
        ({"language": "de"}, "de"), ({"language": None, "default_language": "zh"}, "zh"),
        ({"language": None, "default_language": None}, "zh"),
        ({"language": None, "default_language": None, "region": "DE"}, "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_surveys_else_that_of_the_region(
    more: dict[str, Any], language: str
) -> None:
    assert rules.language_of(about(**more)) == language


def test_what_is_off_or_over_does_not_go() -> None:
    later = NOW + timedelta(days=1)
    assert rules.why_not(about(expires_at=later), NOW) is None
    assert rules.why_not(about(expires_at=later, sends_mail=False), NOW) == "mail_off"
    for more in ({"expires_at": NOW}, {"expires_at": None}, {"expires_at": later, "is_over": True}):
        assert rules.why_not(about(**more), NOW) == "over"


def test_it_goes_again_later_each_time_and_is_given_up() -> None:
    found = [rules.next_attempt(n, NOW) for n in range(rules.ATTEMPTS)]
    pauses = [each - NOW for each in found if each is not None]
    assert len(pauses) == rules.ATTEMPTS
    assert pauses == sorted(pauses)
    assert max(pauses) <= rules.LONGEST_PAUSE
    assert rules.next_attempt(rules.ATTEMPTS, NOW) is None


def test_the_primary_address_is_written_to() -> None:
    one, other = {"address": "a@x.example", "is_primary": False}, {"address": "b@x.example", "is_primary": True}  # fmt: skip
    assert rules.address_among([one, other]) == "b@x.example"
    assert rules.address_among([one]) == "a@x.example"
    assert rules.address_among([]) is None
