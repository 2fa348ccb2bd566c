"""The monthly report over HTTP."""

import re
from datetime import date
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.monthly.assembling import assemble
from guanxi_analytics.monthly.page import as_page
from guanxi_analytics.monthly.rules import last_month
from guanxi_analytics.press import forms
from guanxi_analytics.press.beside import press_of
from guanxi_shared import documents, history
from guanxi_shared.calls import Call, begin
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.parameters import parameters_of

router = APIRouter(tags=["reports"])
FORMS: Final = ("html", "pdf")
WANTED: Final = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", re.ASCII)
MONTH: Final[dict[str, Any]] = documents.query_parameter(
    "month", "string", "The month before that of as_of, if absent.", pattern=r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$"
)  # fmt: skip
AS_OF: Final = documents.query_parameter(
    "as_of", "string", "What it showed then.", format="date-time"
)


@router.get(
    "/v1/analytics/monthly-report",
    **documents.operation(
        "get_monthly_report",
        "A month on pages: figures beside the month and the year before, pictures, and each number's records",
        parameters=[MONTH, AS_OF, *forms.parameters(FORMS)],
        responses={**forms.contents(FORMS), **documents.problems(422)},
    ),
)
async def get_monthly_report(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent = parameters_of(call, ("month", "as_of", "format", "language"))
    form, language = forms.form_of(call, sent, FORMS, "html"), await forms.language_of(call, sent)
    press, month = press_of(call.house), month_of(call, sent.get("month"), sent.get("as_of"))
    document = await assemble(call, press, month, as_of=sent.get("as_of"), language=language)
    body = as_page(document) if form == "html" else await press.make("pdf", {"document": document})
    kind = "text/html; charset=utf-8" if form == "html" else forms.TYPES[form]
    headers = {
        "content-disposition": f'inline; filename="report-{month:%Y-%m}.{form}"', "vary": "Accept",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    }  # fmt: skip
    return Response(body, media_type=kind, headers=headers)


def month_of(call: Call, text: str | None, as_of: str | None) -> date:
    """The first day of the month asked for, else of the last one that was over."""
    now = call.clock.now if as_of is None else history.moment_of(call, "as_of", as_of)
    if text is None:
        return last_month(now, call.clock.zone)
    if not WANTED.fullmatch(text):
        raise Malformed("month must be a month.", errors={"month": "Send a month such as 2026-10."})
    month = date(int(text[:4]), int(text[5:]), 1)
    if month > now.astimezone(call.clock.zone).date():
        raise Invalid("This month has not begun.", errors={"month": "Send an earlier one."})
    return month
