"""Quotes on paper: Chinese from an embedded font, every line, totals, either language."""

import asyncio
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_pipeline.quotes import rules
from guanxi_pipeline.quotes.document_rules import (
    breakable,
    day_of,
    document_of,
    language_of,
    number_text,
    plain,
)
from guanxi_pipeline.quotes.printing import set_type
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known
from tests.pipeline.products.selling import cny
from tests.pipeline.quotes.offering import act, line, quote, sent_quote


def pages(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(BytesIO(pdf))
    return [page.get_textpage().get_text_range() for page in document]


async def test_a_quote_of_a_hundred_lines_prints_each_of_them_in_chinese(
    client: Clients, organisation: Organisation, account: Known, person: Known
) -> None:
    rep = client(organisation.rep)
    lines = [
        line("123.45", name=f"云服务器 专业版 {n:03d}", quantity=n, unit="个月", tax_rate=13, discount=n % 5)
        for n in range(1, 101)
    ]  # fmt: skip
    found = await sent_quote(
        rep, *lines, account_id=await account("北京未来科技有限公司"), contact_id=await person("李雷"),
        discount={"percent": 3}, terms="付款：货到30天\n交货：两周", name="年度云服务",
    )  # fmt: skip
    answer = await rep.get(f"/v1/quotes/{found['id']}/pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert f"{found['number']}-1.pdf" in answer.headers["content-disposition"]
    texts = pages(answer.content)
    whole = "\n".join(texts)
    assert len(texts) >= 3
    for number in range(1, 101):
        assert f"专业版 {number:03d}" in whole
    for text in texts:
        assert found["number"] in text
    assert all("单价" in text for text in texts[:-1])  # the head of the table, on every page
    total = number_text(found["total"]["amount"])
    for expected in (
        "报价单", "北京未来科技有限公司", "李雷", "付款：货到", "个月", f"CNY {total}",
        number_text(found["totals"]["discount"]["amount"]), "有效期至",
    ):  # fmt: skip
        assert expected in whole, expected
    assert "草稿" not in whole
    # The font travels with it, only as much of it as is used.
    assert b"NotoSansSC" in answer.content
    assert len(answer.content) < 400_000
    same = await rep.get(
        f"/v1/quotes/{found['id']}/pdf", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (same.status_code, same.content) == (304, b"")


async def test_it_is_in_the_language_that_is_asked_for_and_a_draft_says_so(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    draft = await quote(rep, line("1234.50", tax_rate=6), language="en", price_mode="gross")
    path = f"/v1/quotes/{draft['id']}/pdf"
    english = pages((await rep.get(path)).content)[0]
    for expected in ("Quotation", "DRAFT", "1,234.50", "Unit price incl. tax", "Page 1 of 1"):
        assert expected in english, expected
    assert "报价单" in pages((await rep.get(path + "?language=zh")).content)[0]
    wrong = await rep.get(path + "?language=fr")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["language"])


async def test_the_customer_gets_the_same_paper_without_what_is_ours(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(
        rep, line("80", cost=cny("31.41")), description="Margin", language="en"
    )
    read = await client().get(found["link"]["path"] + "/pdf")
    text = "\n".join(pages(read.content))
    assert (found["number"] in text, "31.41" in text, "Margin" in text) == (True, False, False)
    await act(rep, found, "accept", name="李雷")
    assert "Accepted by 李雷" in "\n".join(
        pages((await client().get(found["link"]["path"] + "/pdf")).content)
    )


async def test_what_people_type_is_never_read_as_markup(
    client: Clients, organisation: Organisation
) -> None:
    rep, evil = client(organisation.rep), '#read("/etc/passwd") *bold* $x$ \\ "] <a> // @b'
    found = await quote(rep, line(name=evil, description=evil), terms=evil, name=evil)
    text = pages((await rep.get(f"/v1/quotes/{found['id']}/pdf")).content)[0]
    assert text.replace("\r\n", " ").count('#read("/etc/passwd")') == 4


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200), st.text(max_size=400), st.sampled_from(["zh", "en"]))
def test_any_text_can_be_printed(name: str, terms: str, language: str) -> None:
    sold = {"name": name, "quantity": 1.0, "discount": 0.0, "tax_rate": 13.0, "unit_price": cny("1.00"),
            "sku": name[:50], "description": terms}  # fmt: skip
    priced = rules.priced([sold] * 3, currency="CNY", mode="net", discount=None)
    about = {
        "number": "Q-000001", "revision": 1, "name": name, "status": "draft", "currency": "CNY",
        "price_mode": "net", "discount": None, "valid_until": None, "sent_at": None,
        "updated_at": "2027-01-01T00:00:00Z", "terms": terms, "decision": None,
    }  # fmt: skip
    document = document_of(
        {**about, **priced},
        language=language,
        seller=name,
        customer=name,
        contact=None,
        owner=name,
        zone=UTC,
    )
    pdf = set_type(document, datetime(2027, 1, 1, tzinfo=UTC))
    assert set_type(document, datetime(2027, 1, 1, tzinfo=UTC)) == pdf
    assert pages(pdf)


async def test_the_loop_goes_on_while_papers_are_set(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await quote(rep, *(line(name=f"云 {n}") for n in range(200)))
    path = f"/v1/quotes/{found['id']}/pdf"
    assert (await rep.get(path)).status_code == 200
    gaps: list[float] = []
    stop = asyncio.Event()

    async def watch() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            await asyncio.sleep(0)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    watching = asyncio.create_task(watch())
    began = time.perf_counter()
    await asyncio.gather(*(client(organisation.rep).get(path) for _ in range(4)))
    took = time.perf_counter() - began
    stop.set()
    await watching
    # The loop ran all the time, not only between papers: no single wait is a paper long.
    assert max(gaps) < took / 2


@pytest.mark.parametrize("module", ["guanxi_pipeline.app", "guanxi_pipeline.jobs"])
def test_a_process_without_papers_does_not_carry_the_typesetter(module: str) -> None:
    look = f"import {module}, sys; print(sorted({{'typst', 'pylopdf_fonts_zh_cn'}} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("number", "text"), [(1.0, "1"), (12.5, "12.5"), (1234567.0, "1,234,567"), (0.000001, "0.000001"), (100, "100")]
)  # fmt: skip
def test_quantities_are_written_without_digits_that_say_nothing(number: Any, text: str) -> None:
    assert plain(number) == text


def test_words_break_and_languages_are_chosen() -> None:
    assert breakable("x" * 50) == "\u200b".join(["x" * 20, "x" * 20, "x" * 10])
    assert day_of("2026-11-30T16:30:00Z", ZoneInfo("Asia/Shanghai")) == "2026-12-01"
    assert breakable("short words stay") == "short words stay"
    assert language_of(None, None, "CN") == "zh"
    assert language_of(None, None, "DE") == "en"
    assert language_of(None, "en", "CN") == "en"
    assert language_of("zh", "en", "DE") == "zh"
