"""Files as people have them, and the file of what did not go through."""

import csv
import io
from pathlib import Path

import pytest

from guanxi_shared.tables import read_rows, sniff
from guanxi_shared.tables.writers import XlsxWriter
from tests.contacts.transfers.sending import Sender

HEADER = "公司名称,行业,城市\n"
ROWS = "上海贝塔贸易有限公司,贸易,上海\n深圳伽马科技有限公司,软件,深圳\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
async def test_every_usual_encoding_is_understood(send: Sender, encoding: str) -> None:
    await send((HEADER + ROWS).encode(encoding))

    assert [(each["name"], each["industry"]) for each in await send.records()] == [
        ("上海贝塔贸易有限公司", "贸易"), ("深圳伽马科技有限公司", "软件"),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
async def test_every_usual_delimiter_is_understood(send: Sender, delimiter: str) -> None:
    await send((HEADER + ROWS).replace(",", delimiter))

    assert [each["industry"] for each in await send.records()] == ["贸易", "软件"]


async def test_a_wrong_guess_is_overridden(send: Sender) -> None:
    shown = (await send.upload("Müller;x\n".encode("cp1250"))).json()
    assert shown["encoding"] != "cp1250"
    content = "name;city\nMüller;Łódź\n".encode("cp1250")
    await send(
        content, encoding="cp1250", delimiter=";", mapping={"name": "name", "city": "address_city"}
    )

    (stored,) = await send.records()
    assert (stored["name"], stored["addresses"][0]["city"]) == ("Müller", "Łódź")


async def test_a_workbook_is_read(send: Sender, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with XlsxWriter(path, ["客户名称", "员工人数", "手机"]) as book:
        book.add_row({"客户名称": "甲公司", "员工人数": 12, "手机": "13800138000"})
    found = await send(path.read_bytes())

    (stored,) = await send.records()
    assert found["kind"] == "xlsx"
    assert (stored["name"], stored["staff_count"]) == ("甲公司", 12)
    assert stored["phones"][0]["kind"] == "mobile"


async def test_cards_become_contacts(send: Sender) -> None:
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:张;三;;;\r\nFN:张三\r\nORG:未来科技;采购部\r\nTITLE:经理\r\n"
        "TEL;TYPE=CELL:+86 138 0013 8000\r\nTEL;TYPE=WORK:010-65544321\r\nEMAIL;TYPE=PREF:z@weilai.example\r\n"
        "BDAY:--0315\r\nEND:VCARD\r\n"
    )
    found = await send.of("contacts")(card, create_missing=True)

    (stored,) = await send.of("contacts").records()
    assert found["job"]["counts"]["created"] == 1, await send.errors(found["id"])
    assert (stored["name"], stored["family_name"], stored["given_name"]) == ("张三", "张", "三")
    assert [(p["e164"], p["kind"]) for p in stored["phones"]] == [
        ("+8613800138000", "mobile"), ("+861065544321", "work"),
    ]  # fmt: skip
    assert (stored["department"], stored["birthday"]) == ("采购部", "--03-15")
    (account,) = await send.records()
    assert (account["name"], account["id"]) == ("未来科技", stored["accounts"][0]["account_id"])


async def test_one_object_a_line_is_read(send: Sender) -> None:
    await send('{"name": "Acme", "revenue": {"amount": "1.50", "currency": "EUR"}}\n',
               mapping={"name": "name", "revenue.amount": "revenue", "revenue.currency": "revenue_currency"})  # fmt: skip

    (stored,) = await send.records()
    assert stored["revenue"] == {"amount": "1.50", "currency": "EUR"}


async def test_refused_rows_come_back_as_they_were_with_their_reasons(send: Sender) -> None:
    found = await send(
        "name,email,staff_count,note\n"
        "Good,a@good.example,1,x\n"
        "Bad,a@@bad,many,=cmd|' /C calc'!A0\n"
        'Open,"quote,3\n'
    )  # fmt: skip

    text = await send.errors(found["id"])
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [
        "name",
        "email",
        "staff_count",
        "note",
        "Line in file",
        "Not imported because",
    ]
    bad = dict(zip(rows[0], rows[1], strict=True))
    assert bad["note"] == "'=cmd|' /C calc'!A0"  # no spreadsheet runs it
    assert bad["Line in file"] == "3"
    assert "staff_count: 'many' is not a number" in bad["Not imported because"]
    assert "email: " in bad["Not imported because"]
    assert found["job"]["errors"] == len(rows) - 1 == 2


async def test_a_cell_of_many_words_is_complained_of_once(send: Sender) -> None:
    found = await send("name,email\nBad,this is none\n")

    (row,) = csv.DictReader(io.StringIO(await send.errors(found["id"])))
    assert row["Not imported because"].count("@-sign") == 1


async def test_the_file_of_errors_can_be_corrected_and_sent_again(
    send: Sender, tmp_path: Path
) -> None:
    first = await send("name,staff_count\nAcme,many\n=SUM(1),few\n")
    path = tmp_path / "errors.csv"
    path.write_text((await send.errors(first["id"])).replace("many", "5").replace("few", "6"))
    assert [row.values["name"] for row in read_rows(path, sniff(path))] == ["Acme", "=SUM(1)"]
    second = await send(path.read_bytes())

    assert second["job"]["counts"]["created"] == 2
    assert {each["name"] for each in await send.records()} == {"Acme", "=SUM(1)"}


async def test_a_reason_names_the_column_and_the_cell(send: Sender) -> None:
    found = await send(
        "Firma,Tel 1,Mail 2,Bewertung\nAcme,13800138000,nonsense,Z\n",
        mapping={"Firma": "name", "Tel 1": "phone", "Mail 2": "email_2", "Bewertung": "grade"},
    )

    text = await send.errors(found["id"])
    assert "Mail 2: " in text
    assert "Bewertung: " in text


async def test_values_are_replaced_scaled_and_filled_in(send: Sender) -> None:
    await send(
        "account,sector,revenue\nAcme,technolgy,1100.04\nBeta,,2\n",
        mapping={
            "account": "name",
            "sector": {"field": "industry", "values": {"technolgy": "technology"}},
            "revenue": {"field": "revenue", "currency": "USD", "multiply": "1000000"},
        },
        defaults={"source": "Maven", "tags": ["imported"], "industry": "unknown"},
    )

    acme, beta = await send.records()
    assert (acme["industry"], beta["industry"]) == ("technology", "unknown")
    assert acme["revenue"] == {"amount": "1100040000.00", "currency": "USD"}
    assert (acme["source"], acme["tags"]) == ("Maven", ["imported"])


async def test_a_credit_limit_is_recognised_with_its_currency_and_refused_below_nothing(
    send: Sender,
) -> None:
    found = await send(
        "名称,信用额度,信用额度币种,年收入,币种\nAcme,500000,EUR,12,USD\nBeta,0,,,\nCui,-1,EUR,,\n"
    )
    acme, beta = await send.records()
    assert acme["credit_limit"] == {"amount": "500000.00", "currency": "EUR"}
    assert acme["revenue"] == {"amount": "12.00", "currency": "USD"}
    assert beta["credit_limit"] == {"amount": "0.00", "currency": "CNY"}
    assert "信用额度: must not be negative" in await send.errors(found["id"])


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 x", b"PK\x03\x04broken"])
async def test_what_is_no_table_is_refused_with_a_sentence(send: Sender, content: bytes) -> None:
    answer = await send.upload(content)

    assert answer.status_code == 422
    assert answer.json()["code"] == "unreadable_file"
    assert answer.json()["errors"]["file"]
