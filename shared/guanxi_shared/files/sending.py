"""Bytes of a file over HTTP: whole or a range, hardened, never shown as a page."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from guanxi_shared import documents, pages
from guanxi_shared.documents import problems, query_parameter
from guanxi_shared.errors import Malformed, RangeNotSatisfiable
from guanxi_shared.files import rules, type_rules
from guanxi_shared.files.rules import NotInFile, Span
from guanxi_shared.files.settings import FileSettings
from guanxi_shared.files.storage import storage_of
from guanxi_shared.reads import Row

OCTETS: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
BYTES: Final[dict[str, Any]] = {"description": "The bytes", "content": {"*/*": OCTETS}}
HARDENED: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-site",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
}
# What OpenAPI says of a route that sends the bytes.
PARAMETERS: Final = (
    query_parameter("disposition", "string", "attachment if absent; inline is for pictures.",
                    enum=["attachment", "inline"]),
    {"name": "Range", "in": "header", "required": False, "schema": {"type": "string"},
     "description": "bytes=0-1023: one range; several are answered with the whole."},
    documents.IF_NONE_MATCH,
)  # fmt: skip
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: BYTES, 206: BYTES, 304: {"description": "You have these bytes."}, **problems(404, 416),
}  # fmt: skip
FindRow = Callable[[], Awaitable[Row]]
FindPlace = Callable[[Row], Awaitable[tuple[str, str]]]


async def send_content(
    request: Request, settings: FileSettings, find: FindRow, place: FindPlace
) -> Response:
    """`find` gives the file as whoever asks sees it, `place` the key and the storage of its bytes."""
    wants_inline = _disposition(request) == "inline"
    row = await find()
    etag = f'"{row["sha256"]}"'
    if rules.is_known(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={**HARDENED, "etag": etag})
    span, status = _span(request, row, etag)
    key, storage = await place(row)
    body = await storage_of(settings, storage).open(key, span)
    headers = {**HARDENED, **_headers_of(row, wants_inline), "etag": etag}
    headers["content-length"] = str(span.size)
    if status == 206:
        headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{row['size']}"
    return StreamingResponse(body, status, headers)


def _span(request: Request, row: Row, etag: str) -> tuple[Span, int]:
    whole = Span(0, row["size"])
    header = request.headers.get("range")
    if header is None or not rules.range_still_holds(etag, request.headers.get("if-range")):
        return whole, 200
    try:
        found = rules.span_of(header, row["size"])
    except NotInFile as error:
        raise RangeNotSatisfiable(
            f"The file has {row['size']} bytes.",
            errors={"Range": "Ask for bytes that are in the file."},
            headers={"Content-Range": f"bytes */{row['size']}"},
        ) from error
    return (whole, 200) if found is None else (found, 206)


def _headers_of(row: Row, wants_inline: bool) -> dict[str, str]:
    """What a browser would run goes out as octets; all but pictures as an attachment."""
    content_type = row["content_type"]
    inline = wants_inline and type_rules.may_be_inline(content_type)
    sent = type_rules.UNKNOWN if type_rules.is_active(content_type) else content_type
    return {
        "content-type": sent,
        "content-disposition": rules.disposition(row["name"], inline=inline),
    }


def _disposition(request: Request) -> str:
    pairs = pages.query_pairs(request.scope["query_string"])
    unknown = next((name for name, _ in pairs if name != "disposition"), None)
    if unknown is not None:
        raise Malformed(
            f"A download does not take {unknown!r}.", errors={unknown: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    found = dict(pairs).get("disposition", "attachment")
    if found not in ("attachment", "inline"):
        raise Malformed(
            "disposition is attachment or inline.", errors={"disposition": "attachment or inline"}
        )
    return found
