"""Scores: which evidence makes what likely, and what holds for all evidence."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.accounts.rules import found_by
from guanxi_contacts.duplicates.free_mail import is_free_mail
from guanxi_contacts.duplicates.keys import (
    account_keys,
    asked_of_account,
    asked_of_person,
    person_keys,
)
from guanxi_contacts.duplicates.rules import (
    WEIGHTS,
    Evidence,
    level_of,
    likeness,
    score_of,
    shared_keys,
)
from guanxi_contacts.people.rules import found_by as person_found_by
from guanxi_shared.matching import emails_as_stored, phones_as_stored

Row = dict[str, Any]


def row(*, phone: str | None = None, email: str | None = None, **fields: Any) -> Row:
    phones = phones_as_stored([{"number": phone}] if phone else [], "CN")
    emails = emails_as_stored([{"address": email}] if email else [])
    return {"phones": phones, "emails": emails, **fields}


def judged(resource: str, one: Row, other: Row) -> tuple[float, set[str]]:
    """What `one` finds of a stored `other` that its asker may see."""
    is_account = resource == "accounts"
    kept = (found_by if is_account else person_found_by)(other)["match_keys"]
    asked = (asked_of_account if is_account else asked_of_person)(one)
    evidence = shared_keys(asked, frozenset(kept)) + likeness(resource, one, other)
    return score_of(evidence, WEIGHTS[resource]), {each.kind for each in evidence}


WEILAI = "北京未来科技有限公司"


@pytest.mark.parametrize(
    ("one", "other", "level", "kind"),
    [
        (row(name=WEILAI), row(name=WEILAI), "likely", "name"),
        (row(name=WEILAI), row(name="北京未來科技股份有限公司"), "likely", "company_name"),
        (row(name=WEILAI), row(name="北京未来科技（中国）"), "likely", "company_name"),
        (row(name=WEILAI), row(name="Beijing Weilai Keji Ltd"), "possible", "pinyin"),
        (row(name="Beijing Weilai Keji"), row(name=WEILAI), "possible", "pinyin"),
        (row(name="Acme Industries"), row(name="Acme Industires Inc"), "possible", "similar_name"),
        (row(name="A", email="a@x.example"), row(name="B", email="A@X.example"), "certain", "email"),
        (row(name="A", phone="010-6554 4321"), row(name="B", phone="+861065544321"), "likely", "phone"),
        (row(name=WEILAI, domain="w.example"), row(name=WEILAI, domain="w.example"), "certain", "domain"),
        (row(name="A", website="https://www.w.example/x"), row(name="B", email="b@w.example"), "likely", "domain"),
        (row(name="A", external_id="7"), row(name="B", external_id="7"), "certain", "external_id"),
        (row(name="A", short_name="未来"), row(name="B", legal_name="未来有限公司"), "likely", "company_name"),
    ],
)  # fmt: skip
def test_accounts_are_alike_by(one: Row, other: Row, level: str, kind: str) -> None:
    score, kinds = judged("accounts", one, other)
    assert level_of(score) == level
    assert kind in kinds


def test_colleagues_who_share_a_switchboard_are_hardly_one() -> None:
    at = [{"account_id": "a", "is_primary": True}]
    one = row(name="李雷", phone="010-6554 4321", email="li@w.example", accounts=at)
    other = row(name="韩梅梅", phone="010-6554 4321", email="han@w.example", accounts=at)
    score, kinds = judged("contacts", one, other)
    assert level_of(score) == "possible"
    assert {"phone", "account", "mail_domain"} <= kinds
    assert level_of(judged("contacts", one, {**other, "name": "李 雷"})[0]) == "likely"
    mobile = {"phones": phones_as_stored([{"number": "13800138000"}], "CN")}
    assert level_of(judged("contacts", one | mobile, other | mobile)[0]) == "likely"
    home = {"phones": phones_as_stored([{"number": "010-6554 4321", "kind": "home"}], "CN")}
    assert level_of(judged("contacts", one | home, other | home)[0]) == "likely"


@pytest.mark.parametrize(
    ("one", "other", "level", "kind"),
    [
        (row(name="张三"), row(name="张三"), "possible", "name"),
        (row(name="张三"), row(name="張 三"), "possible", "name_spelling"),
        (row(name="张三"), row(name="San Zhang"), "possible", "pinyin"),
        (row(name="Zhang San"), row(name="San Zhang"), "possible", "name_spelling"),
        (row(name="A", email="a@qq.com"), row(name="B", email="A@QQ.com"), "certain", "email"),
        (row(name="张三", phone="13800138000"), row(name="张三", phone="138 0013 8000"), "likely", "phone"),
        (row(name="张三", accounts=[{"account_id": "1"}]), row(name="张三", accounts=[{"account_id": "1"}]), "likely", "account"),
        (row(name="张三", birthday="--03-15"), row(name="张三", birthday="--03-15"), "likely", "birthday"),
        (row(name="张三", email="z@w.example"), row(name="张三", email="san@w.example"), "likely", "mail_domain"),
    ],
)  # fmt: skip
def test_people_are_alike_by(one: Row, other: Row, level: str, kind: str) -> None:
    score, kinds = judged("contacts", one, other)
    assert level_of(score) == level
    assert kind in kinds


@pytest.mark.parametrize(
    ("resource", "one", "other"),
    [
        ("accounts", row(name="A", email="a@qq.com"), row(name="B", email="b@qq.com")),
        ("accounts", row(name="A", domain="163.com"), row(name="B", domain="163.com")),
        ("accounts", row(name="华为技术有限公司"), row(name="中兴通讯股份有限公司")),
        ("contacts", row(name="张三", email="a@w.example"), row(name="李四", phone="13800138000")),
        ("contacts", row(name="张三"), row(name="李四", given_name="三")),
    ],
)
def test_nothing_speaks_for_these(resource: str, one: Row, other: Row) -> None:
    assert judged(resource, one, other)[1] & set(WEIGHTS[resource]) - {"similar_name"} == set()


@pytest.mark.parametrize(
    ("domain", "is_free"),
    [("qq.com", True), ("Gmail.com", True), ("yahoo.co.jp", True), ("hotmail.fr", True),
     ("weilai.example", False), ("live.nation.example", False), ("mail.weilai.cn", False)],
)  # fmt: skip
def test_free_mail(domain: str, is_free: bool) -> None:
    assert is_free_mail(domain) is is_free


NAMES = st.sampled_from(
    [
        WEILAI,
        "北京未來科技",
        "Beijing Weilai Keji",
        "Acme Inc",
        "ACME",
        "张三",
        "San Zhang",
        "章三",
        "",
    ]
)
PHONES = st.sampled_from([None, "13800138000", "010-6554 4321"])
EMAILS = st.sampled_from([None, "a@w.example", "b@w.example", "a@qq.com"])
ROWS = st.builds(
    row, name=NAMES.filter(bool), legal_name=NAMES, domain=st.sampled_from([None, "w.example"]),
    phone=PHONES, email=EMAILS, external_id=st.sampled_from([None, "7"]),
    birthday=st.sampled_from([None, "1980-03-15"]),
)  # fmt: skip
RESOURCES = st.sampled_from(["accounts", "contacts"])


@given(RESOURCES, ROWS, ROWS)
def test_a_score_is_the_same_from_both_sides(resource: str, one: Row, other: Row) -> None:
    assert judged(resource, one, other)[0] == judged(resource, other, one)[0]


@given(ROWS)
def test_what_is_looked_for_is_what_is_kept(one: Row) -> None:
    """A record always finds its own like by every kind of evidence that its fields allow."""
    asked = {each.key for each in asked_of_account(one)}
    assert account_keys(one) <= asked
    assert person_keys(one) <= {each.key for each in asked_of_person(one)}


EVIDENCE = st.builds(
    Evidence, st.sampled_from(["name", "emails"]), st.sampled_from(sorted(WEIGHTS["contacts"])),
    st.just(""), st.floats(0, 1),
)  # fmt: skip


@given(st.lists(EVIDENCE), st.lists(EVIDENCE))
def test_more_evidence_never_lowers_a_score(some: list[Evidence], more: list[Evidence]) -> None:
    weights = WEIGHTS["contacts"]
    before, after = score_of(some, weights), score_of(some + more, weights)
    assert 0 <= before <= after <= 1
    assert score_of(list(reversed(some)), weights) == before
