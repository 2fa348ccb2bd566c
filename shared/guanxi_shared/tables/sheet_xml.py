"""Streaming XML of a workbook's parts, with every way it can be damaged as one FileProblem."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from guanxi_shared.tables.rows import CELL_LIMIT, FileProblem

_CHUNK = 1 << 16
DAMAGED = "The workbook is damaged, or has a password. Open it and save it again without one."
# The last three are what handlers raise for numbers and places that are none.
_DAMAGES = (
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def make_parser(
    start: Callable[[str, dict[str, str]], None], end: Callable[[str], None] | None = None
) -> expat.XMLParserType:
    """Names come without their prefix, where a document uses one for all of its own; a document
    type (and so any entity) is refused."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def root(name: str, attrs: dict[str, str]) -> None:
        # Decided once: the handlers run for every cell.
        prefix, mark, bare = name.rpartition(":")
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        if mark:
            parser.StartElementHandler = lambda name, attrs: start(
                name.removeprefix(prefix + mark), attrs
            )
            if end is not None:
                parser.EndElementHandler = lambda name: end(name.removeprefix(prefix + mark))
        start(bare, attrs)

    def refuse(*_: object) -> None:
        raise FileProblem("The workbook declares a document type, which is not read.")

    parser.StartElementHandler = root
    parser.StartDoctypeDeclHandler = refuse
    return parser


def feed(parser: expat.XMLParserType, stream: IO[bytes]) -> Iterator[None]:
    """Parses a chunk at a time; yields between them."""
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
            yield
        parser.Parse(b"", True)
        yield
    except FileProblem:
        raise
    except _DAMAGES as problem:
        raise FileProblem(DAMAGED) from problem


def unescaped(text: str) -> str:
    """`_x000D_` is how a workbook writes characters that XML has no place for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def check_length(pieces: list[str]) -> None:
    if sum(map(len, pieces)) > CELL_LIMIT:
        raise FileProblem(f"A cell of the workbook has more than {CELL_LIMIT:,} characters.")
