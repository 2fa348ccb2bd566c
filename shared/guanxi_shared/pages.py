"""What a list is asked for, and the keyset cursor that continues it."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from guanxi_shared import filters
from guanxi_shared import resources as r
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Clock, Condition, Groups
from guanxi_shared.resources import Field, Resource
from guanxi_shared.respelling import Respelt

MAX_LIMIT = 200
ANY_CLOCK = Clock(
    now=datetime.fromtimestamp(0, UTC), zone=ZoneInfo("UTC")
)  # cursors hold no relative dates
DEFAULT_LIMIT = 50
MAX_SORTS = 5
DOCUMENT_KEYS = frozenset(
    {"filter_groups", "query", "sorts", "fields", "include", "limit", "cursor", "total"}
)


@dataclass(frozen=True, slots=True)
class Sort:
    field: Field
    descending: bool


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A checked request for a list; `after` holds the sort values of the last row seen. `within` are
    conditions that hold whatever is asked for: they are the route's, not the caller's. `respelt` is the
    text without its typing mistakes, where a resource knows its words."""

    fields: tuple[str, ...]
    groups: Groups
    sorts: tuple[Sort, ...]
    text: str | None
    limit: int
    after: tuple[Any, ...] | None
    total: bool
    includes: tuple[str, ...]
    is_fuzzy: bool = False
    respelt: Respelt | None = None
    within: tuple[Condition, ...] = ()

    @property
    def is_by_key(self) -> bool:
        """Whether a single key says which records are meant: no more than a few."""
        if (
            len(self.groups) != 1
            or len(self.groups[0]) != 1
            or self.within
            or self.text is not None
        ):
            return False
        asked = self.groups[0][0]
        return asked.field.finds_few and asked.operator == "eq"

    @property
    def signature(self) -> int:
        """Binds a cursor to the sort, filters and text it was made for."""
        parts = (
            [(s.field.name, s.descending) for s in self.sorts],
            [[(c.field.name, c.operator, str(c.asked)) for c in group] for group in self.groups],
            self.text,
        )
        return zlib.crc32(orjson.dumps(parts))


def from_query_string(
    raw: bytes, resource: Resource, fields: Mapping[str, Field], clock: Clock
) -> ListQuery:
    """`?limit=50&sort=-updated_at&revenue[gte]=1000&q=…`; anything unknown is 400 naming it."""
    options, conditions = _split(raw, fields, clock)
    groups: Groups = (tuple(conditions),) if conditions else ()
    return _query(options, groups, resource, fields)


def from_document(
    document: Any, resource: Resource, fields: Mapping[str, Field], clock: Clock
) -> ListQuery:
    """The body of `POST /v1/{resource}/search`."""
    if not isinstance(document, dict):
        raise Malformed("Send a search document: a JSON object.")
    unknown = sorted(set(document) - DOCUMENT_KEYS)
    if unknown:
        raise Malformed(
            f"The search document does not know {unknown[0]!r}.",
            errors=dict.fromkeys(unknown, "Unknown key."),
            code="unknown_parameter",
        )
    groups = filters.groups_from_document(_given(document, "filter_groups", []), fields, clock)
    options = {
        "q": document.get("query"),
        "sort": _joined(document.get("sorts"), "sorts"),
        "fields": _joined(document.get("fields"), "fields"),
        "include": _joined(document.get("include"), "include"),
        "limit": document.get("limit"),
        "cursor": document.get("cursor"),
        "total": document.get("total"),
    }
    return _query({k: v for k, v in options.items() if v is not None}, groups, resource, fields)


def _given(document: Mapping[str, Any], key: str, default: Any) -> Any:
    value = document.get(key)
    return default if value is None else value


def _joined(value: Any, name: str) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    raise Malformed(f"{name} must be a list of words.", errors={name: "Send a list of strings."})


OPTIONS = frozenset({"limit", "cursor", "sort", "fields", "include", "q", "total"})


def query_pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError as error:
        raise Malformed("The query string is not valid UTF-8 or has too many parts.") from error


def _split(
    raw: bytes, fields: Mapping[str, Field], clock: Clock
) -> tuple[dict[str, Any], list[Condition]]:
    options: dict[str, Any] = {}
    wanted: dict[tuple[str, str], list[str]] = {}
    for name, value in query_pairs(raw):
        if name in OPTIONS:
            options[name] = value
            continue
        field, bracket, rest = name.partition("[")
        if bracket and not rest.endswith("]"):
            raise Malformed(
                f"{name!r} lacks its closing bracket.",
                errors={name: "Write field[operator]=value."},
            )
        wanted.setdefault((field, rest[:-1] if bracket else "eq"), []).append(value)
    return options, [_condition(key, values, fields, clock) for key, values in wanted.items()]


def _condition(
    key: tuple[str, str], values: list[str], fields: Mapping[str, Field], clock: Clock
) -> Condition:
    """A repeated `field=value` means any of them; `in` and `nin` also take commas."""
    name, operator = key
    if operator == "eq" and len(values) > 1:
        return filters.condition(name, "in", values, fields, clock)
    if operator in ("in", "nin"):
        items = [part for value in values for part in value.split(",")]
        return filters.condition(name, operator, items, fields, clock)
    if len(values) > 1:
        raise Malformed(f"{name}[{operator}] is given twice.", errors={name: "Send it once."})
    return filters.condition(name, operator, values[0], fields, clock)


def _query(
    options: Mapping[str, Any], groups: Groups, resource: Resource, fields: Mapping[str, Field]
) -> ListQuery:
    text = _text(options.get("q"), resource)
    query = ListQuery(
        fields=_fields(options.get("fields"), resource),
        groups=groups,
        sorts=_sorts(options.get("sort"), resource, fields, has_text=text is not None),
        text=text,
        limit=_limit(options.get("limit", DEFAULT_LIMIT)),
        after=None,
        total=_total(options.get("total", "none")),
        includes=_includes(options.get("include"), resource),
    )
    cursor = options.get("cursor")
    return query if cursor in (None, "") else _continued(query, cursor)


def _text(value: Any, resource: Resource) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not resource.is_searchable:
        raise Malformed(
            f"{resource.name} has no text search.",
            errors={"q": "Not taken here."},
            code="unknown_parameter",
        )
    if not isinstance(value, str) or len(value) > 200 or "\x00" in value:
        raise Malformed(
            "The search text is too long or not text.", errors={"q": "Send at most 200 characters."}
        )
    return value


def _limit(value: Any) -> int:
    try:
        limit = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else 0
    except (ValueError, TypeError):
        limit = 0
    if not 1 <= limit <= MAX_LIMIT:
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    return limit


def _total(value: Any) -> bool:
    if value not in ("none", "exact"):
        raise Malformed("total is none or exact.", errors={"total": "Send none or exact."})
    return bool(value == "exact")


def _names(value: Any, name: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, str):
        raise Malformed(f"{name} must be text.", errors={name: "Send names with commas between."})
    parts = [part.strip() for part in value.split(",")]
    if not all(parts):
        raise Malformed(f"{name} has an empty name.", errors={name: "Send names, or leave it out."})
    return list(dict.fromkeys(parts))


def _fields(value: Any, resource: Resource) -> tuple[str, ...]:
    names = _names(value, "fields")
    if not names:
        return resource.shown
    for name in names:
        if name not in resource.shown:
            raise Malformed(
                f"{resource.name} has no field {name!r}.",
                errors={"fields": f"Unknown field {name!r}."},
                code="unknown_field",
            )
    return tuple(dict.fromkeys(["id", *names]))


def _includes(value: Any, resource: Resource) -> tuple[str, ...]:
    names = _names(value, "include")
    for name in names:
        if name not in resource.includes:
            known = ", ".join(resource.includes) or "nothing"
            raise Malformed(
                f"{resource.name} cannot include {name!r}.",
                errors={"include": f"Unknown {name!r}; here one can include: {known}."},
                code="unknown_include",
            )
    return tuple(names)


def _sorts(
    value: Any, resource: Resource, fields: Mapping[str, Field], *, has_text: bool
) -> tuple[Sort, ...]:
    """The sort asked for, always ended by the id so that no two rows are equal.

    A text search without a sort is ranked, which `reads` does; it is the empty tuple here.
    """
    names = _names(value, "sort")
    if not names and has_text:
        return ()
    if value is not None and value.count(",") >= MAX_SORTS:
        raise Malformed("Sort by at most five fields.", errors={"sort": "Send at most five."})
    sorts = []
    for name in names or [resource.default_sort]:
        field = fields.get(name.removeprefix("-"))
        if field is None or not field.is_sorted:
            raise Malformed(
                f"{resource.name} cannot be sorted by {name!r}.",
                errors={"sort": f"Unknown or unsortable field {name!r}."},
                code="unknown_field",
            )
        sorts.append(Sort(field, name.startswith("-")))
    if not any(sort.field.name == "id" for sort in sorts):
        sorts.append(Sort(fields["id"], sorts[-1].descending))
    return tuple(sorts)


def next_cursor(query: ListQuery, values: Sequence[Any]) -> str:
    """An opaque cursor: what the query was, and where its last row stood."""
    parts = [query.signature, int(query.is_fuzzy), [_plain(value) for value in values]]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _continued(query: ListQuery, cursor: Any) -> ListQuery:
    problem = Malformed(
        "The cursor does not belong to this query; start again without one.",
        errors={"cursor": "Use the next_cursor of the answer before, with the same parameters."},
        code="bad_cursor",
    )
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, fuzzy, values = orjson.loads(decoded)
        kinds = [s.field.kind for s in query.sorts] or [r.NUMBER, r.ID]
        if signature != query.signature or len(values) != len(kinds):
            raise problem
        after = tuple(_restored(kind, value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise problem from error
    return replace(query, after=after, is_fuzzy=bool(fuzzy))


def _restored(kind: str, value: Any) -> Any:
    if value is None:
        return None
    return filters.PARSERS[kind](value, ANY_CLOCK)
