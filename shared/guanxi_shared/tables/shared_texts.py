"""The texts that the cells of a workbook point to."""

import mmap
import tempfile
from array import array
from typing import IO

from guanxi_shared.tables.sheet_xml import check_length, feed, make_parser, unescaped


class SharedTexts:
    """The table of texts that cells point into: a big file has a million of them, so they go to
    disk, and only as far as somebody asks for (a header needs the first few)."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._stream = stream
        self._ends = array("Q", [0])
        self._map: mmap.mmap | None = None
        self._mapped = 0
        self._pieces: list[str] = []
        self._phonetic = False
        self._parser = make_parser(self._start, self._end)
        self._progress = feed(self._parser, stream)

    def __getitem__(self, index: int) -> str:
        ends = self._ends
        while index + 1 >= len(ends):
            if next(self._progress, self) is self:
                raise IndexError(index)
            check_length(self._pieces)
        begin, end = ends[index], ends[index + 1]
        if end > self._mapped:
            self._remap()
        return self._map[begin:end].decode("utf-8", "surrogatepass") if self._map else ""

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        self._stream.close()
        self._file.close()

    def _remap(self) -> None:
        self._file.flush()
        if self._map is not None:
            self._map.close()
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self._mapped = len(self._map)

    def _start(self, name: str, _: dict[str, str]) -> None:
        if name == "si":
            self._pieces.clear()
        elif name == "rPh":
            self._phonetic = True
        elif name == "t" and not self._phonetic:
            self._parser.CharacterDataHandler = self._pieces.append

    def _end(self, name: str) -> None:
        self._parser.CharacterDataHandler = None
        if name == "si":
            data = unescaped("".join(self._pieces)).encode("utf-8", "surrogatepass")
            self._file.write(data)
            self._ends.append(self._ends[-1] + len(data))
        elif name == "rPh":
            self._phonetic = False
