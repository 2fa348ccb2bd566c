"""Web forms that anybody fills in, without a token: found by their key, limited, read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from starlette.requests import Request

from guanxi_shared.calls import House, house, read_body
from guanxi_shared.errors import Malformed, NotFound, UnsupportedMedia
from guanxi_shared.forwarded import last_forwarded
from guanxi_shared.resources import Resource
from guanxi_shared.web_forms import rules
from guanxi_shared.web_forms.limits import Counted, take_hit

LONGEST_BODY: Final = 65_536
FORM = """
SELECT to_jsonb(f)::text AS form FROM {table} f
WHERE f.organisation_id = $2 AND f.key = $3 AND f.is_active AND f.deleted_at IS NULL
"""
URLENCODED: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    organisation: UUID
    row: Mapping[str, Any]

    @property
    def id(self) -> UUID:
        return UUID(self.row["id"])


async def find_form(here: House, table: str, key: str) -> Form:
    """NotFound for a key that nobody gave out, or whose form is not in use."""
    organisation = rules.organisation_of(key)
    if organisation is not None:
        row = await here.db.fetchrow(organisation, FORM.format(table=table), organisation, key)
        if row is not None:
            return Form(organisation, orjson.loads(row["form"]))
    raise NotFound("There is no such form.")


async def begin_form(request: Request, table: str, counted: Counted, key: str) -> tuple[Form, str]:
    """The form and whose address fills it in, against which it is counted before anything else."""
    here = house(request)
    form = await find_form(here, table, key)
    address = visitor_address(request)
    await take_hit(
        here.db, counted, form.organisation, form.id, rules.counted_as(address),
        hourly_limit=form.row["hourly_limit"],
    )  # fmt: skip
    return form, address


def visitor_address(request: Request) -> str:
    peer = request.client.host if request.client else None
    return rules.address_of(last_forwarded(request), peer)


async def kinds_of(here: House, organisation: UUID, resource: Resource) -> dict[str, str]:
    """The kinds of the organisation's own fields of a resource, by their keys."""
    own = await here.custom_fields.definitions(organisation, resource)
    return {key: definition.kind for key, definition in own.items()}


async def texts_sent(request: Request, form: Form, kinds: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, by its names."""
    several = {form.row["honeypot"], *rules.taking_several(kinds)}
    return rules.texts_of(await read_fields(request, several))


async def read_fields(request: Request, several: Collection[str]) -> Mapping[str, Any]:
    """What was sent by its names; `several` are those whose values count however often they are sent."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await read_body(request, LONGEST_BODY)
    if content_type == URLENCODED:
        try:
            pairs = parse_qsl(
                raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=200
            )
        except ValueError as error:  # not UTF-8, or too many fields
            raise Malformed("The form cannot be read.") from error
        return rules.named_once(pairs, several=several)
    if content_type != "application/json":
        raise UnsupportedMedia(f"Send application/json or {URLENCODED}.")
    try:
        sent = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is not valid JSON: {error}") from error
    if not isinstance(sent, dict):
        raise Malformed("Send an object of fields.")
    return sent
