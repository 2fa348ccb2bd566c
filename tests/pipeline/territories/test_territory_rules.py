"""Which territory an account is in, held against its definition said once more."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.territories.territory_rules import ASKED, Territories, account_of

WORDS = st.sampled_from(["east", "EAST ", "west", "华东", "straße", "STRASSE"])
LISTS = st.fixed_dictionaries({name: st.lists(WORDS, max_size=2) for name in ASKED})
ACCOUNTS = st.fixed_dictionaries({name: st.none() | WORDS for name in ASKED.values()})
IDS = [UUID(int=n) for n in range(1, 7)]


def territory(number: int, **asked: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {name: [] for name in ASKED}
    return {"id": IDS[number], "name": "T", "rank": 1} | empty | asked


def account(**known: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(ASKED.values())
    return {"is_gone": False, "pinned_id": None} | nothing | known


def matches(row: dict[str, Any], of: dict[str, Any]) -> bool:
    """Every list that is not empty holds the account's own word."""
    asked = {name: [w.strip().casefold() for w in row[name]] for name in ASKED if row[name]}
    own = {name: (of[ASKED[name]] or "\0").strip().casefold() for name in asked}
    return bool(asked) and all(own[name] in asked[name] for name in asked)


@given(
    st.lists(st.tuples(LISTS, st.integers(0, 2), st.sampled_from("ab")), max_size=5), ACCOUNTS,
    st.none() | st.sampled_from(IDS), st.booleans(), st.randoms(),
)  # fmt: skip
def test_an_account_is_where_it_is_pinned_else_in_the_first_that_matches(
    asked: list[Any], known: dict[str, Any], pinned: UUID | None, is_gone: bool, random: Any
) -> None:
    rows = [
        territory(n, **lists, rank=rank, name=name) for n, (lists, rank, name) in enumerate(asked)
    ]
    of = account(**known, pinned_id=pinned, is_gone=is_gone)
    shuffled = list(rows)
    random.shuffle(shuffled)
    found = Territories(shuffled).of(of)
    if is_gone:
        assert found is None
    elif pinned in {row["id"] for row in rows}:
        assert found == (pinned, True)
    else:
        fitting = [(row["rank"], row["name"], row["id"]) for row in rows if matches(row, of)]
        assert found == ((min(fitting)[2], False) if fitting else None)


@pytest.mark.parametrize(
    ("asked", "known", "is_in"),
    [
        ({}, {"region": "east"}, False),
        ({"regions": ["East"]}, {"region": " eAST "}, True),
        ({"regions": ["east"]}, {"region": None}, False),
        ({"regions": ["east", "west"], "grades": ["A"]}, {"region": "west", "grade": "A"}, True),
        ({"regions": ["east", "west"], "grades": ["A"]}, {"region": "west", "grade": "B"}, False),
        ({"cities": ["上海"]}, {"city": "上海 "}, True),
        ({"provinces": ["江苏省"]}, {"province": "江苏"}, False),
    ],
)
def test_an_empty_list_asks_nothing_and_only_empty_ones_match_nobody(
    asked: dict[str, Any], known: dict[str, Any], is_in: bool
) -> None:
    found = Territories([territory(0, **asked)]).of(account(**known))
    assert (found is not None) == is_in


def test_accounts_that_are_asked_the_same_are_the_same() -> None:
    assert account_of(account(city=" Wien")) == account_of(account(city="WIEN"))
