"""The monthly report: right figures beside the month and the year before, on pages, each number with its records."""

import re
from datetime import UTC, datetime

import httpx
import orjson
import pypdfium2
import pytest

from tests.analytics.asking import account_made, sold
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation

MONTHLY = "/v1/analytics/monthly-report"
SCRIPT = "<script>alert(1)</script>#panic()"


@pytest.fixture
async def story(
    everywhere: Organisation, sales: Clients, customers: Clients, hear: Hear
) -> dict[str, str]:
    rep = sales(everywhere.rep)
    account = await account_made(customers(everywhere.rep), rep, SCRIPT, region="华东")
    for day, price in (
        ("2026-03-05", "1200.00"),
        ("2026-02-05", "1000.00"),
        ("2025-03-05", "1500.00"),
    ):
        await sold(rep, account, day, price, 1, name="高压泵")
    await hear()
    return {"account": account}


async def page(client: httpx.AsyncClient, **params: str) -> str:
    answer = await client.get(MONTHLY, params={"month": "2026-03", "language": "en", **params})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def figures(text: str, label: str) -> list[str]:
    """The cells beside a label, without the numbers of requests."""
    row = re.search(rf"<td class=label>{re.escape(label)}</td>(.*?)</tr>", text)
    assert row is not None, text[:3000]
    plain = re.sub(r" <sup>.*?</sup>", "", row[1])
    return re.findall(r"<td>(.*?)</td>", plain)


async def test_figures_stand_beside_the_month_and_the_year_before(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    text = await page(client(everywhere.rep))
    assert figures(text, "Revenue, net of returns") == [
        "1,200.00 CNY", "1,000.00 CNY", "+20.0\u00a0%", "1,500.00 CNY", "-20.0\u00a0%",
    ]  # fmt: skip
    assert figures(text, "Orders") == ["1", "1", "+0.0\u00a0%", "1", "+0.0\u00a0%"]


async def test_a_page_carries_everything_and_runs_nothing(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    text = await page(client(everywhere.rep))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert set(re.findall(r'src="([a-z:/+]*);', text)) == {"data:image/svg+xml"}
    assert "http" not in re.sub(r'src="data:[^"]*"', "", text)


async def test_each_number_names_the_request_that_lists_its_records(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    reader = client(everywhere.rep)
    text = await page(reader)
    number = re.search(r'1,200\.00 CNY <sup><a href="#r(\d+)">', text)
    assert number is not None
    listed = re.search(rf'<li id="r{number[1]}"><code>POST (\S+) (.*?)</code>', text)
    assert listed is not None
    found = await reader.post(listed[1], json=orjson.loads(listed[2].replace("&quot;", '"')))
    [row] = found.json()["data"]
    assert row["amount"] == {"amount": "1200.00", "currency": "CNY"}


async def test_pages_as_pdf_say_the_same_in_chinese(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    answer = await client(everywhere.rep).get(
        MONTHLY,
        params={"month": "2026-03", "language": "zh"},
        headers={"accept": "application/pdf"},
    )
    assert answer.headers["content-type"] == "application/pdf", answer.text
    pages = pypdfium2.PdfDocument(answer.content)
    text = "".join(each.get_textpage().get_text_bounded() for each in pages)
    assert "月度报告 2026-03" in text
    assert "1,200.00 CNY" in text
    assert "高压泵" in text
    assert SCRIPT in text


async def test_last_months_report_as_of_then_is_what_it_was(
    story: dict[str, str], client: Clients, everywhere: Organisation, sales: Clients, hear: Hear
) -> None:
    reader = client(everywhere.rep)
    at = datetime.now(UTC).isoformat()
    then = await page(reader, as_of=at)
    await sold(sales(everywhere.rep), story["account"], "2026-03-09", "77.00")
    await hear()
    assert figures(await page(reader), "Revenue, net of returns")[0] == "1,277.00 CNY"
    past = await page(reader, as_of=at)
    watermark = re.compile(r"<p class=soft>Facts: .*?</p>")
    assert watermark.sub("", past) == watermark.sub("", then)


async def test_who_may_read_tickets_alone_has_service_alone(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    agent = everywhere.rep.but(permissions=("analytics:read", "tickets:read"))
    text = await page(client(agent))
    assert re.findall(r"<h2>(.*?)</h2>", text) == ["Service", "Records"]
    nobody = everywhere.rep.but(permissions=("analytics:read",))
    assert (await client(nobody).get(MONTHLY)).status_code == 403


@pytest.mark.parametrize(
    ("params", "status", "field"),
    [
        ({"month": "2026-13"}, 400, "month"), ({"month": "2026-3"}, 400, "month"),
        ({"month": "2199-01"}, 422, "month"), ({"format": "docx"}, 400, "format"),
        ({"as_of": "then"}, 400, "as_of"), ({"week": "1"}, 400, "week"),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_by_its_field(
    params: dict[str, str], status: int, field: str, client: Clients, everywhere: Organisation
) -> None:
    answer = await client(everywhere.admin).get(MONTHLY, params=params)
    assert answer.status_code == status
    assert field in answer.json()["errors"]
