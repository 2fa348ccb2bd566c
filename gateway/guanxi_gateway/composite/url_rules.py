"""Which requests a composite takes, and which of them can be undone."""

from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from guanxi_gateway import routes

Kind = Literal["read", "create", "change", "delete", "act"]

# Records with a DELETE under If-Match, a restore, a PATCH and a history: what was done to them is undone by
# these. A test holds the list against the services' own documents.
UNDOABLE: Final = frozenset(
    {"accounts", "contacts", "activities", "segments", "campaigns", "leads", "opportunities", "orders", "pipelines",
     "price-books", "products", "invoices", "payments", "quotas", "quotes", "territories", "exchange-rates", "agents", "article-categories",
     "articles", "entitlements", "macros", "queues", "root-causes", "surveys", "tickets"}
)  # fmt: skip
NOT_JSON: Final = frozenset({b"imports", b"exports", b"files", b"fields", b"views", b"public"})
ENDINGS: Final = (
    "/files",
    "/content",
    "/snapshot",
    "/export",
    ".csv",
    ".ics",
    ".vcf",
    ".pdf",
    ".xlsx",
    ".png",
)
LONGEST: Final = 2_000
READING: Final = ("/search",)


class NotTaken(ValueError):
    """The address is none that a composite takes; the text says why."""


def service_of(url: str) -> str:
    """The service that answers. NotTaken for what is not a JSON resource of one of the services."""
    if len(url) > LONGEST or not (url.isascii() and url.isprintable()) or " " in url or "#" in url:
        raise NotTaken("An address is up to 2,000 printable ASCII characters, percent-encoded.")
    path = urlsplit(url).path
    if not url.startswith("/v1/") or not path.startswith("/v1/"):
        raise NotTaken("Addresses begin with /v1/ and name no host.")
    raw = path.encode()
    if routes.is_ambiguous(raw):
        raise NotTaken("The path is ambiguous: no dot segments, `//` or encoded separators.")
    word = raw[4:].partition(b"/")[0]
    service = routes.service_for(word, raw)
    if service is None:
        raise NotTaken("There is nothing at this path.")
    if service == routes.OWN:
        raise NotTaken("A composite takes records of the services, nothing of the gateway's own.")
    if word in NOT_JSON or path.endswith(ENDINGS) or routes.is_secret(raw):
        raise NotTaken(
            "A composite takes JSON records: no files, streams, imports or public pages."
        )
    return service


def record_of(url: str) -> tuple[str, str] | None:
    """`/v1/{word}/{id}` as its two parts; None for every other path."""
    parts = urlsplit(url).path.split("/")
    if len(parts) != 4 or parts[2] not in UNDOABLE:
        return None
    try:
        return parts[2], str(UUID(parts[3]))
    except ValueError:
        return None


def kind_of(method: str, url: str) -> Kind:
    """What a request does to records, as far as it can be undone; `act` is everything else that writes. An
    address with references in it counts by its shape: a reference is always one piece of it."""
    path = urlsplit(url).path
    parts = path.split("/")
    if method == "GET" or (method == "POST" and path.endswith(READING)):
        return "read"
    is_known = len(parts) > 2 and parts[2] in UNDOABLE
    if is_known and len(parts) == 3 and method == "POST":
        return "create"
    if is_known and len(parts) == 4 and method in ("PATCH", "DELETE"):
        return "change" if method == "PATCH" else "delete"
    return "act"


def permission_of(kind: Kind, url: str) -> str | None:
    """What the caller needs at least, where that can be told from the address."""
    action = {"create": "create", "change": "update", "delete": "delete"}.get(kind)
    return f"{urlsplit(url).path.split('/')[2]}:{action}" if action else None
