"""What becomes of values, lists, links and trees; what can be put back."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.merges.rules import (
    links_after,
    merged_columns,
    places_after,
    reference_after,
    too_many,
    united,
)
from guanxi_contacts.merges.undo_rules import restored
from guanxi_shared.merging_rules import first_outside, list_after

FIELDS = {
    "name": ("name",), "industry": ("industry",), "revenue": ("revenue_amount", "revenue_currency"),
    "tags": ("tags",), "custom": ("custom",), "owner_id": ("owner_id",),
    "given_name": ("given_name",), "family_name": ("family_name",),
}  # fmt: skip
EMPTY: dict[str, Any] = {
    "name": "", "industry": None, "revenue_amount": None, "revenue_currency": None, "tags": [],
    "custom": {}, "owner_id": None, "given_name": None, "family_name": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("survivor", "sources", "chosen", "changes"),
    [
        ({"name": "a"}, [{"name": "b"}], {}, {}),
        ({"name": "a"}, [{"name": "b"}], {"name": 0}, {"name": "b"}),
        ({"name": "a", "industry": "x"}, [{"industry": "y"}], {"industry": 0}, {"industry": "y"}),
        ({"industry": "x"}, [{"industry": None}], {"industry": 0}, {"industry": None}),
        ({}, [{"industry": ""}, {"industry": "y"}, {"industry": "z"}], {}, {"industry": "y"}),
        ({}, [{"revenue_amount": 1, "revenue_currency": "CNY"}], {}, {"revenue_amount": 1, "revenue_currency": "CNY"}),
        ({"revenue_amount": 0, "revenue_currency": "EUR"}, [{"revenue_amount": 1, "revenue_currency": "CNY"}], {}, {}),
        ({"tags": ["a"]}, [{"tags": ["c", "a"]}, {"tags": ["b"]}], {}, {"tags": ["a", "b", "c"]}),
        ({"tags": ["a"]}, [{"tags": ["b"]}], {"tags": 0}, {"tags": ["b"]}),
        ({"custom": {"x": 1}}, [{"custom": {"x": 2, "y": 3}}], {}, {"custom": {"x": 1, "y": 3}}),
        ({"custom": {"x": 1}}, [{"custom": {"x": 2}}], {"custom.x": 0}, {"custom": {"x": 2}}),
        ({"custom": {"x": 1}}, [{"custom": {}}], {"custom.x": 0}, {"custom": {}}),
        ({}, [{"owner_id": 7}], {}, {}),
        ({}, [{"owner_id": 7}], {"owner_id": 0}, {"owner_id": 7}),
        ({"family_name": "Li"}, [{"given_name": "San", "family_name": "Zhang"}], {}, {}),
        ({}, [{"given_name": "San", "family_name": "Zhang"}], {}, {"given_name": "San", "family_name": "Zhang"}),
    ],
)  # fmt: skip
def test_the_survivors_columns(
    survivor: Any, sources: list[Any], chosen: dict[str, int], changes: Any
) -> None:
    rows = [EMPTY | source for source in sources]
    by_choice = {field: rows[index] for field, index in chosen.items()}
    assert merged_columns(EMPTY | survivor, rows, FIELDS, by_choice) == changes


def test_lists_hold_each_entry_once_and_the_survivors_primary_stays() -> None:
    own = [{"number": "010-1234 5678", "e164": "+861012345678", "is_primary": True}]
    others = [
        {"number": "+86 10 1234 5678", "e164": "+861012345678", "is_primary": False},
        {"number": "13800138000", "e164": "+8613800138000", "is_primary": True},
    ]
    assert united("phones", [own, others]) == [own[0], {**others[1], "is_primary": False}]
    assert united("emails", [[], [{"address": "A@x.example", "is_primary": False}]]) == [
        {"address": "A@x.example", "is_primary": True}
    ]
    places = [{"city": "北京", "kind": "office"}, {"city": "北京 ", "kind": "billing"}]
    assert united("addresses", [places[:1], places[1:]]) == places[:1]


def test_too_many_entries_are_counted() -> None:
    assert too_many({"phones": [{}] * 21, "tags": ["a"] * 100, "name": "x"}) == {"phones": 21}


S, A, B, C, D = (UUID(int=n) for n in range(1, 6))


@pytest.mark.parametrize(
    ("start", "merged", "above", "expected"),
    [
        (None, [S, A], {}, None),
        (C, [S, A], {C: D, D: None}, C),
        (A, [S, A], {A: None}, None),
        (A, [S, A], {A: C, C: None}, C),
        (C, [S, A], {C: A, A: D, D: None}, D),
        (C, [S, A, B], {C: A, A: D, D: B, B: None}, None),
        (C, [S, A], {C: S, S: A, A: None}, None),
    ],
)
def test_who_stands_above(start: Any, merged: Any, above: Any, expected: Any) -> None:
    assert first_outside(start, merged, above) == expected


@given(st.data())
def test_no_tree_gets_a_cycle(data: st.DataObject) -> None:
    """In any forest: the children of the sources under the survivor, the survivor where it goes."""
    ids = [uuid4() for _ in range(8)]
    above: dict[UUID, UUID | None] = {}
    for index, each in enumerate(ids):
        above[each] = data.draw(st.sampled_from([None, *ids[:index]]))
    merged = data.draw(st.lists(st.sampled_from(ids), min_size=2, max_size=4, unique=True))
    survivor, *sources = merged
    start = data.draw(st.sampled_from([above[each] for each in merged]))
    top = first_outside(start, merged, above)
    after = {e: survivor if p in sources else p for e, p in above.items() if e not in merged}
    after[survivor] = top
    for each in after:
        way, at = [], after[each]
        while at is not None:
            assert at not in way
            assert at != each
            way.append(at)
            at = after[at]


def test_references_to_the_merged_ones_fall_away() -> None:
    rows = [{"x": None}, {"x": S}, {"x": A}, {"x": C}]
    assert reference_after(rows, "x", [S, A]) == C
    assert reference_after(rows[:3], "x", [S, A]) is None


def link(account: str, **more: Any) -> dict[str, Any]:
    return {"contact_id": "p", "account_id": account, "role": None, "is_primary": False} | more


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([], []),
        ([link("a")], [link("s")]),
        ([link("s")], [link("s")]),
        ([link("a", role="buyer"), link("s", role="user")], [link("s", role="user")]),
        ([link("a", role="buyer", is_primary=True), link("s")], [link("s", role="buyer", is_primary=True)]),
        ([link("a", role="buyer"), link("b", role="user")], [link("s", role="buyer")]),
    ],
)  # fmt: skip
def test_links_of_one_child_become_one(links: Any, expected: Any) -> None:
    assert links_after(links, {"a", "b"}, of="account_id", survivor="s") == expected


def test_the_survivor_stands_once_in_a_list() -> None:
    assert list_after(["x", "a", "s", "b"], {"a", "b"}, survivor="s") == ["x", "s"]
    assert list_after(["x"], {"a"}, survivor="s") == ["x"]


def test_places_of_a_person_are_united() -> None:
    def place(account: str, role: str | None = None, *, primary: bool = False) -> dict[str, Any]:
        return {"account_id": account, "role": role, "stance": None, "is_primary": primary}

    own, others = (
        [place("b", primary=True)],
        [place("a", "buyer", primary=True), place("b", "user")],
    )
    assert places_after([own, others]) == [place("b", "user", primary=True), place("a", "buyer")]
    assert places_after([[], others]) == [place("a", "buyer", primary=True), place("b", "user")]
    assert places_after([[], []]) == []


UNDO_FIELDS = {
    "name": ("name",), "revenue": ("revenue_amount", "revenue_currency"), "custom": ("custom",),
    "addresses": ("addresses",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("now", "before", "after", "columns", "changed"),
    [
        ({"name": "b"}, {"name": "a"}, {"name": "b"}, {"name": "a"}, {}),
        ({"name": "a"}, {"name": "a"}, {"name": "b"}, {}, {}),
        ({"name": "c"}, {"name": "a"}, {"name": "b"}, {}, {"name": ("c", "a")}),
        ({"custom": {"x": 2, "y": 1}}, {"custom": {"x": 1}}, {"custom": {"x": 2}}, {"custom": {"x": 1, "y": 1}}, {}),
        ({"custom": {"x": 2}}, {"custom": {}}, {"custom": {"x": 2}}, {"custom": {}}, {}),
        ({"custom": {"x": 2}}, {"custom": None}, {"custom": {"x": 2}}, {"custom": None}, {}),
        ({"custom": {"x": 3}}, {"custom": {"x": 1}}, {"custom": {"x": 2}}, {}, {"custom.x": (3, 1)}),
        ({"custom": {}}, {"custom": {"x": 1}}, {"custom": {"x": 2}}, {}, {"custom.x": (None, 1)}),
        (
            {"revenue_amount": 3, "revenue_currency": "CNY"}, {"revenue_amount": None, "revenue_currency": None},
            {"revenue_amount": 2, "revenue_currency": "CNY"}, {},
            {"revenue": ({"revenue_amount": 3, "revenue_currency": "CNY"}, {"revenue_amount": None, "revenue_currency": None})},
        ),
        (
            {"addresses": [1], "latitude": 1.0}, {"addresses": [], "latitude": None},
            {"addresses": [1], "latitude": 1.0}, {"addresses": [], "latitude": None}, {},
        ),
    ],
)  # fmt: skip
def test_what_goes_back(now: Any, before: Any, after: Any, columns: Any, changed: Any) -> None:
    back = restored(now, before, after, UNDO_FIELDS)
    assert (back.columns, back.changed) == (columns, changed)


VALUES = st.fixed_dictionaries({
    "name": st.sampled_from(["a", "b"]), "revenue_amount": st.sampled_from([None, 1, 2]),
    "revenue_currency": st.just("CNY"), "addresses": st.sampled_from([[], [1]]),
    "custom": st.dictionaries(st.sampled_from("xy"), st.integers(1, 2)),
})  # fmt: skip


@given(VALUES, VALUES)
def test_what_nobody_changed_goes_back_wholly(before: Any, after: Any) -> None:
    back = restored(after, before, after, UNDO_FIELDS)
    assert {**after, **back.columns} == before
    assert back.changed == {}
