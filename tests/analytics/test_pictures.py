"""Reports as pictures: of every shape of answer, titled, in both languages, drawn beside the service."""

import io
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from guanxi_analytics.charts.label_rules import compact, shortened, width_of
from guanxi_analytics.charts.picture_rules import picture_of
from guanxi_analytics.press.beside import NotMade, Press
from tests.analytics.asking import account_made, sold
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation

RUN = "/v1/analytics/reports/sales-by-month/run"
LABELS = {"en": "Sales", "zh": "销售"}
UNITS = {"revenue": "money", "orders": "count", "win_rate": "percent"}


def answered(
    dimensions: dict[str, list[str | None]], values: list[dict[str, Any]], *, currency: str = "CNY"
) -> dict[str, Any]:
    """An answer with a row for each of `values`, told apart by the n-th of each dimension."""

    def shown(row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {"amount": str(v), "currency": currency} if UNITS[name] == "money" and v is not None else v
            for name, v in row.items()
        }  # fmt: skip

    rows = [
        {
            "dimensions": {name: each[n] for name, each in dimensions.items()},
            "currency": currency, "values": shown(row),
        }
        for n, row in enumerate(values)
    ]  # fmt: skip
    names = list(values[0]) if values else ["revenue"]
    return {
        "as_of": "2026-11-29T01:00:00Z", "period": {"from": "2026-01-01", "until": "2027-01-01"},
        "measures": [{"name": n, "labels": {"en": n, "zh": n}, "unit": UNITS[n]} for n in names],
        "dimensions": [{"name": name} for name in dimensions],
        "rows": rows if dimensions else [], "row_count": len(rows), "names": {},
        "totals": [{"dimensions": {}, "currency": currency, "values": shown(row)} for row in values[:1]],
    }  # fmt: skip


def picture(answer: dict[str, Any], chart: str = "auto", language: str = "en") -> dict[str, Any]:
    return picture_of(
        answer, LABELS, chart=chart, language=language, zone=ZoneInfo("Asia/Shanghai")
    )


SHAPES: dict[str, dict[str, Any]] = {
    "nothing": answered({"region": []}, []),
    "one bar": answered({"region": ["华东"]}, [{"revenue": 5}]),
    "one month": answered({"month": ["2026-03"]}, [{"revenue": 5, "orders": 0}]),
    "negative": answered({"region": ["a", None, "c"]}, [{"revenue": -5}, {"revenue": 3}, {"revenue": None}]),
    "numbers": answered({}, [{"revenue": -5, "orders": 3}]),
    "hostile names": answered({"region": ["$x_{", "\\frac", "<b>&", "\x07😀"]}, [{"revenue": n} for n in range(4)]),
    "lines": answered({"month": ["2026-03"] * 9, "region": [f"r{n}" for n in range(9)]}, [{"win_rate": n * 12} for n in range(9)]),
    "huge": answered({"region": ["a", "b"]}, [{"revenue": 10**30}, {"revenue": 1}]),
}  # fmt: skip


@pytest.fixture(scope="module")
async def press() -> AsyncIterator[Press]:
    made = Press()
    yield made
    await made.close()


async def test_every_shape_is_drawn(press: Press) -> None:
    for name, answer in SHAPES.items():
        for language in ("en", "zh"):
            given = {"picture": picture(answer, language=language), "format": "svg"}
            drawn = await press.make("chart", given)
            assert drawn.rstrip().endswith(b"</svg>"), name


async def test_a_letter_that_the_chinese_font_has_not_keeps_its_accent(press: Press) -> None:
    """Glyphs are named by font and letter; with the wrong font an accent is a glyph of its own, beside the letter."""
    answer = answered({"region": ["Tomáš 张三", "José 李四"]}, [{"revenue": 2}, {"revenue": 1}])
    drawn = await press.make("chart", {"picture": picture(answer), "format": "svg"})
    text = drawn.decode()
    assert "DejaVuSans" in text
    plain = answered({"region": ["José 李四"]}, [{"revenue": 1}])
    drawn = await press.make("chart", {"picture": picture(plain), "format": "svg"})
    assert "DejaVuSans" not in drawn.decode()


async def test_a_tall_picture_is_as_tall_as_its_bars(press: Press) -> None:
    few, many = (
        answered({"region": [f"r{i}" for i in range(n)]}, [{"revenue": i} for i in range(n)])
        for n in (2, 40)
    )
    sizes = []
    for answer in (few, many):
        drawn = await press.make("chart", {"picture": picture(answer), "format": "png"})
        sizes.append(Image.open(io.BytesIO(drawn)).size)
    assert sizes[0][0] == sizes[1][0]
    assert sizes[1][1] > sizes[0][1] + 900


def test_what_does_not_fit_is_said() -> None:
    many = answered({"region": [f"r{i}" for i in range(40)]}, [{"revenue": i} for i in range(40)])
    drawn = picture(many)
    assert len(drawn["blocks"][0]["labels"]) == 30
    assert "30 of 40 shown" in drawn["notes"]
    assert drawn["subtitle"] == "2026-01-01 to 2026-12-31 · as of 2026-11-29 09:00 CST · n: 40 rows"


def test_a_picture_says_how_many_and_when_in_chinese() -> None:
    found = picture(answered({"month": ["2026-03"]}, [{"orders": 12, "revenue": 5}]), language="zh")
    assert found["title"] == "销售"
    assert found["subtitle"].endswith("截至 2026-11-29 09:00 CST · n：orders 12")


@pytest.mark.parametrize(
    ("value", "unit", "language", "text"),
    [
        (1234567.0, "money", "en", "1.23M"), (1234567.0, "money", "zh", "123 万"),
        (-250000000.0, "money", "zh", "-2.5 亿"), (999999.0, "count", "en", "1M"), (0.0, "count", "en", "0"),
        (45.678, "percent", "zh", "45.7%"), (3.25, "hours", "en", "3.25 h"), (52.9, "money", "en", "52.9"),
        (1000.0, "days", "en", "1,000 d"), (0.004, "number", "en", "<0.01"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: float, unit: str, language: str, text: str) -> None:
    assert compact(value, unit, language) == text


def test_names_are_cut_by_their_width() -> None:
    assert shortened("北京华创精密机械", 8) == "北京华…"
    assert width_of("北京ab") == 6
    assert shortened("short", 8) == "short"


async def test_a_press_that_was_killed_starts_anew(press: Press) -> None:
    given = {"picture": picture(SHAPES["one bar"]), "format": "svg"}
    await press.make("chart", given)
    assert press._process is not None
    press._process.kill()
    assert (await press.make("chart", given)).startswith(b"<?xml")


async def test_a_fault_in_drawing_is_told_and_ends_nothing(press: Press) -> None:
    with pytest.raises(NotMade, match="KeyError"):
        await press.make("chart", {"picture": {}, "format": "svg"})
    given = {"picture": picture(SHAPES["one bar"]), "format": "svg"}
    assert (await press.make("chart", given)).startswith(b"<?xml")


async def test_a_report_is_a_picture_by_its_accept_header(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear
) -> None:
    rep = sales(everywhere.rep)
    account = await account_made(customers(everywhere.rep), rep, "Acme", region="华东")
    await sold(rep, account, "2026-03-05", "100.00", 2)
    await hear()
    reader = client(everywhere.rep)
    svg = await reader.get(RUN, headers={"accept": "image/svg+xml,*/*;q=0.1"})
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "月度销售" not in svg.url.path
    assert "<svg" in svg.text
    png = await reader.get(RUN, params={"format": "png", "language": "zh"})
    assert png.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(png.content)).size[0] > 1000
    matrix = await reader.get("/v1/analytics/value-matrix", headers={"accept": "image/png"})
    assert Image.open(io.BytesIO(matrix.content)).size[0] > 1000
