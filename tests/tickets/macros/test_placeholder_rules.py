"""Placeholders and what a macro's actions are for a ticket, as rules alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.errors import UnknownPlaceholder
from guanxi_tickets.macros.action_rules import differences, patch_of, tags_after
from guanxi_tickets.macros.placeholder_rules import (
    NAMES,
    Placeholder,
    custom_values,
    filled,
    parts_of,
)

LITERALS = st.text(max_size=20).filter(lambda text: "{" not in text and "}" not in text)
VALUES = st.dictionaries(st.sampled_from(NAMES), st.none() | st.text(max_size=20))
PIECES = st.lists(
    st.one_of(
        LITERALS.map(lambda text: (text, None, None)),
        st.tuples(
            st.just(""), st.sampled_from(NAMES),
            st.none() | LITERALS.filter(lambda text: "|" not in text).map(str.strip),
        ),
    )
)  # fmt: skip


def read(text: str, *keys: str) -> tuple["str | Placeholder", ...]:
    return parts_of(text, keys, field="reply")


def test_a_text_is_what_stands_there_and_placeholders() -> None:
    assert read("Hi {{ requester.name | friend }}: {{ticket.number}}.") == (
        "Hi ", Placeholder("requester.name", "friend"), ": ", Placeholder("ticket.number"), ".")  # fmt: skip
    assert read("") == ()
    assert read("} }} { {a}") == ("} }} { {a}",)
    assert read("{{ticket.custom.floor|}}", "floor") == (Placeholder("ticket.custom.floor", ""),)


@pytest.mark.parametrize(
    "text",
    [
        "{{nobody.name}}", "{{}}", "{{|x}}", "{{ticket.__class__}}", "{{ticket.custom.x}}", "{{ticket.custom.}}",
        "{{agent.name", "{{ {{agent.name}} }}", "{{ticket.custom.floor.x}}", "{{requester}}", "{{Ticket.number}}",
        "{{ticket.number()}}", "{{ticket.number+1}}", "{{0}}", "{{{agent.name}}}",
    ],
)  # fmt: skip
def test_what_there_is_not_is_named(text: str) -> None:
    with pytest.raises(UnknownPlaceholder) as refused:
        read(text, "floor")
    assert list(refused.value.errors) == ["reply"]


@given(pieces=PIECES, values=VALUES)
def test_each_placeholder_becomes_its_value_once(
    pieces: list[tuple[str, str | None, str | None]], values: dict[str, str | None]
) -> None:
    text, wanted, gaps = "", "", []
    for literal, name, default in pieces:
        if name is None:
            text, wanted = text + literal, wanted + literal
            continue
        text += f"{{{{{name}}}}}" if default is None else f"{{{{{name}|{default}}}}}"
        value = values.get(name) or default
        wanted += value or ""
        gaps += [name] if value is None else []
    assert filled(read(text), values) == (wanted, list(dict.fromkeys(gaps)))


@given(value=st.text(max_size=30))
def test_a_value_is_never_read_as_a_text(value: str) -> None:
    """A customer called `{{agent.email}}` learns nothing."""
    parts = read("<{{requester.name|x}}>")
    for told in (value, "{{agent.email}}"):
        found, _ = filled(parts, {"requester.name": told, "agent.email": "secret"})
        assert found == f"<{told or 'x'}>"


@given(text=st.text(alphabet="{}|. abticket.number", max_size=40))
def test_whatever_is_written_is_understood_or_refused(text: str) -> None:
    try:
        parts = read(text)
    except UnknownPlaceholder:
        return
    assert "".join(p if isinstance(p, str) else "" for p in parts).count("{{") == 0


def test_own_fields_stand_as_people_write_them() -> None:
    custom = {"a": True, "b": ["x", "y"], "c": 3, "d": None, "e": "", "f": False}
    assert custom_values(custom) == {
        "ticket.custom.a": "yes", "ticket.custom.b": "x, y", "ticket.custom.c": "3",
        "ticket.custom.d": None, "ticket.custom.e": "", "ticket.custom.f": "no",
    }  # fmt: skip


TAGS = st.lists(st.sampled_from("abcde"), unique=True).map(sorted)


@given(tags=TAGS, more=TAGS, less=TAGS)
def test_tags_are_added_and_taken_away_once(
    tags: list[str], more: list[str], less: list[str]
) -> None:
    actions = {"add_tags": more, "remove_tags": less}
    once = tags_after(tags, actions)
    assert set(once) == (set(tags) | set(more)) - set(less)
    assert tags_after(once, actions) == once


def test_actions_become_the_patch_of_a_request() -> None:
    ticket: dict[str, Any] = {"status": "open", "tags": ["a"], "version": 1}
    whole = {
        "status": "open",
        "assignee_id": "me",
        "priority": None,
        "reply": "x",
        "add_tags": ["a"],
    }
    assert patch_of(whole, ticket, None) == {"assignee_id": None, "priority": None}
    assert patch_of({"status": "solved", "remove_tags": ["a"]}, ticket, None) == {
        "status": "solved", "tags": []}  # fmt: skip
    after = {"status": "solved", "tags": ["a"], "version": 2}
    assert differences(ticket, after) == {"status": {"before": "open", "after": "solved"}}
