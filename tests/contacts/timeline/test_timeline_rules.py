"""Cursors come back as they went out, and what is no cursor is refused."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.timeline.rules import cursor_of, place_of
from guanxi_shared.errors import Malformed

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS, st.uuids())
def test_a_cursor_is_the_place_it_was_made_of(at: datetime, entry_id: UUID) -> None:
    assert place_of(cursor_of(at, entry_id)) == (at, entry_id)


@pytest.mark.parametrize(
    "text", ["", "-", "1", "9" * 19 + "-" + "0" * 32, "1-", "²-" + "0" * 32, "-1-" + "0" * 32]
)
def test_half_a_cursor_is_none(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        place_of(text)
    assert list(refused.value.errors) == ["cursor"]
