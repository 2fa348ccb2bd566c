from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pyotp
import pytest

from guanxi_gateway.identity.totp_rules import (
    RECOVERY_ALPHABET,
    accepted_step,
    new_recovery_codes,
    new_secret,
    provisioning_uri,
    recovery_digest,
    spend_recovery_code,
)

NOW = datetime(2026, 11, 22, 8, 0, 10, tzinfo=UTC)
USER = UUID(int=7)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = int(NOW.timestamp()) // 30


def code_at(seconds: int) -> str:
    return pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "step"), [(0, STEP), (-30, STEP - 1), (30, STEP + 1)])
def test_a_code_of_a_neighbouring_step_is_accepted(seconds: int, step: int) -> None:
    assert accepted_step(SECRET, code_at(seconds), now=NOW, last_step=None) == step


@pytest.mark.parametrize("seconds", [-90, -60, 60, 90])
def test_a_code_further_away_is_refused(seconds: int) -> None:
    assert accepted_step(SECRET, code_at(seconds), now=NOW, last_step=None) is None


@pytest.mark.parametrize("last_step", [STEP, STEP + 1])
def test_a_code_works_once(last_step: int) -> None:
    assert accepted_step(SECRET, code_at(0), now=NOW, last_step=last_step) is None
    assert accepted_step(SECRET, code_at(0), now=NOW, last_step=STEP - 1) == STEP


def test_spaces_as_apps_show_them_are_ignored() -> None:
    code = code_at(0)
    assert accepted_step(SECRET, f"{code[:3]} {code[3:]}", now=NOW, last_step=None) == STEP


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "²²²²²²"])
def test_what_is_not_six_digits_is_refused(code: str) -> None:
    assert accepted_step(SECRET, code, now=NOW, last_step=None) is None


def test_enrolment_gives_an_app_all_it_needs() -> None:
    secret = new_secret()
    uri = urlsplit(provisioning_uri(secret, email="王芳@demo.example"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    query = parse_qs(uri.query)
    assert (query["secret"], query["issuer"]) == ([secret], ["Guanxi"])
    assert len(secret) == 32


def test_a_recovery_code_is_spent_once_however_it_is_typed() -> None:
    codes = new_recovery_codes()
    digests = [recovery_digest(code, USER) for code in codes]
    typed = codes[3].lower().replace("-", " ")
    remaining = spend_recovery_code(typed, USER, digests)
    assert remaining is not None
    assert len(remaining) == len(codes) - 1
    assert spend_recovery_code(typed, USER, remaining) is None


def test_a_recovery_code_of_one_user_says_nothing_about_another() -> None:
    code = new_recovery_codes()[0]
    assert recovery_digest(code, USER) != recovery_digest(code, UUID(int=8))
    assert spend_recovery_code(code, UUID(int=8), [recovery_digest(code, USER)]) is None


def test_recovery_codes_differ_and_avoid_vowels_and_look_alikes() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == len(codes) == 10
    assert not set("AEIOU01L5S") & set(RECOVERY_ALPHABET)
