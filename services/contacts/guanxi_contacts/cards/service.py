"""Accounts and contacts as cards of an address book: what a list, a search or one record shows as JSON."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from guanxi_contacts.cards import rules
from guanxi_contacts.exports.tables import TABLES
from guanxi_shared import pages, reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import ListQuery
from guanxi_shared.resources import Resource
from guanxi_shared.survivors import get_or_redirect
from guanxi_shared.tables.vcard_writer import VcardWriter, Version

NEXT = "x-next-cursor"


def wanted(call: Call) -> Version | None:
    """Which cards the caller would rather have than JSON."""
    accept = call.request.headers.get("accept", "")
    return rules.wanted_version(accept) if "vcard" in accept.lower() else None


async def list_records(call: Call, resource: Resource) -> Response:
    if (version := wanted(call)) is None:
        return await reads.list_records(call, resource)
    fields = await reads.all_fields(call, resource)
    raw: bytes = call.request.scope["query_string"]
    query = pages.from_query_string(raw, resource, fields, call.clock)
    return await _page(call, resource, query, version)


async def search_records(call: Call, resource: Resource) -> Response:
    if (version := wanted(call)) is None:
        return await reads.search_records(call, resource)
    fields = await reads.all_fields(call, resource)
    query = pages.from_document(await call.json(), resource, fields, call.clock)
    return await _page(call, resource, query, version)


async def get_record(call: Call, resource: Resource, id_text: str) -> Response:
    """As JSON or as a card; 308 to what it was merged into."""
    if (version := wanted(call)) is not None:
        try:
            row = await reads.find_record(call, resource, id_in_path(id_text))
            return await _answer(call, [row], version, {})
        except NotFound:
            pass  # said below, or where it went
    return await get_or_redirect(call, resource, id_text)


async def _page(call: Call, resource: Resource, query: ListQuery, version: Version) -> Response:
    """A card is whole, and has neither a total nor what JSON includes beside a record."""
    query = replace(query, fields=tuple(resource.shown), includes=(), total=False)
    rows, following, _ = await reads.page_of(call, resource, await reads.prepared(call, query))
    headers = {} if following is None else {NEXT: following}
    if following is not None and call.request.method == "GET":
        headers["link"] = f'<{reads.next_url(call.request.scope, following)}>; rel="next"'
    return await _answer(call, rows, version, headers)


async def _answer(
    call: Call, rows: Sequence[dict[str, Any]], version: Version, headers: dict[str, str]
) -> Response:
    look_up = await TABLES.looking_up(call)
    names = await look_up(rows)
    body = await asyncio.to_thread(_written, rows, names, version)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers |= {"etag": etag, "vary": "accept", "cache-control": "private, no-cache"}
    if call.request.method == "GET" and etag in call.request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    kind = f"{VcardWriter.content_type}; version={version}"
    return Response(body, headers=headers | {"content-type": kind})


def _written(rows: Sequence[dict[str, Any]], names: Any, version: Version) -> bytes:
    assert TABLES.card is not None
    return VcardWriter(version=version).rows([TABLES.card(row, names) for row in rows])
