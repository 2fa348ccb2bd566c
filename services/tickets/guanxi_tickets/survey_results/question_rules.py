"""Which answers may be counted together: those to a question that was asked the same way. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SAME = ("type", "part", "item", "min", "max")


@dataclass(slots=True)
class Counted:
    """A question as it is asked now, and the editions that asked it so: another scale is another
    question."""

    question: Mapping[str, Any]
    editions: set[int] = field(default_factory=set)


def counted_questions(editions: Sequence[Mapping[str, Any]]) -> dict[str, Counted]:
    """By key, of editions the newest first."""
    found: dict[str, Counted] = {}
    for edition in editions:
        for question in edition["questions"]:
            known = found.setdefault(question["key"], Counted(question))
            if _shape(question) == _shape(known.question):
                known.editions.add(edition["number"])
    return found


def _shape(question: Mapping[str, Any]) -> tuple[Any, ...]:
    options = tuple(sorted(option["key"] for option in question["options"]))
    return (*(question[name] for name in SAME), options)
