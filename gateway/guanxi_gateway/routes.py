"""Which service answers which path: one look-up of the segment after `/v1/`, no patterns.

What is not listed does not exist. A resource moves between services by moving its word here.
"""

from collections.abc import Mapping
from typing import Final

OWN: Final = "gateway"

RESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    OWN: (
        "auth", "oauth", "me", "organisation", "organisations", "users", "teams", "roles", "shares",
        "api-keys", "oauth-clients", "invitations", "sessions", "audit", "directory", "events",
        "webhooks", "sync", "devices", "composite", "customers", "system", "gateway", "snapshot",
    ),
    "contacts": (
        "accounts", "contacts", "activities", "calendar", "files", "segments", "campaigns", "pools",
        "fields", "imports", "exports", "merges", "views", "search",
    ),
    "pipeline": (
        "pipeline", "leads", "pipelines", "opportunities", "products", "price-books", "quotes",
        "orders", "contracts", "invoices", "payments", "forecasts", "quotas", "territories",
        "commissions", "exchange-rates", "public",
    ),
    "tickets": (
        "tickets", "ticket-comments", "ticket-notes", "macros", "queues", "sla-policies", "sla-alerts", "business-calendars", "articles", "article-categories", "surveys",
        "assets",
        "entitlements", "work-orders", "agents", "survey-invitations", "survey-answers",
        "complaints", "coordination-tasks", "corrective-actions", "root-causes",
    ),
    "analytics": ("analytics",),
}  # fmt: skip

# Answered by several services, each for its own resources; the first where nothing says whose.
DIVIDED: Final[Mapping[bytes, tuple[str, ...]]] = dict.fromkeys(
    (b"imports", b"exports", b"fields", b"views"), ("contacts", "pipeline", "tickets")
)
# What is asked to find out who knows an id, where the record itself may be deleted and come back.
KNOWN_BY: Final[Mapping[bytes, str]] = {b"views": "/history?limit=1"}

# What such a path takes as a resource, where that is a part of another one's paths.
PARTS: Final[Mapping[bytes, str]] = {b"stock-reports": "pipeline"}

# Looked for in every service: whoever knows the id answers.
EVERYWHERE: Final = frozenset({b"jobs"})

SERVICE_OF: Final[Mapping[bytes, str]] = {
    word.encode(): service for service, words in RESOURCES.items() for word in words
}

# Outside `/v1`, all answered by the gateway itself; `/internal` demands a service's token.
ROOTS: Final = frozenset(
    {b"health", b"metrics", b"docs", b"redoc", b"openapi.json", b"static-offline-docs",
     b".well-known", b"oauth", b"internal"}
)  # fmt: skip

# What the gateway asks itself, past the door: no limit and no ended session would be noticed there.
INSIDE: Final = b"/internal/own"

# Bodies that are files, read by the service as they arrive.
UPLOADS: Final = frozenset({b"imports", b"files"})
UPLOAD_ENDING: Final = b"/files"  # of a record: `/v1/tickets/{id}/files`
FORMS_WITH_FILES: Final = b"/v1/public/ticket-forms/"
RESUMED: Final = b"/v1/tickets/uploads"  # those of contacts are among its files

# Slow by nature: they get the long deadline.
LONG: Final = frozenset({b"imports", b"exports", b"files", b"merges", b"analytics", b"jobs"})
LONG_ENDINGS: Final = (b"/batch", b"/snapshot", b"/export", b"/files", b"/content")


def takes_files(word: bytes, raw_path: bytes) -> bool:
    """Whether a path takes bodies as long as files are."""
    return (
        word in UPLOADS
        or raw_path.endswith(UPLOAD_ENDING)
        or raw_path.startswith((FORMS_WITH_FILES, RESUMED))
    )


def is_long(word: bytes, raw_path: bytes) -> bool:
    return word in LONG or raw_path.endswith(LONG_ENDINGS) or raw_path.startswith(RESUMED)


# Costs in a limit's units of reading what takes more than a look-up.
DEAR_READS: Final[Mapping[bytes, int]] = {b"search": 5, b"analytics": 5}


# What another service than an account's own tells of it: `/v1/accounts/{id}/purchases`.
TOLD_OF_ACCOUNTS: Final[Mapping[bytes, str]] = {b"purchases": "pipeline", b"stock": "pipeline"}


# What is public and not of the service that most of it is: `/v1/public/portal/…`.
PUBLIC_OF: Final[Mapping[bytes, str]] = dict.fromkeys(
    (b"ticket-forms", b"portal", b"surveys"), "tickets"
)


def service_for(word: bytes, raw_path: bytes = b"") -> str | None:
    """The service of `/v1/{word}/…`; None for what nobody serves."""
    if word == b"public" and raw_path.startswith(PUBLIC):
        told = PUBLIC_OF.get(raw_path[len(PUBLIC) :].partition(b"/")[0])
        if told is not None:
            return told
    if word == b"accounts" and raw_path.count(b"/") == 4:
        told = TOLD_OF_ACCOUNTS.get(raw_path.rpartition(b"/")[2])
        if told is not None:
            return told
    return SERVICE_OF.get(word)


# Paths that are a secret themselves, read without a token: `/v1/calendar/feeds/{secret}.ics`.
SECRET_PATH: Final = (b"/v1/calendar/feeds/", b".ics")


def is_secret(raw_path: bytes) -> bool:
    """Whether whoever knows the path may read it; it is not to stand in a log."""
    head, tail = SECRET_PATH
    return raw_path.startswith(head) and raw_path.endswith(tail)


# For whoever has the address, written to as well: a form on a website, a quote that a customer accepts.
PUBLIC: Final = b"/v1/public/"


def is_public(raw_path: bytes) -> bool:
    return raw_path.startswith(PUBLIC)


def shown(path: str) -> str:
    """A path as a log may keep it."""
    for open_path, known in ((SECRET_PATH[0], is_secret), (PUBLIC, is_public)):
        if known(path.encode()):
            return f"{open_path.decode()}…"
    return path


def is_ambiguous(raw_path: bytes) -> bool:
    """Whether two readers could see two different paths in it: the gateway routes by what is
    written, a service by what it decodes, so dot segments, empty segments and encoded separators
    are refused instead of being guessed at."""
    if b"//" in raw_path or b"\\" in raw_path:
        return True
    if b"/." in raw_path and any(part in (b".", b"..") for part in raw_path.split(b"/")):
        return True
    if b"%" not in raw_path:
        return False
    lowered = raw_path.lower()
    return any(code in lowered for code in (b"%2f", b"%5c", b"%2e", b"%00"))
