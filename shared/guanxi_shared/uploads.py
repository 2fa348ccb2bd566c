"""A multipart upload (RFC 7578) straight to disk: constant memory, a limit, a checksum."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from guanxi_shared.errors import Malformed, TooLarge, UnsupportedMedia
from guanxi_shared.identifiers import new_id

MOST_FIELD_BYTES = 1_048_576
MOST_PARTS = 20
OVERHEAD = 65_536  # boundaries and headers around the file


@dataclass(slots=True)
class Upload:
    """A file that lies at `path` (the caller moves or deletes it) and the text fields beside it."""

    path: Path
    name: str = ""
    size: int = 0
    sha256: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)  # the same, each as often as it came


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an upload may be: the bytes of its file and of each text field, how many parts, and whether it is
    one without a file."""

    file_bytes: int
    field_bytes: int = MOST_FIELD_BYTES
    parts: int = MOST_PARTS
    needs_file: bool = True


async def receive(request: Request, folder: Path, *, limit: int) -> Upload:
    """The part `file` on disk; nothing stays there when the request is refused or breaks off."""
    return await receive_within(request, folder, Bounds(limit))


async def receive_within(request: Request, folder: Path, bounds: Bounds) -> Upload:
    """The same within bounds; without a file there is nothing at `path`."""
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if content_type != b"multipart/form-data" or not boundary:
        raise UnsupportedMedia("Send multipart/form-data with a part named file.")
    _check_length(request.headers.get("content-length", ""), bounds.file_bytes)
    writing = _Writing(folder / f"{new_id()}.part", bounds)
    try:
        parser = MultipartParser(boundary, writing.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
        return writing.finished()
    except MultipartParseError as error:
        writing.discard()
        raise Malformed(f"The upload cannot be read: {error}") from error
    except BaseException:
        writing.discard()
        raise


def _check_length(text: str, limit: int) -> None:
    if text.isdigit() and int(text) > limit + MOST_FIELD_BYTES + OVERHEAD:
        raise _too_large(limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The file may have at most {limit / 1_000_000:g} MB; split it.")


class _Writing:
    """What the parser calls. Writes are small and go to the page cache: not worth a thread."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self._upload = Upload(path)
        self._bounds = bounds
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._header = (b"", b"")
        self._disposition: dict[bytes, bytes] = {}
        self._value = bytearray()
        self._parts = 0
        self._has_file = False
        self._ended = False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin_part, "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value, "on_header_end": self._end_header,
            "on_headers_finished": self._begin_data, "on_part_data": self._take,
            "on_part_end": self._end_part, "on_end": self._end,
        }  # fmt: skip

    def finished(self) -> Upload:
        if not self._ended:
            raise Malformed("The upload breaks off before its end.")
        if not self._has_file and self._bounds.needs_file:
            raise Malformed("The upload has no file.", errors={"file": "Send a part named file."})
        self._upload.sha256 = self._digest.hexdigest()
        return self._upload

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
        self._upload.path.unlink(missing_ok=True)

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > self._bounds.parts:
            raise Malformed(f"The upload has more than {self._bounds.parts} parts.")
        self._disposition, self._header, self._value = {}, (b"", b""), bytearray()

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            _, self._disposition = parse_options_header(value)
        self._header = (b"", b"")

    def _begin_data(self) -> None:
        if self._disposition.get(b"name") != b"file":
            return
        if self._has_file:
            raise Malformed("Send one file at a time.", errors={"file": "Send it once."})
        self._has_file = True
        self._upload.name = _name(self._disposition.get(b"filename", b""))
        self._upload.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._upload.path.open("xb")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            self._value += data[start:end]
            if len(self._value) > self._bounds.field_bytes:
                raise TooLarge("A text field of the upload is too long.")
            return
        piece = data[start:end]
        self._upload.size += len(piece)
        if self._upload.size > self._bounds.file_bytes:
            raise _too_large(self._bounds.file_bytes)
        self._digest.update(piece)
        self._file.write(piece)

    def _end_part(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            return
        name = self._disposition.get(b"name", b"").decode("utf-8", "replace")
        try:
            self._upload.fields[name] = text = self._value.decode()
            self._upload.pairs.append((name, text))
        except UnicodeDecodeError as error:
            raise Malformed(
                f"The field {name!r} is not UTF-8.", errors={name: "Send UTF-8."}
            ) from error

    def _end(self) -> None:
        self._ended = True


def _name(raw: bytes) -> str:
    """The file's own name, for people: never a path of ours."""
    text = raw.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in text if char.isprintable())[:200] or "file"
