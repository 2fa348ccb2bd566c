"""Pages by Typst, with a font from a package: in the process beside. Nothing is fetched, no system font is used."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import pylopdf_fonts_zh_cn
import typst

TEMPLATE: Final = Path(__file__).with_name("report.typ")


@cache
def _fonts() -> typst.Fonts:
    folder = pylopdf_fonts_zh_cn.sans_path().parent
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )


def set_type(document: Mapping[str, Any]) -> bytes:
    """The PDF of a monthly report; the same one for the same document."""
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(), root=TEMPLATE.parent, font_paths=_fonts(), ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(document).decode()},
    )  # fmt: skip
    made_at = datetime.fromisoformat(document["made_at"]).replace(microsecond=0)
    pdf = compiler.compile(format="pdf", timestamp=made_at)
    assert isinstance(pdf, bytes)
    return pdf
