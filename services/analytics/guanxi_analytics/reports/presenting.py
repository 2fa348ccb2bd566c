"""A report that ran, as a picture."""

from guanxi_analytics.charts.picture_rules import picture_of
from guanxi_analytics.press.beside import Press
from guanxi_analytics.press.forms import own_currency
from guanxi_analytics.reports.running import Ran, labels_of
from guanxi_shared.calls import Call

COMPARED = {"previous_period": "before", "previous_year": "year_before"}


async def draw(call: Call, press: Press, ran: Ran, format: str, language: str) -> bytes:
    compare = ran.report["document"].get("compare")
    answer = {
        **ran.found, "compared_with": COMPARED.get(compare, "before"),
        "own_currency": await own_currency(call),
    }  # fmt: skip
    picture = picture_of(
        answer, labels_of(ran.report), chart=ran.report["chart"], language=language, zone=call.clock.zone
    )  # fmt: skip
    return await press.make("chart", {"picture": picture, "format": format})
