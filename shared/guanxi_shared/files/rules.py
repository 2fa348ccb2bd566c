"""Pure decisions about files: names, checksums, and which part of one is asked for."""

import base64
import binascii
import re
from collections.abc import Mapping
from email.message import Message
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

LONGEST_NAME: Final = 200
HEX_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
EXTENDED_NAME = re.compile(r"filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)
BYTES_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)


class Span(NamedTuple):
    """Bytes from `start` up to and without `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


class NotInFile(ValueError):
    """No byte of the range is in the file."""


class BadChecksum(ValueError):
    """The header that was to hold a checksum does not."""


def file_name(text: str | None) -> str:
    """For people to read: never a path, nothing that turns the line around or hides in it."""
    last = (text or "").replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if char.isprintable()).strip()
    if len(shown) > LONGEST_NAME:
        stem, dot, ending = shown.rpartition(".")
        keeps = bool(dot) and len(ending) <= 20
        tail = f".{ending}" if keeps else ""
        shown = (stem if keeps else shown)[: LONGEST_NAME - len(tail)] + tail
    return shown if shown.strip(".") else "file"


def name_in(header: str | None) -> str | None:
    """The file name of a Content-Disposition header (RFC 6266): `filename*` before `filename`, which
    many clients send as plain UTF-8 (and servers decode as Latin-1)."""
    if not header:
        return None
    if (extended := EXTENDED_NAME.search(header)) is not None:
        return unquote(extended[1], errors="replace")
    message = Message()
    message["content-disposition"] = header
    found = message.get_filename()
    try:
        return None if found is None else found.encode("latin-1").decode()
    except UnicodeError:
        return found


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition that every client reads: ASCII first, UTF-8 beside it (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def wanted_checksum(headers: Mapping[str, str]) -> str | None:
    """The SHA-256 that the sender expects, in hex: Content-Digest (RFC 9530) or X-Checksum-Sha256."""
    given = headers.get("x-checksum-sha256")
    if given is not None:
        if not HEX_DIGEST.fullmatch(given.strip()):
            raise BadChecksum("X-Checksum-Sha256")
        return given.strip().lower()
    return _digest(headers.get("content-digest"))


def _digest(header: str | None) -> str | None:
    for part in (header or "").split(","):
        algorithm, _, value = part.strip().partition("=")
        if algorithm.lower() != "sha-256":
            continue
        try:
            digest = base64.b64decode(value.strip().strip(":"), validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadChecksum("Content-Digest") from error
        if len(digest) != 32:
            raise BadChecksum("Content-Digest")
        return digest.hex()
    return None


def span_of(header: str | None, size: int) -> Span | None:
    """The one range of a Range header (RFC 9110, 14.2). None: send the whole; several ranges and what
    is no range of bytes are passed over, as the RFC allows. NotInFile: 416."""
    found = BYTES_RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or found[1] == found[2] == "":
        return None
    if len(found[1]) > 18 or len(found[2]) > 18:
        raise NotInFile(header)
    if found[1] == "":
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
        if found[2] and int(found[2]) < int(found[1]):
            return None
    if start >= size or end <= start:
        raise NotInFile(header)
    return Span(start, end)


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the caller has these bytes already (weak comparison, RFC 9110, 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return if_none_match.strip() == "*" or etag in tags


def range_still_holds(etag: str, if_range: str | None) -> bool:
    return if_range is None or if_range.strip() == etag
