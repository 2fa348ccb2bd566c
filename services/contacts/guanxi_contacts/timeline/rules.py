"""What a timeline is asked for, and the cursor that continues it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from guanxi_shared.errors import Malformed
from guanxi_shared.filters import PARSERS, WANTED, Clock
from guanxi_shared.resources import INSTANT

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": ("activity", "standing", "file", "merge", "change", "external"),
    "contacts": ("activity", "file", "consent", "merge", "change", "external"),
}
OPTIONS: Final = ("kind", "limit", "cursor", "from", "to")
DEFAULT_LIMIT, MAX_LIMIT = 50, 200
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
PASSED: Final = re.compile(r"[0-9]{1,18}")
Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Asked:
    """`since` is the first moment shown, `until` the first that is not any more; `after` is the last
    entry of the page before."""

    kinds: tuple[str, ...]
    limit: int = DEFAULT_LIMIT
    after: Place | None = None
    since: datetime | None = None
    until: datetime | None = None


def asked_from(pairs: Sequence[tuple[str, str]], clock: Clock, *, of: str) -> Asked:
    """From a query string; Malformed names the parameter that cannot be read."""
    for name, _ in pairs:
        if name not in OPTIONS:
            raise Malformed(
                f"A timeline does not take {name!r}.",
                errors={name: "Unknown parameter."},
                code="unknown_parameter",
            )
    options = dict(pairs)
    since, until = (_moment(options, name, clock) for name in ("from", "to"))
    if since is not None and until is not None and until <= since:
        raise Malformed("to must come after from.", errors={"to": "Send a time after from."})
    return Asked(
        kinds=_kinds([value for name, value in pairs if name == "kind"], KINDS[of]),
        limit=_limit(options.get("limit")),
        after=place_of(options["cursor"]) if options.get("cursor") else None,
        since=since,
        until=until,
    )


def _kinds(sent: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    words = [word.strip() for value in sent for word in value.split(",")]
    for word in words:
        if word not in known:
            listed = ", ".join(known)
            raise Malformed(
                f"There is no kind {word[:80]!r} here; kinds are {listed}.",
                errors={"kind": f"Send some of: {listed}."},
                code="bad_value",
            )
    return tuple(kind for kind in known if kind in words) if words else known


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if (
        not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)))
        or not 1 <= int(text) <= MAX_LIMIT
    ):
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    return int(text)


def _moment(options: Mapping[str, str], name: str, clock: Clock) -> datetime | None:
    if name not in options:
        return None
    try:
        found: datetime = PARSERS[INSTANT](options[name], clock)
    except (ValueError, OverflowError) as error:
        raise Malformed(
            f"{name} must be a time.", errors={name: f"Send {WANTED[INSTANT]}."}, code="bad_value"
        ) from error
    return found


def cursor_of(at: datetime, entry_id: UUID) -> str:
    """Microseconds since the year 1, and the entry: both orders of a page."""
    return f"{(at - BEGINNING) // MICROSECOND}-{entry_id.hex}"


def place_of(cursor: str) -> Place:
    """The place that `cursor_of` wrote down."""
    passed, _, entry_id = cursor.partition("-")
    try:
        if not PASSED.fullmatch(passed) or len(entry_id) != 32:
            raise ValueError(cursor)
        return BEGINNING + MICROSECOND * int(passed), UUID(hex=entry_id)
    except (ValueError, OverflowError) as error:
        raise Malformed(
            "The cursor does not belong to a timeline.",
            errors={"cursor": "Use the next_cursor of the page before."},
            code="bad_cursor",
        ) from error
