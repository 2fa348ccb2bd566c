"""A monthly report put together: its answers run (or found kept), its pictures drawn."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from guanxi_analytics.charts.picture_rules import picture_of
from guanxi_analytics.monthly.contents import SECTIONS, Part, Section, as_report, figures_report
from guanxi_analytics.monthly.document_rules import (
    MOST_CURRENCIES,
    WORDS,
    Numbered,
    figures_of,
    table_of,
    words,
)
from guanxi_analytics.press.beside import Press
from guanxi_analytics.press.forms import own_currency
from guanxi_analytics.reports.running import labels_of, run_report
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import Forbidden

ORGANISATION: Final = "SELECT name FROM directory_state WHERE organisation_id = $2"


async def assemble(
    call: Call, press: Press, month: date, *, as_of: str | None, language: str
) -> dict[str, Any]:
    """The document that pages are made of. Of what the caller may not read there is no section."""
    wanted = [section for section in SECTIONS if call.by.may(section.permission)]
    if not wanted:
        raise Forbidden(
            "You may read neither orders, opportunities nor tickets.", code="permission_missing"
        )
    records = Numbered()
    made = [await _section(call, press, each, month, as_of, language, records) for each in wanted]
    said = made[0]["kept"]
    at = datetime.fromisoformat(made[0]["at"].replace("Z", "+00:00")).astimezone(call.clock.zone)
    name = await call.db.pool.fetchval(
        bound(ORGANISATION), str(call.organisation), call.organisation
    )
    own = words(language)
    return {
        "language": language, "words": own, "organisation": name or "",
        "month": f"{month:%Y-%m}", "as_of": f"{at:%Y-%m-%d %H:%M} {at.tzname()}",
        "made_at": at.isoformat(),
        "of": own["of"].format(call.by.name or "–"),
        "made": own["made"].format(said["watermark"].strip(), said["code_version"]),
        "sections": made, "records": records.listed(),
    }  # fmt: skip


async def _section(
    call: Call, press: Press, section: Section, month: date, as_of: str | None, language: str,
    records: Numbered,
) -> dict[str, Any]:  # fmt: skip
    figures: list[dict[str, Any]] = []
    for measures in section.figures:
        now = await run_report(call, figures_report(measures, month, "previous_period"), as_of)
        year = await run_report(call, figures_report(measures, month, "previous_year"), as_of)
        figures += figures_of(await _owned(call, now.found), year.found, records, language)
    parts = [
        await _part(call, press, part, month, as_of, language, records) for part in section.parts
    ]
    return {
        "title": section.labels[language], "figures": figures, "kept": now.kept,
        "at": now.found["as_of"], "parts": [part for part in parts if part is not None],
        "nothing": WORDS["nothing"][language],
    }  # fmt: skip


async def _part(
    call: Call, press: Press, part: Part, month: date, as_of: str | None, language: str,
    records: Numbered,
) -> dict[str, Any] | None:  # fmt: skip
    """None where there is nothing to show."""
    report = as_report(part, month)
    found = await _owned(call, (await run_report(call, report, as_of)).found)
    if not found["rows"]:
        return None
    drawn = await press.make(
        "chart", {"picture": _picture(call, report, found, language), "format": "svg"}
    )
    table = None
    if part.kind == "table":
        table = table_of(found, records, language, is_graded=part.is_graded)
    return {"title": part.labels[language], "svg": drawn.decode(), "table": table}


def _picture(
    call: Call, report: Mapping[str, Any], found: Mapping[str, Any], language: str
) -> dict[str, Any]:
    answer = {**found, "compared_with": "before"}
    labels, zone = labels_of(report), call.clock.zone
    return picture_of(
        answer,
        labels,
        chart=report["chart"],
        language=language,
        zone=zone,
        most_blocks=MOST_CURRENCIES,
    )


async def _owned(call: Call, found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "own_currency": await own_currency(call)}
