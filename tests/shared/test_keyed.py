"""The condition of a look-up by key: put together once, never mixed up; and when a list is one."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Text, and_, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import resources as r
from guanxi_shared.filters import Binder, Condition
from guanxi_shared.pages import ListQuery
from guanxi_shared.resources import Field, looked_up
from guanxi_shared.search import keyed
from guanxi_shared.statements import compile_after_binding
from tests.library.tables import BOOK_SEARCH, BOOKS


def by_isbn(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    return keyed(BOOKS, BOOK_SEARCH, bind([value], ARRAY(Text)))


ISBN: Field = looked_up("isbn", r.TEXT, BOOKS, by_isbn, finds_few=True)
AUTHOR: Field = looked_up("author", r.TEXT, BOOKS, by_isbn)
EMPTY = ListQuery((), (), (), None, 50, None, False, ())


def condition(field: Field, operator: str = "eq") -> Condition:
    return Condition(field, operator, "x")


def test_the_same_parameter_gives_the_same_condition_with_the_values_of_this_request() -> None:
    first, second = Binder(), Binder()
    assert by_isbn("eq", "a", first) is by_isbn("eq", "b", second)
    assert (first.values, second.values) == ({"v0": ["a"]}, {"v0": ["b"]})


def test_two_keys_in_one_statement_keep_their_own_values() -> None:
    bind = Binder()
    both = and_(by_isbn("eq", "a", bind), by_isbn("eq", "b", bind))
    compiled = compile_after_binding(select(BOOKS.c.id).where(both))
    values = compiled.args({"organisation": "o", **bind.values})
    assert sorted(map(str, values)) == ["['a']", "['b']", "o"]


@pytest.mark.parametrize(
    ("query", "is_by_key"),
    [
        (replace(EMPTY, groups=((condition(ISBN),),)), True),
        (EMPTY, False),
        (replace(EMPTY, groups=((),)), False),
        (replace(EMPTY, groups=((condition(AUTHOR),),)), False),
        (replace(EMPTY, groups=((condition(ISBN, "in"),),)), False),
        (replace(EMPTY, groups=((condition(ISBN), condition(AUTHOR)),)), False),
        (replace(EMPTY, groups=((condition(ISBN),), (condition(ISBN),))), False),
        (replace(EMPTY, groups=((condition(ISBN),),), text="x"), False),
        (replace(EMPTY, groups=((condition(ISBN),),), within=(condition(AUTHOR),)), False),
    ],
)
def test_a_list_is_by_key_when_one_key_alone_says_which_records(
    query: ListQuery, is_by_key: bool
) -> None:
    assert query.is_by_key is is_by_key
