"""Quotes as PDF: set by Typst with an embedded, subset font, on threads of their own.

The typesetter releases the interpreter while it works: 100 lines take some 30 ms, the loop goes on.
It is loaded and its fonts are read once, when the first document is printed (6.5 MB that a process
without papers does not carry); nothing is fetched and no system font is used.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from guanxi_pipeline.quotes.document_rules import document_of, language_of
from guanxi_pipeline.quotes.sending import seller_of
from guanxi_shared.calls import House
from guanxi_shared.errors import Malformed

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(__file__).with_name("quote.typ")
PRINTERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="printing")
ROOT = TEMPLATE.parent
NAMES = """
SELECT (SELECT name FROM known_accounts WHERE organisation_id = $2 AND id = $3) AS customer,
  (SELECT name FROM known_contacts WHERE organisation_id = $2 AND id = $4) AS contact,
  (SELECT name FROM directory_users WHERE organisation_id = $2 AND id = $5) AS owner
"""
LANGUAGES = ("zh", "en")


@cache
def _fonts() -> "typst.Fonts":
    import pylopdf_fonts_zh_cn
    import typst

    folder = pylopdf_fonts_zh_cn.sans_path().parent
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


def set_type(document: Mapping[str, Any], made_at: datetime) -> bytes:
    """The PDF of a document (see document_rules.document_of); the same one for the same input."""
    import typst

    compiler = typst.Compiler(
        _template(), root=ROOT, font_paths=_fonts(), ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(document).decode()},
    )  # fmt: skip
    pdf = compiler.compile(format="pdf", timestamp=made_at)
    assert isinstance(pdf, bytes)
    return pdf


def language_asked(text: str | None) -> str | None:
    if text is not None and text not in LANGUAGES:
        raise Malformed("language is zh or en.", errors={"language": "Send zh or en."})
    return text


async def print_quote(
    here: House, organisation: UUID, quote: Mapping[str, Any], *, language: str | None
) -> bytes:
    """The PDF of a quote as it is shown."""
    ids = [
        None if (id := quote[n]) is None else UUID(str(id))
        for n in ("account_id", "contact_id", "owner_id")
    ]
    rows = await here.db.lookup(organisation, NAMES, organisation, *ids)
    seller = await seller_of(here, organisation)
    document = document_of(
        quote, language=language_of(language, quote["language"], seller["region"]),
        seller=seller["name"], zone=ZoneInfo(seller["time_zone"]), **dict(rows[0]),
    )  # fmt: skip
    made_at = datetime.fromisoformat(str(quote["updated_at"])).replace(microsecond=0)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(PRINTERS, set_type, document, made_at)
