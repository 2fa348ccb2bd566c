"""Suggestions of a field for each column."""

import pytest

from guanxi_shared.tables.mapping import suggest

FIELDS = {
    "name": ["company", "company name", "公司名称", "客户名称"],
    "phone": ["telephone", "tel", "电话", "手机", "联系电话"],
    "email": ["e-mail", "mail", "邮箱", "电子邮件"],
    "city": ["town", "城市"],
    "region": ["state", "province", "省份"],
    "revenue": ["annual revenue", "营业额"],
    "billing_street": ["street"],
    "address_2": ["address line 2"],
}


@pytest.mark.parametrize(
    ("column", "field", "score"),
    [
        ("Company Name", "name", 1.0),
        ("COMPANY_NAME", "name", 1.0),
        ("companyName", "name", 1.0),
        ("公司名称", "name", 1.0),
        ("公司名稱", "name", 1.0),
        ("公司名称（必填）", "name", 1.0),
        ("*客户名称:", "name", 1.0),
        ("Ｅｍａｉｌ", "email", 1.0),
        ("E-Mail", "email", 1.0),
        ("Telephon", "phone", 0.94),
        ("Comapny Name", "name", 0.91),
        ("客户名", "name", 0.85),
        ("Name, Company", "name", 0.99),
        ("phones.0", "phone", 0.9),
        ("Address Line 2", "address_2", 1.0),
    ],
)
def test_a_column_finds_its_field(column: str, field: str, score: float) -> None:
    found, certainty = suggest([column], FIELDS)[column]
    assert found == field
    assert certainty == pytest.approx(score, abs=0.03)


@pytest.mark.parametrize(
    "column", ["Notes", "公司电话号", "Status", "County", "mailing street", "", "123", "---", "公"]
)
def test_a_column_like_nothing_is_left_out(column: str) -> None:
    assert suggest([column], FIELDS) == {}


def test_a_field_goes_to_the_best_column_only() -> None:
    found = suggest(["Compny", "Company", "客户名称", "City"], FIELDS)
    assert found == {"Company": ("name", 1.0), "City": ("city", 1.0)}


def test_a_numbered_group_shares_its_field() -> None:
    columns = ["Phone", "Phone 2", "phone_3", "Tel", "电话1"]
    assert list(suggest(columns, FIELDS)) == ["Phone", "Phone 2", "phone_3"]
    assert list(suggest(["电话1", "电话2", "email_1", "email_2"], FIELDS)) == [
        "电话1", "电话2", "email_1", "email_2",
    ]  # fmt: skip


def test_the_order_of_the_file_decides_between_equals() -> None:
    assert list(suggest(["电话", "手机"], FIELDS)) == ["电话"]
    assert list(suggest(["手机", "电话"], FIELDS)) == ["手机"]
