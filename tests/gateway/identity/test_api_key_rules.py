from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_gateway.identity.api_key_rules import (
    api_key_digest,
    api_key_matches,
    is_usable,
    looks_like_api_key,
    new_api_key,
    parse_api_key,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_new_key_has_the_pinned_shape_and_reads_back() -> None:
    key = new_api_key()
    assert key.text.startswith(f"gx_live_{key.public_id}_")
    assert len(key.text) == len("gx_live_") + 8 + 1 + 43 + 1 + 8
    assert parse_api_key(key.text) == key
    assert looks_like_api_key(key.text)


def test_secrets_holding_the_separator_still_read_back() -> None:
    assert all(parse_api_key(key.text) == key for key in (new_api_key() for _ in range(200)))


@given(st.integers(0, 67), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_single_wrong_sign_is_noticed_without_a_database(place: int, sign: str) -> None:
    text = new_api_key().text
    changed = text[:place] + sign + text[place + 1 :]
    assert (parse_api_key(changed) is None) == (changed != text)


@pytest.mark.parametrize("text", ["", "gx_live_", "gx_test_00000000_x_0", "Bearer x", "gx_live_é"])
def test_other_texts_are_not_keys(text: str) -> None:
    assert parse_api_key(text) is None


def test_only_the_very_key_matches_its_digest() -> None:
    one, two = new_api_key().text, new_api_key().text
    assert api_key_matches(one, api_key_digest(one))
    assert not api_key_matches(two, api_key_digest(one))


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "usable"),
    [
        (None, None, True),
        (NOW + timedelta(1), None, True),
        (NOW, None, False),
        (None, NOW - timedelta(1), False),
    ],
)
def test_a_key_ends_by_time_or_by_revocation(
    expires_at: datetime | None, revoked_at: datetime | None, usable: bool
) -> None:
    assert is_usable(expires_at=expires_at, revoked_at=revoked_at, now=NOW) is usable
