"""Addresses, schedules, filters and signatures as rules alone."""

import base64
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from guanxi_gateway.webhooks.address_rules import BadUrl, Reach, problem_of, target_of
from guanxi_gateway.webhooks.filter_rules import fits, read_filter
from guanxi_gateway.webhooks.payload_rules import MOST_BYTES, message_of, trial_event
from guanxi_gateway.webhooks.schedule_rules import (
    LONGEST_RETRY_AFTER,
    PAUSES,
    WHOLE,
    Health,
    after_failure,
    is_given_up,
    next_try,
    probe_pause,
    retry_after,
)
from guanxi_gateway.webhooks.signing_rules import headers_for, signature

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HTTPS = Reach()
LOCAL = Reach(http=True, networks=(ip_network("127.0.0.0/8"),))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "1.1.1.1"]
)
def test_addresses_of_the_public_internet_are_called(address: str) -> None:
    assert problem_of([address], 443, HTTPS) is None
    assert problem_of([address], 22, HTTPS) is not None
    assert problem_of([address, "127.0.0.1"], 443, HTTPS) is not None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2001::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_other_address_is_called(address: str) -> None:
    assert problem_of([address], 443, HTTPS) is not None


def test_allowed_networks_are_called_at_any_port_and_no_others() -> None:
    assert problem_of(["127.0.0.1"], 54321, LOCAL) is None
    assert problem_of(["::ffff:127.0.0.1"], 54321, LOCAL) is None
    assert problem_of(["127.0.0.1", "10.0.0.1"], 443, LOCAL) is not None
    assert problem_of([], 443, LOCAL) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "https://", "https:///x", "//example.com", "example.com", "https://u@example.com/",
        "https://:p@example.com/", "https://@example.com/", "https://example.com/#x", "https://example.com/ x",
        "https://exa\nmple.com/", "https://例.com/", "https://example.com\\@evil.com/", "https://[::1/",
        "https://example.com:0x1/", "https://example.com:99999/", "javascript:alert(1)", "file:///etc/passwd",
        "https://example.com/" + "x" * 2000, "gopher://example.com/",
    ],
)  # fmt: skip
def test_what_is_no_url_to_be_called(url: str) -> None:
    with pytest.raises(BadUrl):
        target_of(url, HTTPS)


def test_host_and_port_of_a_url() -> None:
    assert target_of("https://Example.com/a?b=c", HTTPS).host == "example.com"
    assert target_of("https://example.com:8443", HTTPS).port == 8443
    assert target_of("http://[::1]:81/", LOCAL).host == "::1"


def test_each_pause_is_the_schedules_and_a_little_more() -> None:
    for attempts, pause in enumerate(PAUSES, 1):
        soon = next_try(attempts, timedelta(), NOW, retry_after=None, chance=0.0)
        late = next_try(attempts, timedelta(), NOW, retry_after=None, chance=1.0)
        assert (soon, late) == (NOW + pause, NOW + pause * 1.2)
    assert [pause.total_seconds() for pause in PAUSES] == [5, 300, 1800, 7200, 18000, 36000, 36000]
    assert next_try(8, WHOLE, NOW, retry_after=None, chance=0.5) is None
    assert next_try(9, timedelta(hours=1), NOW, retry_after=None, chance=0.0) == NOW + PAUSES[-1]
    waits = next_try(1, timedelta(), NOW, retry_after=timedelta(hours=3), chance=0.0)
    assert waits == NOW + timedelta(hours=3)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120), ("0", 0), (" 7 ", 7), ("Sun, 22 Nov 2026 08:10:00 GMT", 600), ("Sat, 21 Nov 2026 08:10:00 GMT", 0),
        ("99999999999", LONGEST_RETRY_AFTER.total_seconds()), ("Mon, 22 Nov 2027 08:10:00 GMT", 86400),
        (None, None), ("", None), ("soon", None), ("-1", None), ("1.5", None), ("٣", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(
    header: str | None, seconds: float | None
) -> None:
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(header, NOW) == wanted


def test_five_days_of_nothing_but_failures_are_enough_and_a_long_silence_is_none() -> None:
    health, now = Health(), NOW
    while now < NOW + timedelta(days=5):
        health, now = after_failure(health, now), now + timedelta(hours=10)
        assert not is_given_up(health)
    assert is_given_up(after_failure(health, now))
    assert not is_given_up(after_failure(health, now + timedelta(hours=25)))
    assert not is_given_up(Health(4, NOW, NOW + timedelta(days=9)))


def test_who_fails_again_and_again_is_asked_ever_less_often() -> None:
    pauses = [probe_pause(Health(n, NOW, NOW)).total_seconds() for n in (0, 4, 5, 6, 7, 11, 400)]
    assert pauses == [0, 0, 1, 2, 4, 60, 60]


STATE: dict[str, Any] = {
    "name": "Acme 集团", "grade": "A", "staff_count": 250, "revenue": {"amount": "1234.50", "currency": "CNY"},
    "is_open": True, "close_on": "2026-12-01", "updated_at": "2026-11-22T08:00:00.5Z", "tags": ["vip", "north"],
    "emails": [{"address": "a@example.com", "is_primary": True}], "custom": {"floor": 3}, "domain": None, "score": 0.5,
}  # fmt: skip
HOLDS = [
    ("grade", "eq", "A"), ("grade", "ne", "B"), ("grade", "in", ["A", "B"]), ("grade", "nin", ["B"]),
    ("staff_count", "gte", 250), ("staff_count", "lt", "251"), ("revenue", "gt", 1234), ("revenue", "eq", "1234.5"),
    ("revenue.currency", "eq", "CNY"), ("is_open", "eq", True), ("close_on", "lte", "2026-12-01"),
    ("updated_at", "gt", "2026-11-22T09:00:00+08:00"), ("tags", "has", "vip"), ("tags", "in", ["x", "north"]),
    ("emails", "has", "a@example.com"), ("name", "contains", "acme"), ("name", "starts_with", "ACME"),
    ("emails", "contains", "@example"), ("custom.floor", "eq", 3), ("domain", "is_null", True),
    ("nothing", "is_null", True), ("nothing", "ne", "x"), ("score", "gt", "0.4"), ("custom.none", "nin", [1]),
]  # fmt: skip
FAILS = [
    ("grade", "eq", "B"), ("grade", "ne", "A"), ("grade", "in", ["B"]), ("grade", "nin", ["A"]), ("staff_count", "gt", 250),
    ("revenue", "lt", "1234.49"), ("is_open", "eq", False), ("is_open", "gt", False), ("tags", "has", "vi"),
    ("emails", "has", "b@example.com"), ("name", "contains", "beta"), ("domain", "is_null", False),
    ("nothing", "eq", "x"), ("nothing", "gt", 1), ("nothing", "contains", ""), ("grade", "gt", 5), ("name.x", "eq", 1),
    ("updated_at", "lt", "2026-11-22T08:00:00Z"), ("is_open", "eq", 1), ("staff_count", "eq", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "holds"), [(t, True) for t in HOLDS] + [(t, False) for t in FAILS]
)
def test_a_filter_means_of_a_state_what_a_search_means_of_a_record(
    test: tuple[str, str, Any], holds: bool
) -> None:
    one = dict(zip(("field", "operator", "value"), test, strict=True))
    never = {"field": "grade", "operator": "eq", "value": "never"}
    assert fits(read_filter({"filter_groups": [{"filters": [one]}]}), STATE) is holds
    either = {"filter_groups": [{"filters": [never]}, {"filters": [one]}]}
    assert fits(read_filter(either), STATE) is holds
    both = {"filter_groups": [{"filters": [never, one]}]}
    assert not fits(read_filter(both), STATE)


def test_no_filter_and_an_empty_one_mean_all() -> None:
    for document in (None, {"filter_groups": []}, {"filter_groups": [{"filters": []}]}):
        assert fits(read_filter(document), STATE)


def test_the_reference_vector_of_standard_webhooks() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == wanted
    both = headers_for([key, b"x" * 32], "msg", 1, body)["webhook-signature"]
    assert both.count(" ") == 1


def test_a_full_payload_that_is_too_long_goes_thin() -> None:
    event = trial_event("e", "o", "w", "2026-11-22T08:00:00Z")
    event["data"]["state"] = {"body": "x" * MOST_BYTES}
    message = message_of(event, format="standard", payload="full")
    assert len(message.body) < 1000
    assert b'"state"' not in message.body
