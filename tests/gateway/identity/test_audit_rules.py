from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_gateway.identity.audit_rules import (
    GENESIS,
    Broken,
    Link,
    Tip,
    against_head,
    canonical_json,
    chain_digest,
    verify_chain,
)


def a_chain(length: int = 6) -> list[Link]:
    links: list[Link] = []
    digest = GENESIS
    for position in range(1, length + 1):
        entry = {"action": "user.signed_in", "n": position, "who": "王芳"}
        digest = chain_digest(digest, entry)
        links.append(Link(position, entry, digest))
    return links


def test_an_untouched_chain_holds_to_its_head() -> None:
    links = a_chain()
    tip = verify_chain(links)
    assert isinstance(tip, Tip)
    assert against_head(tip, Tip(6, links[-1].digest)) is None


def test_pages_can_be_verified_one_after_the_other() -> None:
    links = a_chain()
    half = verify_chain(links[:3])
    assert isinstance(half, Tip)
    assert verify_chain(links[3:], start=half) == verify_chain(links)


@pytest.mark.parametrize("place", range(6))
def test_a_changed_entry_is_named(place: int) -> None:
    links = a_chain()
    links[place] = replace(links[place], entry={**links[place].entry, "who": "李四"})
    assert verify_chain(links) == Broken(place + 1, "changed")


@pytest.mark.parametrize("place", range(5))
def test_a_dropped_entry_is_named(place: int) -> None:
    links = a_chain()
    del links[place]
    assert verify_chain(links) == Broken(place + 1, "missing")


@pytest.mark.parametrize("place", range(5))
def test_an_entry_rewritten_with_its_digest_breaks_the_next_one(place: int) -> None:
    links = a_chain()
    before = links[place - 1].digest if place else GENESIS
    forged = {"action": "nothing happened"}
    links[place] = Link(place + 1, forged, chain_digest(before, forged))
    assert verify_chain(links) == Broken(place + 2, "changed")


def test_two_exchanged_entries_are_noticed() -> None:
    links = a_chain()
    links[2], links[3] = replace(links[3], position=3), replace(links[2], position=4)
    assert verify_chain(links) == Broken(3, "changed")


def test_entries_cut_off_at_the_end_are_noticed_by_the_head() -> None:
    links = a_chain()
    tip = verify_chain(links[:4])
    assert isinstance(tip, Tip)
    assert against_head(tip, Tip(6, links[-1].digest)) == Broken(5, "missing")


def test_a_chain_forged_to_its_end_differs_from_the_head() -> None:
    assert against_head(Tip(6, bytes(32)), Tip(6, b"x" * 32)) == Broken(6, "head differs")


SCALARS = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5))
def test_the_order_of_keys_does_not_change_the_digest(entry: dict[str, Any]) -> None:
    turned = dict(reversed(list(entry.items())))
    try:
        first = canonical_json(entry)
    except UnicodeEncodeError:
        return
    assert canonical_json(turned) == first


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="compliant"):
        canonical_json({"amount": float("nan")})
    with pytest.raises(TypeError):
        canonical_json({"when": object()})
