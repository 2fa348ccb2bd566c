"""Who may do what: `resource:action` patterns, the built-in roles, and granting within limits.

A pattern's halves may each be `*`. Patterns stay patterns in tokens: a manager's full list would
be two kilobytes in every request.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from guanxi_gateway.identity.tree_rules import LEVELS

ACTIONS = ("read", "create", "update", "delete")
EXTRA_ACTIONS = ("erase", "assign", "approve")
ANY = "*"

CUSTOMERS = ("accounts", "contacts", "activities", "calendar", "files")
OUTREACH = ("segments", "campaigns", "pools")
DATA_WORK = ("fields", "imports", "exports", "merges", "views")
SALES = (
    "leads", "pipelines", "opportunities", "products", "price-books", "quotes", "orders",
    "contracts", "invoices", "payments", "forecasts", "quotas", "territories", "commissions",
    "exchange-rates",
)  # fmt: skip
SERVICE = (
    "tickets", "ticket-notes", "macros", "queues", "sla-policies", "business-calendars", "articles", "internal-articles",
    "partner-articles", "surveys", "assets",
    "survey-invitations", "entitlements", "work-orders", "agents", "coordination-tasks", "root-causes",
)  # fmt: skip
INSIGHT = ("analytics", "reports", "search", "events", "jobs", "sync", "devices")
ADMINISTRATION = (
    "organisation", "users", "teams", "roles", "api-keys", "oauth-clients", "shares", "audit",
    "system", "webhooks", "records",
)  # fmt: skip

# Nobody's own: whoever may read the resource at all reads every record of it.
OWNERLESS = (
    "organisation", "users", "teams", "roles", "oauth-clients", "fields", "pipelines",
    "products", "price-books", "exchange-rates", "queues", "sla-policies", "business-calendars", "root-causes", "surveys",
)  # fmt: skip

RESOURCES = frozenset(
    [*CUSTOMERS, *OUTREACH, *DATA_WORK, *SALES, *SERVICE, *INSIGHT, *ADMINISTRATION]
)


@dataclass(frozen=True, slots=True)
class RoleRule:
    """`visibility` maps a resource, or `*` for the rest, to own, team, subtree or all."""

    permissions: tuple[str, ...]
    visibility: Mapping[str, str]


def _may(actions: str, *resources: str) -> list[str]:
    """`_may("rcu", "leads")`: first letters of the four actions, or `*`."""
    if actions == ANY:
        return [f"{resource}:{ANY}" for resource in resources]
    named = [action for action in ACTIONS if action[0] in actions]
    return [f"{resource}:{action}" for resource in resources for action in named]


_READS = [
    *_may("r", "search", "events", "users", "teams", "fields", "views", "products", "price-books"),
    *_may("r", "pipelines", "exchange-rates", "queues", "sla-policies", "business-calendars"),
    *_may(
        "r", "articles", "internal-articles", "partner-articles", "jobs", "root-causes", "reports"
    ),
]
_EVERYONE = [*_READS, *_may("cud", "views", "reports")]
_FIELD_WORK = [*_may("rcu", "sync"), *_may("rcd", "devices")]
_OWN_KEYS = _may("rcd", "api-keys")

BUILT_IN: dict[str, RoleRule] = {
    "admin": RoleRule(("*:*",), {ANY: "all"}),
    "manager": RoleRule(
        (
            *_EVERYONE,
            *_FIELD_WORK,
            *_OWN_KEYS,
            *_may(ANY, *CUSTOMERS, *OUTREACH, "imports", "exports", "merges", "shares", "jobs"),
            *_may(ANY, *(name for name in SALES if name != "exchange-rates")),
            *_may("rcu", *SERVICE),
            *_may("d", "macros", "queues", "agents", "articles"),
            "articles:approve",
            *_may("r", "analytics", "roles", "webhooks"),
        ),
        {ANY: "subtree"},
    ),
    "sales": RoleRule(
        (
            *_EVERYONE,
            *_FIELD_WORK,
            *_OWN_KEYS,
            *_may("rcud", *CUSTOMERS, "leads", "opportunities", "quotes"),
            *_may("rcu", "orders", "contracts", "invoices", "forecasts"),
            *_may("rc", "imports", "exports", "merges", "shares", "tickets", "ticket-notes"),
            *_may("r", "segments", "campaigns", "payments", "quotas", "territories"),
            *_may("r", "commissions", "assets", "entitlements", "analytics", "macros"),
            *_may("ru", "pools", "coordination-tasks"),
            *_may("cu", "jobs"),
        ),
        {ANY: "own"},
    ),
    "agent": RoleRule(
        (
            *_EVERYONE,
            *_FIELD_WORK,
            *_OWN_KEYS,
            *_may(
                "rcud",
                "tickets",
                "ticket-notes",
                "macros",
                "work-orders",
                "files",
                "activities",
                "calendar",
            ),
            *_may("rcu", "contacts", "articles", "surveys", "assets"),
            *_may("ru", "accounts", "coordination-tasks"),
            *_may("rc", "exports", "shares"),
            *_may("r", "entitlements", "orders", "analytics", "agents", "survey-invitations"),
        ),
        {
            ANY: "team",
            "accounts": "all",
            "contacts": "all",
            "assets": "all",
            "orders": "all",
            "entitlements": "all",
        },
    ),
    "marketer": RoleRule(
        (
            *_EVERYONE,
            *_OWN_KEYS,
            *_may(ANY, "segments", "campaigns", "surveys", "survey-invitations"),
            *_may("rcu", "accounts", "contacts", "leads", "activities", "files", "pools"),
            *_may("rcud", "imports", "exports"),
            *_may("r", "calendar", "opportunities", "orders", "analytics"),
            *_may("cu", "jobs"),
            *_may("ru", "coordination-tasks"),
        ),
        {
            ANY: "all",
            "coordination-tasks": "own",
            "activities": "team",
            "calendar": "team",
            "opportunities": "team",
            "api-keys": "own",
        },
    ),
    "analyst": RoleRule(
        (
            *_EVERYONE,
            *_OWN_KEYS,
            *_may("r", *CUSTOMERS, *OUTREACH, *SALES, *SERVICE),
            *_may(ANY, "analytics", "exports", "segments", "jobs"),
        ),
        {ANY: "all", "api-keys": "own"},
    ),
    "partner": RoleRule(
        (
            *_may("r", "search", "fields", "products", "events", "articles", "partner-articles"),
            *_may("rcu", "accounts", "contacts", "activities", "leads", "opportunities"),
            *_may("rc", "files", "tickets"),
            *_may("r", "quotes", "orders"),
        ),
        {ANY: "own"},
    ),
    "read-only": RoleRule(
        (*_READS, *_may("r", *CUSTOMERS, *OUTREACH, *SALES, *SERVICE, "analytics")),
        {ANY: "team"},
    ),
}


def allows(permissions: Collection[str], needed: str) -> bool:
    """Whether one of the patterns covers `resource:action`; `needed` may itself be a pattern."""
    resource, _, action = needed.partition(":")
    candidates = {needed, f"{resource}:{ANY}", f"{ANY}:{action}", f"{ANY}:{ANY}"}
    return not candidates.isdisjoint(permissions)


def unknown_patterns(wanted: Collection[str]) -> list[str]:
    """Those naming a resource or action that does not exist: a typing mistake, or a guess."""
    return sorted(pattern for pattern in wanted if not _is_known(pattern))


def beyond(wanted: Collection[str], held: Collection[str]) -> list[str]:
    """The part of `wanted` that somebody holding `held` may not give away."""
    return sorted(pattern for pattern in wanted if not allows(held, pattern))


def narrowed(granted: Collection[str], held: Collection[str]) -> tuple[str, ...]:
    """What both allow: a key or consent never exceeds its owner's role as it is today."""
    met = {_meet(one, other) for one in granted for other in held}
    return tuple(sorted(_minimal({pattern for pattern in met if pattern is not None})))


def visibility_of(visibility: Mapping[str, str], resource: str) -> str:
    """`own` for a resource the map forgets: silence never widens."""
    return visibility.get(resource) or visibility.get(ANY) or "own"


def token_visibility(visibility: Mapping[str, str]) -> dict[str, str]:
    """The role's map, with `all` for what has no owner: a price list is not anybody's own."""
    if visibility.get(ANY) == "all":
        return dict(visibility)
    return {**dict.fromkeys(OWNERLESS, "all"), "api-keys": "own", "devices": "own", **visibility}


def unknown_visibility(wanted: Mapping[str, str]) -> list[str]:
    return sorted(
        resource
        for resource, level in wanted.items()
        if level not in LEVELS or (resource != ANY and resource not in RESOURCES)
    )


def wider_visibility(wanted: Mapping[str, str], held: Mapping[str, str]) -> list[str]:
    """Resources in which `wanted` sees more than `held`; compared over every resource, since a
    missing entry falls back to the map's `*`."""
    return sorted(
        resource
        for resource in RESOURCES
        if LEVELS[visibility_of(wanted, resource)] > LEVELS[visibility_of(held, resource)]
    )


def widest_level(visibility: Mapping[str, str]) -> str:
    """The widest level short of `all`, which needs no list of people."""
    listed = [level for level in visibility.values() if level != "all"]
    return max(listed, key=lambda level: LEVELS[level], default="own")


def _is_known(pattern: str) -> bool:
    resource, separator, action = pattern.partition(":")
    known_action = action == ANY or action in ACTIONS or action in EXTRA_ACTIONS
    return bool(separator) and known_action and (resource == ANY or resource in RESOURCES)


def _meet(one: str, other: str) -> str | None:
    halves = zip(one.split(":"), other.split(":"), strict=True)
    met = [_meet_half(left, right) for left, right in halves]
    return None if None in met else ":".join(half for half in met if half)


def _meet_half(left: str, right: str) -> str | None:
    if left == ANY:
        return right
    return left if right in (left, ANY) else None


def _minimal(patterns: set[str]) -> set[str]:
    """Without those that another pattern of the set already covers."""
    return {one for one in patterns if not allows(patterns - {one}, one)}
