"""Looking through kept files of imports and exports for a person."""

import asyncio
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO
from uuid import UUID

from guanxi_shared.erasing.needle_rules import Needles

CHUNK = 1 << 20
# A vCard goes on in the next line; so do quoted-printable texts.
FOLDED = re.compile(rb"=?\r?\n[ \t]?")


async def kept_naming(
    files_dir: Path, organisation: UUID, needles: Needles
) -> tuple[list[UUID], list[str]]:
    """Imports (by their ids) and exports (by the names of their files) in which one of them stands."""
    of = files_dir / "imports" / str(organisation), files_dir / "exports" / str(organisation)
    imports, exports = [await asyncio.to_thread(files_naming, each, needles) for each in of]
    return _ids(imports), [path.name for path in exports]


def remove_kept(
    files_dir: Path, organisation: UUID, imports: Iterable[UUID], exports: Iterable[str]
) -> None:
    """Removing what is gone already does no harm."""
    for import_id in imports:
        (files_dir / "imports" / str(organisation) / str(import_id)).unlink(missing_ok=True)
    for name in exports:
        (files_dir / "exports" / str(organisation) / Path(name).name).unlink(missing_ok=True)


def _ids(paths: Iterable[Path]) -> list[UUID]:
    """Import files are called as their import; halves of uploads have other names."""
    found = []
    for path in paths:
        try:
            found.append(UUID(path.name))
        except ValueError:
            continue
    return found


def files_naming(folder: Path, needles: Needles) -> list[Path]:
    """The files of a folder in which one of the needles stands. Runs in a thread."""
    if not needles.narrow or not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if _names(path, needles)]


def _names(path: Path, needles: Needles) -> bool:
    try:
        if zipfile.is_zipfile(path):
            return _names_inside(path, needles)
        with path.open("rb") as file:
            return _is_in(file, needles)
    except FileNotFoundError:  # gone meanwhile
        return False


def _names_inside(path: Path, needles: Needles) -> bool:
    """A workbook is a folder of XML files, packed."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as part:
                    if _is_in(part, needles):
                        return True
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        return True  # what cannot be read cannot be said to be clean
    return False


def _windows(file: IO[bytes], longest: int) -> Iterator[bytes]:
    """Pieces that overlap, so that nothing hides between two of them."""
    tail = b""
    while piece := file.read(CHUNK):
        yield tail + piece
        tail = (tail + piece)[-4 * longest :]


def _is_in(file: IO[bytes], needles: Needles) -> bool:
    wanted, is_card = needles.narrow, None
    for text in _windows(file, needles.longest):
        if is_card is None:
            is_card = b"BEGIN:VCARD" in text[:1000].upper()
            wanted = needles.wide if b"\0" in text[:1000] else needles.narrow
        lowered = text.lower()
        if is_card:
            lowered += FOLDED.sub(b"", lowered)
        if any(needle in lowered for needle in wanted):
            return True
    return False
