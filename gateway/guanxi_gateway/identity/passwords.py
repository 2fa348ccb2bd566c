"""argon2id off the event loop, in a pool that a burst of sign-ins cannot grow."""

import asyncio
import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from guanxi_gateway.identity.password_rules import normalised

T = TypeVar("T")

# OWASP's second argon2id profile: 19 MiB and 27-63 ms a check. pwdlib's own default takes 64 MiB
# and four threads, which two cores cannot pay at sign-in.
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
_M_MMAP_THRESHOLD = -3  # malloc.h


def _return_big_blocks() -> None:
    """What a check took goes back to the system: glibc would see by the first one that blocks of 19 MiB are usual
    here, and keep them from then on. Other C libraries have no such call, and need none."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_MMAP_THRESHOLD, 4 << 20)


_POOL = ThreadPoolExecutor(2, "passwords", initializer=_return_big_blocks)

# The hash of a random text nobody knows, checked when there is no user, so that an unknown address
# costs the same time as a wrong password.
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$3wrTl1gPXQC8tk44+36kvw$tpt+61"
    "ZRhQ4WZE+Djv4HntyJLgg4zJHwf/mZeDHTivY"
)


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """`new_hash` is set when the stored one was made with older parameters: store it."""

    matches: bool
    new_hash: str | None = None


async def hash_password(password: str) -> str:
    return await _in_pool(lambda: _HASHER.hash(normalised(password)))


async def check_password(password: str, stored: str | None) -> PasswordCheck:
    """Takes as long for an unknown user (`stored` None) as for a wrong password."""
    return await _in_pool(lambda: _check(normalised(password), stored))


def _check(password: str, stored: str | None) -> PasswordCheck:
    if stored is None:
        _HASHER.verify(password, _NOBODY)
        return PasswordCheck(matches=False)
    try:
        matches, new_hash = _HASHER.verify_and_update(password, stored)
    except UnknownHashError:
        return PasswordCheck(matches=False)
    return PasswordCheck(matches=matches, new_hash=new_hash)


async def _in_pool(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_POOL, work)
