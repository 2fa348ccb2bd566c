"""Lines of a text file with the byte behind each of them, in constant memory."""

import io
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from guanxi_shared.tables.rows import RECORD_LIMIT, START, Checkpoint

CHUNK = 1 << 18


class Lines:
    """Iterates the lines after `at`, line ends kept, in any encoding of `encodings.check_encoding`.

    A line that is not valid in the encoding is read with U+FFFD in it, one that is too long comes
    as an empty line; both are entered in `bad`, by line number. `doubtful` is set while the lines
    at hand need a closer look: an apostrophe, a NUL, a bad line, the end of the file.
    """

    def __init__(
        self,
        path: Path,
        encoding: str,
        *,
        at: Checkpoint = START,
        spans: Callable[[int], bool] = lambda offset: False,
    ) -> None:
        """`spans` is asked at each chunk whether a record begun before that byte goes on there."""
        self.bad: dict[int, str] = {}
        self.doubtful = False
        self._path = path
        self.encoding = encoding
        self._offset = at.offset
        self._line = at.line
        self._first = at.line
        self._ends: list[int] = [at.offset]
        self._spans = spans
        wide = encoding.startswith("utf-16")
        self._newline = "\n".encode(encoding) if wide else b"\n"
        self._return = "\r".encode(encoding) if wide else b"\r"

    def end_of(self, line: int) -> int:
        """The byte behind a line; only for lines of the chunk last read."""
        return self._ends[line - self._first]

    def reached(self, line: int) -> Checkpoint:
        """The place behind a line of the chunk last read, or behind that chunk."""
        last = min(line, self._line)
        return Checkpoint(0, last, self.end_of(last))

    def __iter__(self) -> Iterator[str]:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for block in self._blocks(file):
                self.doubtful = self.doubtful and self._spans(self._offset)
                lines, sizes = (
                    self._too_long(block) if isinstance(block, int) else self._split(block)
                )
                self._first = self._line
                self._ends = list(accumulate(sizes, initial=self._offset))
                self._line += len(lines)
                self._offset = self._ends[-1]
                yield from lines
        self.doubtful = True

    def _blocks(self, file: BinaryIO) -> Iterator[bytes | int]:
        """Whole lines, about a chunk of them at a time; the size of a line that is too long."""
        rest = b""
        while block := file.read(CHUNK):
            block = rest + block
            cut = self._cut(block)
            if cut:
                yield block[:cut]
            rest = block[cut:]
            if len(rest) > RECORD_LIMIT:
                size, rest = len(rest) + _skip_line(file, self._newline), b""
                yield size
        if rest:
            yield rest

    def _cut(self, block: bytes) -> int:
        """Where the last whole line of the block ends; 0 if none does."""
        unit = len(self._newline)
        end = _last(block, self._newline, len(block))
        if end >= 0:
            return end + unit
        # Old files end their lines with a carriage return alone; one in the last place may
        # still be followed by a line feed.
        end = _last(block, self._return, len(block) - unit)
        return end + unit if end >= 0 else 0

    def _split(self, block: bytes) -> tuple[list[str], list[int]]:
        if len(self._newline) == 2:
            return self._split_wide(block)
        self.doubtful |= b"'" in block or b"\0" in block
        raw = block.splitlines(keepends=True)
        encoding = self.encoding
        try:
            lines = [line.decode(encoding) for line in raw]
        except UnicodeDecodeError:
            lines = [self._decode(line, self._line + n) for n, line in enumerate(raw, start=1)]
        return lines, [len(line) for line in raw]

    def _split_wide(self, block: bytes) -> tuple[list[str], list[int]]:
        try:
            text = block.decode(self.encoding)
        except UnicodeDecodeError:
            text = block.decode(self.encoding, "replace")
            bad = True
        else:
            bad = False
        self.doubtful |= "'" in text or "\0" in text or bad
        # str.splitlines would also split at U+2028 and its like; universal newlines do not.
        lines = list(io.StringIO(text, newline=""))
        if bad:
            for number, line in enumerate(lines, start=self._line + 1):
                self._note_replaced(line, number)
        return lines, [len(line.encode(self.encoding)) for line in lines]

    def _decode(self, raw: bytes, number: int) -> str:
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            text = raw.decode(self.encoding, "replace")
            self._note_replaced(text, number)
            return text

    def _note_replaced(self, text: str, number: int) -> None:
        if "\ufffd" in text:
            self.doubtful = True
            self.bad[number] = (
                f"has bytes that are not valid {self.encoding.upper()}; "
                "correct the row, or choose the encoding of the file"
            )

    def _too_long(self, size: int) -> tuple[list[str], list[int]]:
        self.doubtful = True
        self.bad[self._line + 1] = f"is longer than {RECORD_LIMIT >> 20} MiB; shorten or split it"
        return ["\n"], [size]


def _last(block: bytes, mark: bytes, end: int) -> int:
    """The last place of a mark that is aligned to its own size; -1 if there is none."""
    place = block.rfind(mark, 0, max(end, 0))
    while place > 0 and place % len(mark):
        place = block.rfind(mark, 0, place + len(mark) - 1)
    return -1 if place > 0 and place % len(mark) else place


def _skip_line(file: BinaryIO, newline: bytes) -> int:
    """Reads on behind the next line end and leaves the file there; how many bytes that were."""
    begin = file.tell()
    while block := file.read(CHUNK):
        place = _first(block, newline)
        if place >= 0:
            file.seek(file.tell() - len(block) + place + len(newline))
            break
    return file.tell() - begin


def _first(block: bytes, mark: bytes) -> int:
    place = block.find(mark)
    while place > 0 and place % len(mark):
        place = block.find(mark, place + 1)
    return place
