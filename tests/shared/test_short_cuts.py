"""Short cuts for what is common give what the whole rules would have given."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_shared import emails, phones

NEVER = re.compile(r"(?!)")


def without(module: Any, name: str, ask: Callable[[], Any]) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, NEVER)
        return ask()


def answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except ValueError:
        return "refused"


@settings(max_examples=300, deadline=None)
@given(st.from_regex(emails._PLAIN_ADDRESS))
def test_a_plain_address(typed: str) -> None:
    def ask() -> Any:
        return answer(lambda: emails.normalise_email(typed))

    assert ask() == without(emails, "_PLAIN_ADDRESS", ask)


@pytest.mark.parametrize(
    "domain", ["x.test", "x.local", "x.invalid", "x.example", "a.b-c.de", "1.co"]
)
def test_an_address_of_a_reserved_domain_is_no_short_cut(domain: str) -> None:
    def ask() -> Any:
        return answer(lambda: emails.normalise_email(f"a@{domain}"))

    assert ask() == without(emails, "_PLAIN_ADDRESS", ask)


@settings(max_examples=300, deadline=None)
@given(st.from_regex(emails._PLAIN_DOMAIN))
def test_a_plain_domain(typed: str) -> None:
    def ask() -> Any:
        return emails.domain_of(typed)

    assert ask() == without(emails, "_PLAIN_DOMAIN", ask)


@settings(max_examples=500, deadline=None)
@given(st.from_regex(phones._PLAIN_MOBILE), st.sampled_from(["CN", "DE", None]))
def test_a_plain_mobile_number(typed: str, region: str | None) -> None:
    def ask() -> Any:
        return phones.parse_phone(typed, region)

    assert ask() == without(phones, "_PLAIN_MOBILE", ask)
