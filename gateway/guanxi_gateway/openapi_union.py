"""Two descriptions of one thing that several services answer, each for its own resources, as one.

They may differ in the words that a value can be (`enum`, `const`), in the shapes that it can have
(`anyOf`, `oneOf`), in parameters that only one of them takes, and in what is there for people to read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

READ_BY_PEOPLE = frozenset({"description", "example", "examples", "summary", "title"})
SHAPES = frozenset({"anyOf", "oneOf"})


class Different(Exception):
    """They describe two things."""


def united(one: Any, other: Any) -> Any:
    """Both as one; what people read is that of the first. Raises Different."""
    if one == other:
        return one
    if not (isinstance(one, dict) and isinstance(other, dict)):
        raise Different
    one, other = _settled(one), _settled(other)
    if (one.keys() ^ other.keys()) - READ_BY_PEOPLE - {"parameters"}:
        raise Different
    return {**other, **{name: _member(name, value, other) for name, value in one.items()}}


def _member(name: str, value: Any, other: Mapping[str, Any]) -> Any:
    if name in READ_BY_PEOPLE or name not in other:
        return value
    if name == "enum":
        return _joined(value, other[name])
    if name in SHAPES:
        return _joined(value, other[name])
    if name == "parameters":
        return list(_parameters(value, other[name]))
    return united(value, other[name])


def _settled(schema: dict[str, Any]) -> dict[str, Any]:
    """One way of writing it: a constant as an enumeration, and no word of a default that is null, which
    one of our two generators leaves out."""
    found = {n: v for n, v in schema.items() if n != "const" and not (n == "default" and v is None)}
    return {**found, "enum": [schema["const"]]} if "const" in schema else found


def _joined(one: list[Any], other: list[Any]) -> list[Any]:
    return [*one, *(each for each in other if each not in one)]


def _parameters(one: list[Any], other: list[Any]) -> Iterator[Any]:
    """Each by its name once."""
    theirs = {(each.get("name"), each.get("in")): each for each in other}
    for each in one:
        match = theirs.pop((each.get("name"), each.get("in")), None)
        yield each if match is None else united(each, match)
    yield from theirs.values()
