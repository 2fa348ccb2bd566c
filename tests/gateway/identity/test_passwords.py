import asyncio
import platform
import subprocess
import sys
import time

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from guanxi_gateway.identity import passwords
from guanxi_gateway.identity.password_rules import COMMON, MIN_LENGTH, weaknesses
from guanxi_gateway.identity.passwords import check_password, hash_password

EMAIL = "wang.fang@demo.example"
GROWN = """
import asyncio, psutil
from guanxi_gateway.identity.passwords import hash_password
before = psutil.Process().memory_info().rss
for _ in range(3):
    asyncio.run(hash_password("a long enough text"))
print(psutil.Process().memory_info().rss - before)
"""


@pytest.mark.parametrize(
    ("password", "part_of_sentence"),
    [
        ("short", "at least 10"),
        ("x" * 300, "at most 256"),
        ("aaaaaaaaaaaa", "different"),
        ("Password123", "most common"),
        ("qwertyuiop", "most common"),
        (EMAIL, "e-mail"),
        (EMAIL.upper() + "1", "e-mail"),
        ("Wang.Fang2026", "e-mail"),
        ("ｐａｓｓｗｏｒｄ１２３", "most common"),
    ],
)
def test_a_weak_password_is_refused_with_a_reason(password: str, part_of_sentence: str) -> None:
    found = weaknesses(password, email=EMAIL)
    assert any(part_of_sentence in sentence for sentence in found), found


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "关系管理系统很好用呀真的",
        "Tr0ub4dor&3xyz",
        "wang.fang likes green tea",
    ],
)
def test_a_good_password_has_no_weakness(password: str) -> None:
    assert weaknesses(password, email=EMAIL) == []


def test_an_email_without_a_local_part_does_not_break_the_rule() -> None:
    assert weaknesses("correct horse battery", email="@") == []
    assert weaknesses("correct horse battery", email="") == []


def test_the_common_list_holds_nothing_the_length_refuses_already() -> None:
    assert all(len(word) >= MIN_LENGTH and word == word.lower() for word in COMMON)


async def test_a_password_matches_its_own_hash_and_no_other() -> None:
    stored = await hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await check_password("correct horse battery", stored)).matches
    assert not (await check_password("correct horse batterx", stored)).matches


async def test_the_same_text_typed_in_another_unicode_form_matches() -> None:
    stored = await hash_password("café au lait à deux")
    assert (await check_password("cafe\u0301 au lait a\u0300 deux", stored)).matches


async def test_a_hash_with_older_parameters_is_renewed_at_sign_in() -> None:
    old = Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse battery")
    check = await check_password("correct horse battery", old)
    assert check.matches
    assert check.new_hash is not None
    assert (await check_password("correct horse battery", check.new_hash)).new_hash is None


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$broken"])
async def test_no_or_unreadable_hash_never_matches(stored: str | None) -> None:
    assert not (await check_password("correct horse battery", stored)).matches


def test_the_dummy_hash_costs_what_a_real_one_costs() -> None:
    assert not passwords._HASHER.current_hasher.check_needs_rehash(passwords._NOBODY)


async def test_the_event_loop_keeps_turning_while_passwords_are_hashed() -> None:
    hashing = [asyncio.create_task(hash_password(f"correct horse {n}")) for n in range(6)]
    longest, last = 0.0, (began := time.monotonic())
    while not all(task.done() for task in hashing):
        await asyncio.sleep(0)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert len({await task for task in hashing}) == 6
    assert longest < (last - began) / 2  # no wait is as long as what was hashed meanwhile


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others return what is freed")
def test_what_a_check_took_is_given_back() -> None:
    """19 MiB that stayed for good once somebody had signed in."""
    grown = subprocess.run(
        [sys.executable, "-c", GROWN], capture_output=True, check=True, text=True
    )
    assert int(grown.stdout) < 10 << 20
