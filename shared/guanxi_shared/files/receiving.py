"""An upload on its way to disk: as the body itself, or as the part `file` of a form."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from guanxi_shared.errors import Invalid, Malformed, TooLarge, UnsupportedMedia
from guanxi_shared.files import rules, type_rules
from guanxi_shared.files.rules import BadChecksum
from guanxi_shared.files.settings import FileSettings
from guanxi_shared.identifiers import new_id
from guanxi_shared.uploads import Bounds, receive, receive_within

FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Received:
    """A whole file at `path`, which whoever asked for it moves or deletes."""

    path: Path
    name: str
    declared_type: str | None
    content_type: str
    size: int
    sha256: str


async def receive_file(request: Request, settings: FileSettings) -> Received:
    """Constant memory; nothing stays behind when it breaks off, is too long, of a type that is not
    taken, or not what the sender's checksum says."""
    checksum = _checksum(request)
    declared = request.headers.get("content-type")
    is_upload = is_form(request)
    found = await (_from_form if is_upload else _from_body)(request, settings)
    try:
        head = await asyncio.to_thread(_head, found.path)
        said = None if is_upload else type_rules.essence(declared) or None
        received = Received(
            found.path,
            found.name,
            said,
            type_rules.stored_type(head, said),
            found.size,
            found.sha256,
        )
        _check(received, checksum, settings)
    except BaseException:
        found.path.unlink(missing_ok=True)
        raise
    return received


async def receive_form(
    request: Request, settings: FileSettings, bounds: Bounds
) -> tuple[list[tuple[str, str]], Received | None]:
    """The texts of a form, and its file if it has one with something in it, checked as every other."""
    upload = await receive_within(request, _folder(settings), bounds)
    if not upload.size:  # a page sends an empty part where nobody chose a file
        upload.path.unlink(missing_ok=True)
        return upload.pairs, None
    try:
        head = await asyncio.to_thread(_head, upload.path)
        received = Received(
            upload.path, rules.file_name(upload.name), None, type_rules.stored_type(head, None),
            upload.size, upload.sha256,
        )  # fmt: skip
        _check(received, None, settings)
    except BaseException:
        upload.path.unlink(missing_ok=True)
        raise
    return upload.pairs, received


async def received_whole(
    path: Path, name: str, declared: str | None, checksum: str | None, settings: FileSettings
) -> Received:
    """A file that came in parts and lies at `path`, checked as every other."""
    size, sha256 = await asyncio.to_thread(_measured, path)
    head, said = await asyncio.to_thread(_head, path), type_rules.essence(declared) or None
    received = Received(path, name, said, type_rules.stored_type(head, said), size, sha256)
    _check(received, checksum, settings)
    return received


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()


def is_form(request: Request) -> bool:
    return type_rules.essence(request.headers.get("content-type")) == FORM


@dataclass(slots=True)
class _Landed:
    path: Path
    name: str
    size: int = 0
    sha256: str = ""


async def _from_form(request: Request, settings: FileSettings) -> _Landed:
    upload = await receive(request, _folder(settings), limit=settings.max_file_bytes)
    return _Landed(upload.path, rules.file_name(upload.name), upload.size, upload.sha256)


async def _from_body(request: Request, settings: FileSettings) -> _Landed:
    limit = settings.max_file_bytes
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    name = rules.name_in(request.headers.get("content-disposition"))
    landed = _Landed(_folder(settings) / f"{new_id()}.part", rules.file_name(name))
    digest = hashlib.sha256()
    try:
        landed.path.parent.mkdir(parents=True, exist_ok=True)
        with landed.path.open("xb") as file:  # small writes into the page cache: not worth a thread
            async for piece in request.stream():
                landed.size += len(piece)
                if landed.size > limit:
                    raise _too_large(limit)
                digest.update(piece)
                file.write(piece)
    except BaseException:
        landed.path.unlink(missing_ok=True)
        raise
    landed.sha256 = digest.hexdigest()
    return landed


def _folder(settings: FileSettings) -> Path:
    return settings.files_dir / "incoming"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(type_rules.SNIFFED_BYTES)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"A file may have at most {limit / 1_000_000:g} MB.")


def _checksum(request: Request) -> str | None:
    try:
        return rules.wanted_checksum(request.headers)
    except BadChecksum as error:
        header = str(error)
        raise Malformed(
            f"{header} holds no SHA-256.", errors={header: "Send a SHA-256 of the bytes."}
        ) from error


def _check(received: Received, checksum: str | None, settings: FileSettings) -> None:
    if checksum is not None and checksum != received.sha256:
        raise Invalid(
            f"What arrived has the SHA-256 {received.sha256}, not the one you sent; send it again.",
            errors={"file": "Changed on its way."},
            code="checksum_mismatch",
        )
    found = received.content_type
    if not type_rules.is_allowed(
        found, allowed=settings.allowed_file_types, denied=settings.denied_file_types
    ):
        raise UnsupportedMedia(
            f"Files of the type {found} are not taken here.",
            errors={"file": f"It is {found}, whatever its name says."},
            code="type_not_allowed",
        )
