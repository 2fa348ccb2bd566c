"""What a file is: by its first bytes, never by what its sender says of it."""

from collections.abc import Sequence
from typing import Final

import puremagic

SNIFFED_BYTES: Final = 8_192
UNKNOWN: Final = "application/octet-stream"
PLAIN: Final = "text/plain"
ZIP, OLE = "application/zip", "application/x-ole-storage"

# Pictures that a browser only ever draws. Not SVG, which is a document with scripts.
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# What a browser would run or follow, if somebody got it to open it as what it is.
ACTIVE: Final = (
    "html",
    "xml",
    "svg",
    "javascript",
    "ecmascript",
    "wasm",
    "x-shockwave-flash",
    "hta",
)

EXECUTABLES: Final = (
    (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
)
MARKUP: Final = (
    (b"<svg", "image/svg+xml"), (b"<html", "text/html"), (b"<!doctype html", "text/html"),
    (b"<?xml", "application/xml"),
)  # fmt: skip
# Formats that may be written in plain characters.
WRITTEN: Final = (
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
)
# Containers: what is inside decides, and the sender may say that it is one of these.
INSIDE: Final = {
    ZIP: (
        "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.",
        "application/epub+zip", "application/vnd.ms-",
    ),
    OLE: ("application/msword", "application/vnd.ms-", "application/vnd.visio"),
}  # fmt: skip
PLAIN_KINDS: Final = (
    "text/csv", "text/markdown", "text/calendar", "text/vcard", "text/tab-separated-values",
    "application/json", "application/x-ndjson", "message/rfc822",
)  # fmt: skip


def stored_type(head: bytes, declared: str | None) -> str:
    """The type a file is kept under: what the bytes say; the sender's word only where it does not
    contradict them and makes nothing of the file that a browser would show or run."""
    sniffed = sniffed_type(head)
    said = essence(declared)
    if sniffed in INSIDE:
        return said if said.startswith(INSIDE[sniffed]) else sniffed
    if sniffed == PLAIN:
        return said if said in PLAIN_KINDS or is_active(said) else PLAIN
    if sniffed != UNKNOWN:
        return sniffed
    is_claim = said in PICTURES or said.startswith(("text/", "image/"))
    return UNKNOWN if not said or is_claim else said


def sniffed_type(head: bytes) -> str:
    """By signature; text when it reads as text; octets when nobody knows."""
    if not head:
        return PLAIN
    for known in (EXECUTABLES, WRITTEN):
        if found := next((type_ for magic, type_ in known if head.startswith(magic)), None):
            return found
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return "application/x-msdownload"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ZIP
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return OLE
    if reads_as_text(head):
        return _markup(head) or PLAIN
    try:
        found = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    return essence(found) or UNKNOWN


def reads_as_text(head: bytes) -> bool:
    """UTF-8 or GB18030 without control characters; the last character may be cut off."""
    if any(byte < 32 and byte not in b"\t\n\r\x0c\x1b" for byte in head):
        return False
    return any(_decodes(head, encoding) for encoding in ("utf-8", "gb18030"))


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError as error:
        return len(head) == SNIFFED_BYTES and error.start >= len(head) - 4
    return True


def _markup(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith(b"<"):
        return None
    return next((type_ for tag, type_ in MARKUP if tag in text[:1024]), "text/html")


def essence(declared: str | None) -> str:
    """`text/HTML; charset=x` as `text/html`; empty for what is no media type."""
    found = (declared or "").partition(";")[0].strip().lower()
    main, _, rest = found.partition("/")
    is_one = bool(main and rest) and found.isascii() and found.isprintable() and " " not in found
    return found[:100] if is_one else ""


def is_active(content_type: str) -> bool:
    return any(word in content_type for word in ACTIVE)


def may_be_inline(content_type: str) -> bool:
    return content_type in PICTURES


def is_allowed(content_type: str, *, allowed: Sequence[str], denied: Sequence[str]) -> bool:
    """`image/*` and the like; nothing allowed by name means everything is, but for the denied."""
    if any(_covers(pattern, content_type) for pattern in denied):
        return False
    return not allowed or any(_covers(pattern, content_type) for pattern in allowed)


def _covers(pattern: str, content_type: str) -> bool:
    if pattern.endswith("/*"):
        return content_type.startswith(pattern[:-1])
    return pattern in (content_type, "*")
