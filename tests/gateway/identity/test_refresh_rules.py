from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from guanxi_gateway.identity.refresh_rules import (
    ABSOLUTE_LIFE,
    GRACE,
    IDLE_LIFE,
    RefreshDecision,
    RefreshState,
    decide_refresh,
    expiry,
    new_refresh_token,
    successor_of,
    token_digest,
)

NOW = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("spent_at", "successor_spent", "revoked", "expires_at", "expected"),
    [
        (None, None, False, LATER, "rotate"),
        (None, None, True, LATER, "refuse"),
        (None, None, False, NOW, "refuse"),
        (NOW - SECOND, False, False, LATER, "repeat"),
        (NOW - GRACE, False, False, LATER, "repeat"),
        (NOW - GRACE - SECOND, False, False, LATER, "revoke_family"),
        (NOW - SECOND, True, False, LATER, "revoke_family"),
        (NOW - SECOND, None, False, LATER, "revoke_family"),
        (NOW - SECOND, False, True, LATER, "refuse"),
        (NOW - SECOND, False, False, NOW - SECOND, "refuse"),
    ],
)
def test_the_decision_follows_from_use_time_and_family(
    spent_at: datetime | None,
    successor_spent: bool | None,
    revoked: bool,
    expires_at: datetime,
    expected: str,
) -> None:
    state = RefreshState(spent_at, successor_spent, revoked, expires_at)
    assert decide_refresh(state, NOW) == expected


def test_an_unknown_token_is_refused_without_touching_any_family() -> None:
    assert decide_refresh(None, NOW) is RefreshDecision.REFUSE


def test_tokens_are_256_bits_and_their_successor_depends_on_the_secret() -> None:
    token = new_refresh_token()
    assert len(token) == len(successor_of(token, b"k" * 32)) == 43
    assert successor_of(token, b"k" * 32) == successor_of(token, b"k" * 32)
    assert successor_of(token, b"k" * 32) != successor_of(token, b"l" * 32)
    assert len(token_digest(token)) == 32


def test_use_prolongs_a_family_up_to_its_absolute_end() -> None:
    assert expiry(NOW, NOW) == NOW + IDLE_LIFE
    assert expiry(NOW + timedelta(days=80), NOW) == NOW + ABSOLUTE_LIFE


@dataclass
class Row:
    spent_at: datetime | None = None
    successor: str | None = None


class Family(RuleBasedStateMachine):
    """One phone in and out of lifts, and perhaps a thief who copied a token at some time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.held = new_refresh_token()
        self.rows = {self.held: Row()}
        self.revoked = False
        self.sent_at: datetime | None = None
        self.stolen: str | None = None
        self.thief_answered = False
        self.phone_refused = False

    def present(self, token: str) -> str | None:
        row = self.rows[token]
        child = self.rows.get(row.successor) if row.successor else None
        state = RefreshState(
            row.spent_at,
            None if child is None else child.spent_at is not None,
            self.revoked,
            NOW + timedelta(days=9999),
        )
        decision = decide_refresh(state, self.now)
        if decision is RefreshDecision.REVOKE_FAMILY:
            self.revoked = True
        if decision is RefreshDecision.ROTATE:
            row.spent_at, row.successor = self.now, successor_of(token, b"k" * 32)
            self.rows[row.successor] = Row()
        answered = decision in (RefreshDecision.ROTATE, RefreshDecision.REPEAT)
        return row.successor if answered else None

    @rule(seconds=st.integers(1, 120))
    def time_passes(self, seconds: int) -> None:
        waiting = self.sent_at is not None
        self.now += timedelta(seconds=min(seconds, 5) if waiting else seconds)

    @rule(lost=st.booleans())
    def phone_refreshes(self, lost: bool) -> None:
        """After a lost answer the phone tries again within the grace."""
        if self.sent_at is not None and self.now - self.sent_at > GRACE:
            self.now = self.sent_at + GRACE
        answer = self.present(self.held)
        self.phone_refused = self.phone_refused or answer is None
        if answer is None:
            return
        if lost:
            self.sent_at = self.sent_at or self.now
        else:
            self.held, self.sent_at = answer, None

    @precondition(lambda self: self.stolen is None)
    @rule()
    def thief_copies(self) -> None:
        self.stolen = self.held

    @precondition(lambda self: self.stolen is not None)
    @rule()
    def thief_refreshes(self) -> None:
        answer = self.present(str(self.stolen))
        if answer is not None:
            self.stolen, self.thief_answered = answer, True

    @invariant()
    def a_live_family_has_one_unspent_token(self) -> None:
        assert sum(row.spent_at is None for row in self.rows.values()) == 1

    @invariant()
    def a_phone_alone_is_never_signed_out(self) -> None:
        if self.stolen is None:
            assert not self.revoked
            assert not self.phone_refused

    @invariant()
    def phone_and_thief_cannot_both_go_on(self) -> None:
        """Whoever comes second with a spent token ends it for both."""
        if self.phone_refused:
            assert self.revoked


Family.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestFamily = Family.TestCase
