"""The parts of an .xlsx file around its cells: sheets, number formats, shared texts.

Read by hand with a streaming parser, because neither library does it in constant memory: on
200,000 rows of 10 columns with shared texts python-calamine took 234 MiB more and openpyxl's
read-only mode 301 MiB, both growing with the file.
"""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from guanxi_shared.tables.rows import FileProblem
from guanxi_shared.tables.shared_texts import SharedTexts
from guanxi_shared.tables.sheet_xml import DAMAGED, feed, make_parser

_UNPACKED_LIMIT = 4 << 30
_RATIO_LIMIT = 250
_DAY_FORMATS = frozenset({14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 59)})
_TIME_FORMATS = frozenset({18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47})
_NOT_A_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)

Style = str
"""How a number is shown: "" plain, "day" with a calendar day in it, "instant" the same with a Z
behind it (UTC, as `XlsxWriter` writes it), "time" a time of day or a span."""


@dataclass(frozen=True)
class Sheet:
    name: str
    path: str
    is_hidden: bool


class Workbook:
    """An open archive. Raises FileProblem for everything that is not a workbook we can read."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as problem:
            raise FileProblem(DAMAGED) from problem
        try:
            self._check_size(path)
            self.sheets, self.uses_1904 = self._read_sheets()
            self.styles = self._read_styles()
        except BaseException:
            self._archive.close()
            raise

    def close(self) -> None:
        self._archive.close()

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._archive.open(name)
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as problem:
            raise FileProblem(DAMAGED) from problem

    def sheet(self, name: str | None) -> Sheet:
        """The named sheet, or the first that is not hidden."""
        if name is None:
            return next((each for each in self.sheets if not each.is_hidden), self.sheets[0])
        found = next((each for each in self.sheets if each.name == name), None)
        if found is None:
            names = ", ".join(each.name for each in self.sheets)
            raise FileProblem(f"The workbook has no sheet {name!r}. It has: {names}.")
        return found

    def texts(self) -> SharedTexts:
        has_any = "xl/sharedStrings.xml" in self._archive.NameToInfo
        return SharedTexts(self.open("xl/sharedStrings.xml") if has_any else io.BytesIO())

    def _check_size(self, path: Path) -> None:
        unpacked = sum(info.file_size for info in self._archive.infolist())
        ratio = unpacked / max(path.stat().st_size, 1)
        if unpacked > _UNPACKED_LIMIT or (unpacked > 64 << 20 and ratio > _RATIO_LIMIT):
            raise FileProblem(
                f"The workbook unpacks to {unpacked >> 20} MiB, which is more than is read. "
                "Split it, or save it as CSV."
            )

    def _read_sheets(self) -> tuple[list[Sheet], bool]:
        targets = self._targets()
        sheets: list[Sheet] = []
        uses_1904 = False

        def start(name: str, attrs: dict[str, str]) -> None:
            nonlocal uses_1904
            if name == "workbookPr":
                uses_1904 = attrs.get("date1904") in ("1", "true")
            elif name == "sheet":
                key = next((value for key, value in attrs.items() if key.endswith(":id")), "")
                path = targets.get(key, "")
                if path in self._archive.NameToInfo and "worksheet" in path:
                    hidden = attrs.get("state", "visible") != "visible"
                    sheets.append(Sheet(attrs.get("name", ""), path, hidden))

        self._each(self._part("xl/workbook.xml"), start)
        if not sheets:
            raise FileProblem("The workbook has no sheet of cells.")
        return sheets, uses_1904

    def _targets(self) -> dict[str, str]:
        """Relationship id → name in the archive."""
        targets: dict[str, str] = {}

        def start(name: str, attrs: dict[str, str]) -> None:
            if name == "Relationship":
                target = attrs.get("Target", "")
                whole = target if target.startswith("/") else f"/xl/{target}"
                targets[attrs.get("Id", "")] = str(PurePosixPath(whole)).lstrip("/")

        self._each(self._part("xl/_rels/workbook.xml.rels"), start)
        return targets

    def _read_styles(self) -> list[Style]:
        """What each cell format makes of a number."""
        codes: dict[int, str] = {}
        styles: list[Style] = []
        inside = False

        def start(name: str, attrs: dict[str, str]) -> None:
            nonlocal inside
            if name == "numFmt":
                codes[int(attrs["numFmtId"])] = attrs.get("formatCode", "")
            elif name in ("cellXfs", "cellStyleXfs", "cellStyles"):
                inside = name == "cellXfs"
            elif name == "xf" and inside:
                number = int(attrs.get("numFmtId", "0"))
                styles.append(_style_of(number, codes.get(number)))

        if "xl/styles.xml" in self._archive.NameToInfo:
            self._each("xl/styles.xml", start)
        return styles

    def _part(self, name: str) -> str:
        if name not in self._archive.NameToInfo:
            raise FileProblem(
                "The file is an archive, but no .xlsx workbook. Send a workbook, or the text file "
                "inside the archive."
            )
        return name

    def _each(self, part: str, start: Callable[[str, dict[str, str]], None]) -> None:
        with self.open(part) as stream:
            parser = make_parser(start)
            for _ in feed(parser, stream):
                pass


def _style_of(number: int, code: str | None) -> Style:
    if code is None:
        return "day" if number in _DAY_FORMATS else "time" if number in _TIME_FORMATS else ""
    if code.endswith('"Z"'):
        return "instant"
    letters = set(_NOT_A_CODE.sub("", code.partition(";")[0]).lower())
    if letters & set("yd") or ("m" in letters and not letters & set("hs0#")):
        return "day"
    return "time" if letters & set("hs") and "#" not in letters else ""
