"""What tells of somebody goes from every text, list and document, and nothing else of them does."""

from typing import Any
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.privacy.person_rules import is_same_person, of_a_person, whole_texts
from guanxi_pipeline.privacy.text_rules import told_of, unanswered
from guanxi_shared.erasing.known_rules import keys_of, known_by, states_of
from guanxi_shared.erasing.needle_rules import needles_of
from guanxi_shared.erasing.text_rules import changes_of, is_telling
from guanxi_shared.matching import match_keys

ID = UUID(int=1)
NEEDLE = "ann lee"
FIELDS: dict[str, Any] = {"name": "", "note": None, "tags": [], "custom": {}, "decision": None,
                          "lines": []}  # fmt: skip
harmless = st.text('xyz <"\\é', max_size=12)
telling = st.tuples(harmless, st.sampled_from(["Ann Lee", "ANN LEE", "ann lee"]), harmless).map(
    "".join
)
addresses = st.sampled_from(
    ["Ann.Lee@weilai.example", "李雷@未来.example", "no address", "a@B.example"]
)
texts = st.one_of(harmless, telling)
numbers = st.integers(-(2**63), 2**63 - 1) | st.decimals(allow_nan=False, allow_infinity=False)
states = st.fixed_dictionaries(
    {
        "name": texts,
        "note": st.none() | texts,
        "tags": st.lists(texts, max_size=4),
        "custom": st.dictionaries(st.sampled_from("abc"), texts | numbers | st.none()),
        "lines": st.lists(st.fixed_dictionaries({"name": texts, "quantity": numbers}), max_size=3),
        "decision": st.none() | st.fixed_dictionaries({"name": texts, "via": st.just("link")}),
    }
)


def told(found: dict[str, Any], *, is_theirs: bool = False) -> list[Any]:
    return told_of(
        ID, [found], FIELDS, needles=["Ann Lee"], whole_texts={"ann"}, is_theirs=is_theirs
    )


@given(states, st.booleans())
def test_no_needle_is_left_and_what_is_harmless_stays(
    found: dict[str, Any], is_theirs: bool
) -> None:
    left = {**found, **changes_of(found, told(found, is_theirs=is_theirs))}
    assert NEEDLE not in orjson.dumps(left, default=str).decode().lower()
    for name in ("name", "note"):
        if NEEDLE not in (found[name] or "").lower():
            assert left[name] == found[name]
    assert left["tags"] == [tag for tag in found["tags"] if NEEDLE not in tag.lower()]
    for key, value in found["custom"].items():
        assert (key in left["custom"]) == (NEEDLE not in str(value).lower())
    assert [line["quantity"] for line in left["lines"]] == [
        line["quantity"] for line in found["lines"]
    ]  # what sums are made of stays
    for line, was in zip(left["lines"], found["lines"], strict=True):
        assert line["name"] == ("" if NEEDLE in was["name"].lower() else was["name"])


@given(states)
def test_what_was_blanked_once_tells_nothing_more(found: dict[str, Any]) -> None:
    left = {**found, **changes_of(found, told(found))}
    assert told(left) == []


def test_an_answer_is_theirs_whatever_it_says_and_keeps_its_way() -> None:
    answer = {
        "name": "Bob",
        "comment": "Go",
        "via": "user",
        "by_id": "1",
        "address": "::1",
        "user_agent": "x",
    }
    assert told({"decision": answer}) == []
    (one,) = told({"decision": answer}, is_theirs=True)
    assert one.instead == unanswered(answer)
    assert one.instead == {
        "name": "", "comment": None, "via": "user", "by_id": "1", "address": None, "user_agent": None,
    }  # fmt: skip
    assert told({"decision": one.instead}, is_theirs=True) == []


def test_a_value_that_is_not_there_any_more_is_told_of_and_changes_no_row() -> None:
    found = told_of(
        ID, [{"name": "Plain"}, {"name": "For Ann Lee"}], FIELDS, needles=["Ann Lee"],
        whole_texts=(), is_theirs=False,
    )  # fmt: skip
    assert [(each.field, each.value, each.instead) for each in found] == [
        ("name", "For Ann Lee", "")
    ]
    assert changes_of({"name": "Plain"}, found) == {}


def test_a_short_name_counts_where_it_is_the_whole_text() -> None:
    assert is_telling(" ANN ", [], {"ann"})
    assert not is_telling("Annual plan", [], {"ann"})


def test_a_company_is_nobodys_to_erase() -> None:
    company = {"name": "Weilai", "company": "Weilai", "next_step": None}
    assert of_a_person(company)["name"] is None
    assert whole_texts([of_a_person(company)]) == frozenset()
    assert of_a_person({"name": "Ann", "company": "Weilai"})["name"] == "Ann"


@given(
    st.builds(
        dict,
        name=st.none() | texts,
        emails=st.lists(st.builds(dict, address=addresses), max_size=3),
        phones=st.lists(st.just({"number": "137 0013 7666", "e164": "+8613700137666"}), max_size=1),
        external_id=st.none() | st.just("legacy-17"),
    )
)
def test_what_contacts_tells_is_found_again_in_what_is_kept_of_it(state: dict[str, Any]) -> None:
    known = known_by(state)
    names = [state["name"]] if state["name"] else []
    row = {**state, "external_id": state["external_id"] or None}
    assert set(match_keys(names, row)) <= {*keys_of(known), "n:"}
    assert set(needles_of([state])) <= set(needles_of(states_of(known)))


def test_the_same_person_has_the_name_and_an_address_or_a_number() -> None:
    own = ["n:ann lee", "e:a@b.example", "p:8613800138000", "c:weilai"]
    assert is_same_person(own, ["n:ann lee", "p:8613800138000"])
    for other in (["n:ann lee"], ["e:a@b.example", "n:bob"], ["n:ann lee", "c:weilai"], []):
        assert not is_same_person(own, other)
