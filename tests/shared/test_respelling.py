"""Typing mistakes put right from known words, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.respelling import (
    NOTHING,
    Part,
    asked_words,
    distance,
    nearest,
    respelt,
    words_of,
)

WORDS = st.text("abcde", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("word", "other", "mistakes"),
    [
        ("passwrod", "password", 1),  # two changed places
        ("pasword", "password", 1),
        ("passsword", "password", 1),
        ("pazzword", "password", 2),
        ("passw", "password", 0),  # its beginning
        ("invioce", "invoices", 1),
        ("abc", "xyz", 3),
    ],
)
def test_mistakes_are_counted_up_to_the_nearest_beginning(
    word: str, other: str, mistakes: int
) -> None:
    assert distance(word, other)[0] == mistakes


@given(WORDS, WORDS)
def test_distance_is_none_of_oneself_and_the_same_both_ways(one: str, other: str) -> None:
    assert distance(one, one) == (0, 0)
    begun, whole = distance(one, other)
    assert whole == distance(other, one)[1]
    assert begun <= whole <= max(len(one), len(other))
    assert (whole == 0) == (one == other)


@given(WORDS, st.integers(0, 7), st.sampled_from("abcde"))
def test_one_letter_is_one_mistake(word: str, place: int, letter: str) -> None:
    put_in = word[:place] + letter + word[place:]
    assert distance(word, put_in)[1] == 1
    assert distance(put_in, word)[1] == 1


@given(WORDS, st.lists(WORDS, max_size=20))
def test_the_nearest_have_fewest_mistakes(word: str, known: list[str]) -> None:
    near = nearest(word, known)
    assert len(near) <= 3
    if word in known:
        assert near == [word]
    best = min((distance(word, each)[0] for each in known), default=9)
    assert all(distance(word, each)[0] == best for each in near)


def test_short_words_take_fewer_mistakes() -> None:
    assert nearest("cot", ["dog"]) == []
    assert nearest("printre", ["printer", "sprint"]) == ["printer"]
    assert nearest("contrat", ["contrast", "contact", "contract"]) == [
        "contract", "contrast",
    ]  # fmt: skip


def test_words_are_those_with_letters_of_any_script_but_chinese() -> None:
    assert words_of("tcl科技 принтер 0x80070005 12345 ab émile") == {
        "tcl", "принтер", "0x80070005", "émile",
    }  # fmt: skip
    assert asked_words("Resset my PASSWROD, 1234 发票") == ["resset", "passwrod"]
    assert asked_words("ab 12 发票") == []


def test_a_text_is_put_right_word_by_word_and_chinese_by_half_of_its_pairs() -> None:
    found = respelt("Invioce 增值说发票", {"invioce": ["invoice", "invoke"]})
    assert found.text == "invoice 增值说发票"
    assert found.parts == (
        Part(("invoice",)),
        Part(("增值", "值说", "说发", "发票"), 2, are_grams=True),
    )
    assert respelt("Invioce unheardof", {"invioce": ["invoice"]}) == NOTHING
    assert respelt("发票", {}) == NOTHING
