"""Who is at the door: an Authorization header as a verified caller, remembered until it expires.

One look-up in a dictionary for each request; a token is checked, or an API key exchanged for an
internal token, only when it is met for the first time.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from guanxi_gateway.identity.api_key_rules import looks_like_api_key
from guanxi_gateway.limits import Budget, Budgets
from guanxi_gateway.limits_rules import Limit
from guanxi_shared.auth import Principal, Verifier
from guanxi_shared.errors import Unauthenticated

REMEMBERED = 20_000
# A changed limit is seen after this time at the latest; so is what another replica did to the role
# of an API key's owner.
SECONDS_REMEMBERED = 60.0

# The newest version of each organisation's directory (users, teams, roles, shares) that this
# process knows; services wait until their copy has reached it. Identity writes here after commit.
directory_versions: dict[UUID, int] = {}

# Sessions, API keys and grants whose access tokens are refused although they have not expired.
revoked_sessions: set[UUID] = set()

Exchange = Callable[[str], Awaitable[str]]
LimitOf = Callable[[Principal], Awaitable[Limit | None]]


class SessionEnded(Unauthenticated):
    """A good token of a session that is over: whose it was is known all the same."""

    code = "session_ended"

    def __init__(self, principal: Principal) -> None:
        super().__init__("This session has ended; sign in again.")
        self.principal = principal


@dataclass(frozen=True, slots=True)
class Caller:
    """`authorization` is what services get; `budget` is None where no limit applies. `by_key`: the
    token was made here for an API key."""

    principal: Principal
    authorization: bytes
    budget: Budget | None
    good_until: float
    by_key: bool = False


class Callers:
    def __init__(
        self, verifier: Verifier, *, exchange: Exchange, limit_of: LimitOf, budgets: Budgets
    ) -> None:
        self._verifier = verifier
        self._exchange = exchange
        self._limit_of = limit_of
        self._budgets = budgets
        self._known: dict[bytes, Caller] = {}

    def known(self, header: bytes) -> Caller | None:
        """The caller of an Authorization header met before; Unauthenticated once revoked."""
        caller = self._known.get(header)
        if caller is None or caller.good_until < time.time():
            return None
        if caller.by_key and _is_behind(caller.principal):
            return None
        _refuse_revoked(caller.principal)
        return caller

    async def identify(self, header: bytes) -> Caller:
        """Check a header met for the first time; Unauthenticated if it proves nothing."""
        token = _bearer_token(header)
        by_key = looks_like_api_key(token)
        if by_key:
            token = await self._exchange(token)
        principal = await self._verifier.verify(token)
        _refuse_revoked(principal)
        caller = Caller(
            principal=principal,
            authorization=b"Bearer " + token.encode(),
            budget=await self._budget(principal),
            good_until=min(principal.expires_at, time.time() + SECONDS_REMEMBERED),
            by_key=by_key,
        )
        self._remember(header, caller)
        return caller

    async def pay(self, header: bytes, cost: int) -> None:
        """For a call that turns out to be worth several; TooMany when the budget does not hold them."""
        caller = self.known(header) or await self.identify(header)
        if caller.budget is not None and not caller.budget.spend(cost):
            await caller.budget.renew(cost)

    async def _budget(self, principal: Principal) -> Budget | None:
        limit = await self._limit_of(principal)
        if limit is None or principal.kind != "user":
            return None
        return self._budgets.of(f"credential:{principal.session_id or principal.user_id}", limit)

    def _remember(self, header: bytes, caller: Caller) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[header] = caller
        principal = caller.principal
        if principal.organisation_id is not None:
            note_directory_version(principal.organisation_id, principal.directory_version)


def note_directory_version(organisation_id: UUID, version: int) -> None:
    """Versions only rise: news that overtook each other change nothing."""
    if version > directory_versions.get(organisation_id, 0):
        directory_versions[organisation_id] = version


def _is_behind(principal: Principal) -> bool:
    """Whether users or roles have changed since a key was exchanged: its owner may hold less now."""
    newest = directory_versions.get(principal.organisation, 0)
    return principal.directory_version < newest


def _refuse_revoked(principal: Principal) -> None:
    if revoked_sessions and principal.session_id in revoked_sessions:
        raise SessionEnded(principal)


def _bearer_token(header: bytes) -> str:
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip():
        raise Unauthenticated("Send `Authorization: Bearer …`.")
    try:
        return token.strip().decode("ascii")
    except UnicodeDecodeError as error:
        raise Unauthenticated("The token is not valid.") from error
