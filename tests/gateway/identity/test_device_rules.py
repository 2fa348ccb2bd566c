from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guanxi_gateway.identity.device_rules import (
    DEVICE_LIFE,
    USER_CODE_ALPHABET,
    DeviceState,
    DeviceStatus,
    may_decide,
    new_user_code,
    poll_device,
    typed_user_code,
)
from guanxi_gateway.identity.oauth_rules import OAuthCode

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WAITING = DeviceState(DeviceStatus.PENDING, NOW + DEVICE_LIFE)


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("state", "later", "error"),
    [
        (WAITING, 5, OAuthCode.AUTHORIZATION_PENDING),
        (replace(WAITING, status=DeviceStatus.APPROVED), 5, None),
        (replace(WAITING, status=DeviceStatus.DENIED), 5, OAuthCode.ACCESS_DENIED),
        (replace(WAITING, status=DeviceStatus.USED), 5, OAuthCode.INVALID_GRANT),
        (WAITING, 900, OAuthCode.EXPIRED_TOKEN),
        (replace(WAITING, status=DeviceStatus.APPROVED), 900, OAuthCode.EXPIRED_TOKEN),
        (replace(WAITING, last_polled_at=NOW), 2, OAuthCode.SLOW_DOWN),
        (replace(WAITING, last_polled_at=NOW), 5, OAuthCode.AUTHORIZATION_PENDING),
        (replace(WAITING, last_polled_at=NOW, interval=10), 5, OAuthCode.SLOW_DOWN),
        (None, 5, OAuthCode.INVALID_GRANT),
    ],
)
def test_a_poll_is_answered_by_state_time_and_pace(
    state: DeviceState | None, later: int, error: OAuthCode | None
) -> None:
    assert poll_device(state, NOW + seconds(later)).error is error


def test_polling_too_fast_slows_the_device_down_for_good() -> None:
    hasty = replace(WAITING, last_polled_at=NOW)
    poll = poll_device(hasty, NOW + seconds(1))
    assert (poll.error, poll.interval) == (OAuthCode.SLOW_DOWN, 10)
    again = replace(hasty, interval=poll.interval, last_polled_at=NOW + seconds(1))
    assert poll_device(again, NOW + seconds(7)).interval == 15


def test_a_person_decides_once_and_in_time() -> None:
    assert may_decide(WAITING, NOW)
    assert not may_decide(WAITING, NOW + DEVICE_LIFE)
    assert not may_decide(replace(WAITING, status=DeviceStatus.APPROVED), NOW)
    assert not may_decide(None, NOW)


def test_user_codes_hold_no_vowel_and_forgive_how_they_are_typed() -> None:
    code = new_user_code()
    assert len(code) == 9
    assert not set("AEIOUY") & set(USER_CODE_ALPHABET)
    assert typed_user_code(code) == code
    assert typed_user_code(f" {code.lower().replace('-', ' ')} ") == code
