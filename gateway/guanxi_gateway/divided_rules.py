"""Of which resource a request is whose path does not say: by its query, else by its body."""

import re
from urllib.parse import unquote_to_bytes

import orjson

# RFC 7578 and 2046. No expression here goes back and forth: a body comes from outside.
_BOUNDARY = re.compile(rb'; *boundary=(?:"([^"]{1,70})"|([^ ;,"]{1,70}))', re.IGNORECASE)
_NAMES = frozenset({b'name="resource"', b"name=resource"})
_MEMBER = re.compile(rb'"resource"\s*:\s*"([a-z-]{1,64})"')
_WORD = re.compile(rb"[a-z-]{1,64}\Z")


def resource_in_query(query: bytes) -> bytes | None:
    """The value of `resource=`; None without one, or with several or odd ones."""
    parts = [part.partition(b"=")[2] for part in query.split(b"&") if part.startswith(b"resource=")]
    values = {unquote_to_bytes(part) for part in parts}
    found = values.pop() if len(values) == 1 else b""
    return found if _WORD.match(found) else None


def resource_in_body(content_type: bytes, body: bytes, *, is_whole: bool) -> bytes | None:
    """The member or the part `resource` in what has been read of a body; None if it is not there."""
    if content_type.lower().startswith(b"multipart/form-data"):
        return _resource_in_parts(content_type, body)
    if is_whole:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        word = document.get("resource") if isinstance(document, dict) else None
        return word.encode() if isinstance(word, str) and _WORD.match(word.encode()) else None
    member = _MEMBER.search(body)
    return member[1] if member is not None else None


def _resource_in_parts(content_type: bytes, body: bytes) -> bytes | None:
    """The text of the first part of that name that is there to its end."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    for part in body.split(b"--" + (boundary[1] or boundary[2])):
        head, _, rest = part.partition(b"\r\n\r\n")
        if any(_names_it(line) for line in head.split(b"\r\n")):
            word, ended, _ = rest.partition(b"\r\n")
            return word if ended and _WORD.match(word) else None
    return None


def _names_it(line: bytes) -> bool:
    """Whether a header says that its part is the resource."""
    kind, *parameters = (piece.strip() for piece in line.split(b";"))
    is_part = kind.lower().replace(b" ", b"") == b"content-disposition:form-data"
    return is_part and not _NAMES.isdisjoint(parameters)
