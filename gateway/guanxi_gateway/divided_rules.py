"""Of which resource a request is whose path does not say: by its query, else by its body."""

import re
from urllib.parse import unquote_to_bytes

import orjson

# RFC 7578: a part named resource, whatever other headers it has.
_PART = re.compile(
    rb'content-disposition: *form-data;[^\r\n]*\bname="?resource"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([a-z-]{1,64})\r\n',
    re.IGNORECASE,
)
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
        found = _PART.search(body)
        return found[1] if found is not None else None
    if is_whole:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        word = document.get("resource") if isinstance(document, dict) else None
        return word.encode() if isinstance(word, str) and _WORD.match(word.encode()) else None
    member = _MEMBER.search(body)
    return member[1] if member is not None else None
