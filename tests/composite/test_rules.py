"""References, addresses and kinds of requests: many cases, and any text at all."""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_gateway.composite.reference_rules import (
    NAME,
    Missing,
    Unreadable,
    filled,
    filled_url,
    names_in,
)
from guanxi_gateway.composite.undoing import former
from guanxi_gateway.composite.url_rules import NotTaken, kind_of, service_of

ANSWERS: dict[str, Any] = {
    "a": {"id": "x1", "n": 7, "yes": True, "none": None, "list": [{"id": "first"}, 2], "o": {"p": "q"}},
    "path": {"id": "../../admin?x=1&y#z", "dots": "..", "text": "你 好/%2f", "braces": "{{a.id}}"},
}  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("{{a.id}}", "x1"), ("{{a.n}}", 7), ("{{a.none}}", None), ("{{a.list}}", [{"id": "first"}, 2]),
        ("{{a.list.0.id}}", "first"), ("{{a.list.1}}", 2), ("{{a.o.p}}", "q"),
        ("no. {{a.n}} of {{a.id}}: {{a.yes}}", "no. 7 of x1: true"),
        ("{{{{a.id}}", "{{a.id}}"), ("{{{{{{{{", "{{{{"), ("{ {a.id} }", "{ {a.id} }"), ("}}", "}}"),
        ("{{path.braces}} ", "{{a.id}} "),
        ({"k": ["{{a.id}}", 1, None]}, {"k": ["x1", 1, None]}),
    ],
)  # fmt: skip
def test_references_are_filled_in(given_: Any, wanted: Any) -> None:
    found = filled(given_, ANSWERS)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    "text",
    ["{{a.nothing}}", "{{b.id}}", "{{a.list.9}}", "{{a.id.more}}", "{{a.list.-1}}", "x {{a.o}}", "x {{a.none}}"],
)  # fmt: skip
def test_what_is_not_there_is_missing(text: str) -> None:
    with pytest.raises(Missing, match=re.escape(text.removeprefix("x "))):
        filled(text, ANSWERS)


@pytest.mark.parametrize(
    "value",
    [
        "{{a}}",
        "{{ a.id }}",
        "{{a.id",
        "{{.id}}",
        "{{a..id}}",
        "{{9a.id}}",
        "{{{a.id}}}",
        {"{{a.id}}": 1},
    ],
)
def test_braces_that_begin_no_reference_are_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable):
        list(names_in(value))


@given(JSON)
def test_any_document_is_either_readable_or_not_and_without_references_stays_itself(
    value: Any,
) -> None:
    try:
        named = list(names_in(value))
    except Unreadable:
        assert "{{" in repr(value)
        return
    if not named and "{{" not in repr(value):
        assert filled(value, {}) == value


@given(st.text())
def test_escaped_text_comes_out_as_it_was(text: str) -> None:
    """Braces are escaped from the left, two by two, as they are read."""
    escaped = text.replace("{{", "{{{{")
    assert list(names_in(escaped)) == []
    assert filled(escaped, {}) == text


@given(st.from_regex(NAME, fullmatch=True), JSON)
def test_a_text_that_is_a_reference_becomes_the_value_itself(name: str, value: Any) -> None:
    assert filled(f"{{{{{name}.v}}}}", {name: {"v": value}}) == value


@given(st.text(min_size=1))
def test_a_value_in_an_address_stays_one_piece_of_it(value: str) -> None:
    try:
        url = filled_url("/v1/accounts/{{a.id}}?fields=id", {"a": {"id": value}})
    except (Missing, UnicodeEncodeError):
        return
    parts = urlsplit(url)
    assert (parts.path.count("/"), parts.query, parts.fragment) == (3, "fields=id", "")
    assert unquote(parts.path.rpartition("/")[2]) == value


def test_dots_and_slashes_reach_no_other_path() -> None:
    with pytest.raises(Missing):
        filled_url("/v1/accounts/{{path.dots}}", ANSWERS)
    for name in ("id", "text"):
        with pytest.raises(NotTaken):
            service_of(filled_url(f"/v1/accounts/{{{{path.{name}}}}}", ANSWERS))


@pytest.mark.parametrize(
    "url",
    ["/v1/composite", "/v1/auth/sign-in", "/v1/users", "/v1/sync/push", "/v1/webhooks", "/v1/events",
     "/v1/files", "/v1/tickets/x/files", "/v1/imports", "/v1/public/forms", "/v1/calendar/feeds/x.ics",
     "/v1/accounts/../users", "/v1//accounts", "/v1/accounts/%2e%2e", "http://else/v1/accounts", "//else/v1/a",
     "/v2/accounts", "accounts", "/v1/nothing", "/v1/accounts#x", "/v1/acc ounts", "/v1/账", "/internal/sync/check",
     "/v1/accounts/snapshot", "/v1/quotes/x.pdf", "/v1/accounts\\x", "/v1/{{a.word}}/x", "/health/ready"],
)  # fmt: skip
def test_addresses_that_are_not_taken(url: str) -> None:
    with pytest.raises(NotTaken):
        service_of(url)


@given(st.text(max_size=60).map(lambda text: f"/v1/accounts{text}"))
def test_any_address_is_taken_for_its_service_or_refused(url: str) -> None:
    try:
        assert service_of(url) in ("contacts", "pipeline")
    except NotTaken:
        return
    assert url.isascii()
    assert url.isprintable()


@pytest.mark.parametrize(
    ("method", "url", "kind"),
    [
        ("GET", "/v1/accounts", "read"), ("POST", "/v1/accounts/search", "read"), ("POST", "/v1/accounts", "create"),
        ("PATCH", "/v1/leads/{{l.id}}", "change"), ("DELETE", "/v1/tickets/{{t.id}}", "delete"),
        ("POST", "/v1/accounts/batch", "act"), ("POST", "/v1/opportunities/{{o.id}}/move", "act"),
        ("POST", "/v1/pools", "act"), ("PATCH", "/v1/pools/x", "act"), ("PUT", "/v1/tickets/x/draft", "act"),
    ],
)  # fmt: skip
def test_kinds_of_requests(method: str, url: str, kind: str) -> None:
    assert kind_of(method, url) == kind


@pytest.mark.parametrize(
    ("before", "after", "named", "wanted"),
    [
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 2}, {"a": 1}),
        ({"a": None}, {"a": {"x": 1}}, {"a": {"x": 1}}, {"a": None}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 3, "z": 4}}, {"a": {}}, {"a": {"x": 1, "y": 2, "z": None}}),
        ({"a": [1]}, {"a": [2, 3]}, {"a": [2, 3]}, {"a": [1]}),
        ({"a": 1}, {"a": 2}, None, {}),
    ],
)  # fmt: skip
def test_former_values_as_a_merge_patch(before: Any, after: Any, named: Any, wanted: Any) -> None:
    assert former(before, after, ["a", "b"], named) == wanted
