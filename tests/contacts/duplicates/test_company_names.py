"""Company names without legal form and spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.duplicates.company_names import compact_company_name, readings_of


@pytest.mark.parametrize(
    ("name", "compact"),
    [
        ("北京未来科技有限公司", "北京未来科技"),
        ("北京未來科技股份有限公司", "北京未来科技"),
        ("北京未来科技（中国）有限责任公司", "北京未来科技"),
        ("北京 未来 科技 集团有限公司", "北京未来科技"),
        ("北京未来科技集团股份有限公司", "北京未来科技"),
        ("北京未来科技总公司", "北京未来科技"),
        ("Ｂｅｉｊｉｎｇ　Ｗｅｉｌａｉ Co.,Ltd", "beijingweilai"),
        ("Acme", "acme"),
        ("ACME Inc.", "acme"),
        ("Acme, Incorporated", "acme"),
        ("Acme (China) Co., Ltd.", "acme"),
        ("The Acme Corporation", "acme"),
        ("Acme L.L.C.", "acme"),
        ("Acme Pty Ltd", "acme"),
        ("Acme Public Limited Company", "acme"),
        ("Müller GmbH & Co. KG", "muller"),
        ("MÜLLER AG", "muller"),
        ("Société Générale S.A.", "societegenerale"),
        ("Dupont S.à r.l.", "dupont"),
        ("Rossi S.r.l.", "rossi"),
        ("Philips B.V.", "philips"),
        ("Nokia Oyj", "nokia"),
        ("Volvo AB", "volvo"),
        ("Novo Nordisk A/S", "novonordisk"),
        ("Kowalski Sp. z o.o.", "kowalski"),
        ("Grupo Sol S.A. de C.V.", "gruposol"),
        ("PT Maju Tbk", "maju"),
        ("Procter & Gamble", "proctergamble"),
        ("Procter and Gamble Co", "proctergamble"),
        ("トヨタ自動車株式会社", "トヨタ自动车"),
        ("㈱トヨタ自動車", "トヨタ自动车"),
        ("Toyota Jidosha K.K.", "toyotajidosha"),
        ("주식회사 삼성전자", "삼성전자"),
        ("삼성전자(주)", "삼성전자"),
        ("TCL科技集团股份有限公司", "tcl科技"),
    ],
)
def test_a_legal_form_and_the_spelling_do_not_count(name: str, compact: str) -> None:
    assert compact_company_name(name) == compact


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("北京未来科技有限公司", "上海未来科技有限公司"),
        ("华为技术", "华为终端"),
        ("Acme East", "Acme West"),
        ("AB Volvo", "Scania AB"),
        ("未来科技(北京)有限公司", "未来科技(上海)有限公司"),
    ],
)
def test_other_companies_stay_others(one: str, other: str) -> None:
    assert compact_company_name(one) != compact_company_name(other)


@pytest.mark.parametrize("name", ["有限公司", "公司", "Ltd", "GmbH", "新公司", "The", "Y", "& Co"])
def test_a_name_that_is_nothing_but_a_legal_form_keeps_something(name: str) -> None:
    assert compact_company_name(name)


@given(st.text(max_size=140))
def test_a_compact_name_is_compact_already(name: str) -> None:
    once = compact_company_name(name)
    assert compact_company_name(once) == once
    assert " " not in once


FORMS = st.sampled_from(
    ["有限公司", "股份有限公司", "集团有限公司", " Ltd.", " GmbH", " Co., Ltd", "株式会社"]
)


@given(st.text(alphabet="北京未来科技华为中兴国际", min_size=2, max_size=8), FORMS, FORMS)
def test_any_form_on_the_same_name_gives_the_same(name: str, one: str, other: str) -> None:
    assert compact_company_name(name + one) == compact_company_name(name + other)


@pytest.mark.parametrize(
    ("compact", "readings"),
    [
        ("北京未来科技", ("beijingweilaikeji",)),
        ("tcl科技", ("tclkeji",)),
        ("acme", ()),
        ("重庆银行", ("chongqingyinhang",)),
        ("中", ()),
        ("", ()),
    ],
)
def test_readings(compact: str, readings: tuple[str, ...]) -> None:
    assert readings_of(compact) == readings
