"""What the headers of tus 1.0 say (https://tus.io/protocols/resumable-upload), read without trusting them."""

import base64
import binascii
from collections.abc import Mapping
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,expiration,checksum,termination"
ALGORITHMS: Final[Mapping[str, int]] = {"sha1": 20, "sha256": 32, "md5": 16}  # and their bytes
CONTENT_TYPE: Final = "application/offset+octet-stream"
LONGEST_METADATA: Final = 8_192


class BadHeader(ValueError):
    """A header that says nothing usable: its name, and a sentence."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(name, sentence)
        self.name = name
        self.sentence = sentence


class Checksum(NamedTuple):
    """Of the bytes of one PATCH."""

    algorithm: str
    digest: bytes


def number_in(name: str, text: str | None) -> int:
    """Upload-Length or Upload-Offset: a plain count of bytes."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise BadHeader(name, "Send a number of bytes.")
    return int(text)


def metadata_in(header: str | None) -> dict[str, str]:
    """`filename 5ZCI5ZCMLnBkZg==,id …`: keys once each, values in Base64, which may be left out."""
    found: dict[str, str] = {}
    if len(header or "") > LONGEST_METADATA:
        raise BadHeader("Upload-Metadata", f"Send at most {LONGEST_METADATA} characters.")
    for pair in (header or "").split(","):
        key, _, value = pair.strip().partition(" ")
        if not key and not pair.strip():
            continue
        if key in found:
            raise BadHeader("Upload-Metadata", f"Send {key[:60]!r} once.")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise BadHeader("Upload-Metadata", f"{key[:60]!r} is no UTF-8 in Base64.") from error
    return found


def checksum_in(header: str | None) -> Checksum | None:
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    size = ALGORITHMS.get(algorithm.lower())
    if size is None:
        raise BadHeader("Upload-Checksum", f"Send one of {', '.join(ALGORITHMS)}.")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadHeader("Upload-Checksum", "Send the digest in Base64.") from error
    if len(digest) != size:
        raise BadHeader("Upload-Checksum", f"A digest of {algorithm} has {size} bytes.")
    return Checksum(algorithm.lower(), digest)


def expires(at: "datetime") -> str:
    """Upload-Expires, as HTTP writes a time."""
    return format_datetime(at, usegmt=True)
