"""What a feed tells is read alike, whether it came over HTTP or from a list."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from guanxi_shared.heard import id_of, maybe_id_of, moment_of

ID = UUID("01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51")
AT = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("told", [AT, "2026-11-28T09:00:00Z", "2026-11-28T17:00:00+08:00"])
def test_a_moment_is_one_however_it_is_spelt(told: object) -> None:
    assert moment_of({"occurred_at": told}) == AT


@pytest.mark.parametrize("told", [ID, str(ID), str(ID).upper()])
def test_an_id_is_one_however_it_is_spelt(told: object) -> None:
    assert id_of(told) == maybe_id_of(told) == ID


def test_nobody_is_nobody_and_what_is_no_id_is_refused() -> None:
    assert maybe_id_of(None) is None
    for of in (id_of, maybe_id_of):
        with pytest.raises(ValueError, match="badly formed"):
            of("somebody")
