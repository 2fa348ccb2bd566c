import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_gateway.identity.permission_rules import (
    ACTIONS,
    ADMINISTRATION,
    BUILT_IN,
    RESOURCES,
    allows,
    beyond,
    narrowed,
    unknown_patterns,
    unknown_visibility,
    visibility_of,
    wider_visibility,
    widest_level,
)

ROLES = ["admin", "manager", "sales", "agent", "marketer", "analyst", "partner", "read-only"]
SMALL = [f"{r}:{a}" for r, a in itertools.product(["a", "b", "*"], ["read", "update", "*"])]
CONCRETE = [f"{r}:{a}" for r, a in itertools.product(["a", "b", "c"], ["read", "update", "x"])]
PATTERNS = st.frozensets(st.sampled_from(SMALL), max_size=5)


def test_the_eight_roles_of_the_design_exist_and_name_only_what_exists() -> None:
    assert list(BUILT_IN) == ROLES
    for name, rule in BUILT_IN.items():
        assert unknown_patterns(rule.permissions) == [], name
        assert unknown_visibility(rule.visibility) == [], name


@pytest.mark.parametrize(
    ("role", "permission", "expected"),
    [
        ("admin", "system:read", True),
        ("manager", "accounts:delete", True),
        ("manager", "users:update", False),
        ("manager", "audit:read", False),
        ("sales", "accounts:create", True),
        ("sales", "exports:create", True),
        ("sales", "campaigns:update", False),
        ("sales", "sync:read", True),
        ("sales", "invoices:create", True),
        ("sales", "invoices:delete", False),
        ("sales", "payments:read", True),
        ("sales", "payments:create", False),
        ("manager", "payments:delete", True),
        ("agent", "tickets:update", True),
        ("agent", "opportunities:read", False),
        ("marketer", "campaigns:delete", True),
        ("marketer", "orders:update", False),
        ("analyst", "invoices:read", True),
        ("analyst", "invoices:update", False),
        ("partner", "leads:create", True),
        ("partner", "users:read", False),
        ("read-only", "accounts:read", True),
        ("read-only", "accounts:update", False),
    ],
)
def test_roles_permit_what_their_work_needs(role: str, permission: str, expected: bool) -> None:
    assert allows(BUILT_IN[role].permissions, permission) is expected


def test_only_admin_writes_to_administration() -> None:
    own_affairs = {"api-keys", "shares"}
    for name, rule in BUILT_IN.items():
        writes = [
            f"{resource}:{action}"
            for resource in set(ADMINISTRATION) - own_affairs
            for action in ACTIONS[1:]
            if allows(rule.permissions, f"{resource}:{action}")
        ]
        assert bool(writes) is (name == "admin"), (name, writes)


def test_read_only_and_analyst_change_no_business_record() -> None:
    for role in ("read-only", "partner"):
        assert not any(allows(BUILT_IN[role].permissions, f"{r}:delete") for r in RESOURCES)
    assert all(":read" in item for item in BUILT_IN["read-only"].permissions)


@pytest.mark.parametrize(
    "pattern", ["accounts", "accounts:", ":read", "acounts:read", "accounts:reed", "a:b:c", ""]
)
def test_a_misspelt_permission_is_named(pattern: str) -> None:
    assert unknown_patterns([pattern, "accounts:read", "*:*"]) == [pattern]


def covered(patterns: frozenset[str] | tuple[str, ...]) -> set[str]:
    """The concrete permissions, by spelling every one out."""
    found = set()
    for pattern, concrete in itertools.product(patterns, CONCRETE):
        (r, a), (cr, ca) = pattern.split(":"), concrete.split(":")
        if r in ("*", cr) and a in ("*", ca):
            found.add(concrete)
    return found


@settings(max_examples=200)
@given(PATTERNS, st.sampled_from(CONCRETE))
def test_allowing_equals_spelling_every_permission_out(held: frozenset[str], one: str) -> None:
    assert allows(held, one) is (one in covered(held))


@settings(max_examples=200)
@given(PATTERNS, PATTERNS)
def test_nothing_can_be_granted_beyond_the_granters_own(
    wanted: frozenset[str], held: frozenset[str]
) -> None:
    if not beyond(wanted, held):
        assert covered(wanted) <= covered(held)


@settings(max_examples=200)
@given(PATTERNS, PATTERNS)
def test_a_narrowed_grant_is_exactly_what_both_allow(
    granted: frozenset[str], held: frozenset[str]
) -> None:
    assert covered(narrowed(granted, held)) == covered(granted) & covered(held)


def test_an_admin_may_grant_anything_and_sales_not_even_a_wildcard_of_its_own_kind() -> None:
    assert beyond(["*:*", "audit:read"], BUILT_IN["admin"].permissions) == []
    assert beyond(["accounts:*"], BUILT_IN["sales"].permissions) == ["accounts:*"]
    assert beyond(["accounts:read"], BUILT_IN["sales"].permissions) == []


def test_silence_about_a_resource_never_widens_what_is_seen() -> None:
    assert visibility_of({}, "accounts") == "own"
    assert visibility_of({"*": "team"}, "accounts") == "team"
    assert visibility_of({"*": "team", "accounts": "all"}, "accounts") == "all"


def test_visibility_wider_than_the_granters_is_named_per_resource() -> None:
    assert wider_visibility({"*": "own"}, {"*": "subtree"}) == []
    assert wider_visibility({"*": "own", "leads": "all"}, {"*": "subtree"}) == ["leads"]
    assert wider_visibility({"*": "subtree"}, {"*": "subtree", "leads": "own"}) == ["leads"]


def test_unknown_levels_and_resources_are_named() -> None:
    found = unknown_visibility({"*": "everything", "leads": "own", "leds": "own"})
    assert found == ["*", "leds"]


@pytest.mark.parametrize(
    ("visibility", "level"),
    [
        ({}, "own"),
        ({"*": "all"}, "own"),
        ({"*": "all", "leads": "team"}, "team"),
        ({"*": "subtree"}, "subtree"),
    ],
)
def test_all_needs_no_list_of_people(visibility: dict[str, str], level: str) -> None:
    assert widest_level(visibility) == level
