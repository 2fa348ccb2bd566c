"""The rules of articles by themselves."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.article_suggestions.ranking_rules import About, ranked
from guanxi_tickets.articles.found_rules import found_by, snippet_of
from guanxi_tickets.articles.term_rules import stem, terms_of, weights_of


@given(st.text(max_size=400))
def test_any_text_has_words_that_can_be_kept(text: str) -> None:
    row = {"title": text, "tags": [text], "summary": text, "body": text, "external_id": None}
    weights = weights_of(row)
    assert all(term and len(term) <= 40 and weight > 0 for term, weight in weights.items())
    assert set(weights) == set(terms_of(text))
    assert "\x00" not in found_by(row)["search_text"]


@given(st.text(max_size=300), st.text(max_size=20))
def test_a_snippet_is_a_part_of_the_text(body: str, query: str) -> None:
    found = snippet_of(body, query)
    if found is not None:
        assert found.strip("…").strip() in " ".join(body.split())


def test_what_speaks_for_an_article_raises_it_and_nothing_else_suggests_it() -> None:
    plain: dict[str, Any] = {"id": 1, "score": 2.0, "tags": [], "product_ids": [], "kinds": [], "helpful": 0, "rated": 0, "solved": 0, "used": 0}  # fmt: skip
    liked = {**plain, "id": 2, "kinds": ["incident"], "helpful": 50, "rated": 50}
    wordless = {**liked, "id": 3, "score": 0.0}
    order = ranked([plain, liked, wordless], About("incident"), 3)
    assert [each.article["id"] for each in order] == [2, 1, 3]
    assert order[2].score == 0
    assert set(order[0].boosts) == {"kind", "helpful"}


def test_forms_of_a_word_are_one_word() -> None:
    for one, other in (("invoices", "invoice"), ("resetting", "resettings"), ("leaking", "leaks")):
        assert stem(one) == stem(other), (one, other)
    assert list(terms_of("请问怎么重置密码 Passwords?")) == ["问怎", "么重", "重置", "置密", "密码", "password"]  # fmt: skip
