"""The pure rules of leads, under all that can be sent."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_pipeline.conversions.rules import answered, new_account, new_contact
from guanxi_pipeline.errors import ReasonUnknown
from guanxi_pipeline.lead_duplicates.rules import (
    candidates,
    level_of,
    score_of,
    shared_reasons,
    strong,
)
from guanxi_pipeline.lead_forms.rules import lead_from
from guanxi_pipeline.leads.rules import (
    columns_from,
    demand_reason,
    found_by,
    name_for,
    recycled,
    response_due,
)
from guanxi_shared.errors import Invalid
from guanxi_shared.web_forms.rules import counted_as, texts_of

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEYS = st.lists(
    st.builds(lambda kind, value: f"{kind}:{value}", st.sampled_from("xepcdnz"), st.sampled_from("abc")),
    unique=True, max_size=8,
)  # fmt: skip
LEAD: dict[str, Any] = {
    "name": "张三", "company": "Acme", "title": None, "industry": "software", "region": None,
    "source": "fair", "domain": None, "website": None, "tags": [], "description": None,
    "emails": [{"address": "a@acme.example", "kind": "work", "is_primary": True}],
    "phones": [{"number": "1", "kind": "work", "is_primary": True, "e164": None}], "team_id": None,
}  # fmt: skip


@given(one=KEYS, other=KEYS)
def test_two_leads_are_alike_from_both_sides(one: list[str], other: list[str]) -> None:
    reasons = shared_reasons(one, other)
    assert reasons == shared_reasons(other, one)
    assert 0 <= score_of(reasons) <= 1
    assert len({reason["field"] for reason in reasons}) == len(reasons)
    assert level_of(score_of(reasons)) in ("certain", "likely", "possible")


@given(one=KEYS, other=KEYS, more=st.sampled_from(["e:q", "p:q", "c:q"]))
def test_one_more_thing_in_common_never_makes_them_less_alike(
    one: list[str], other: list[str], more: str
) -> None:
    before = score_of(shared_reasons(one, other))
    assert score_of(shared_reasons([*one, more], [*other, more])) >= before


@given(own=KEYS, others=st.lists(KEYS, max_size=6))
def test_whoever_shares_something_strong_is_a_candidate(
    own: list[str], others: list[list[str]]
) -> None:
    rows = [{"id": i, "match_keys": keys} for i, keys in enumerate(others)]
    found = candidates(own, rows)
    ids = {row["id"] for row, _, _ in found}
    assert {row["id"] for row in rows if set(strong(own)) & set(row["match_keys"])} <= ids
    assert [score for _, score, _ in found] == sorted((s for _, s, _ in found), reverse=True)


@given(
    status=st.integers(200, 499),
    code=st.sampled_from(["", "id_taken", "not_unique", "x", "still_running"]),
)
def test_a_step_is_made_away_or_refused_and_only_what_is_there_counts_as_made(
    status: int, code: str
) -> None:
    found = answered(status, {"code": code, "errors": {"name": "No."}}, part="account")
    if found.outcome == "made":
        assert status < 300 or (status == 409 and code in ("id_taken", "not_unique"))
    if found.outcome == "refused":
        assert found.problem["status"] == status >= 300
        assert list(found.problem["errors"]) == ["account.name"]


@pytest.mark.parametrize("has_contact", [True, False])
def test_how_somebody_is_reached_goes_with_the_person(has_contact: bool) -> None:
    account_id = UUID(int=1)
    account = new_account(LEAD, {}, id=account_id, owner_id=None, has_contact=has_contact)
    assert ("emails" in account) is not has_contact
    contact = new_contact(
        LEAD, {"title": "CEO"}, id=UUID(int=2), owner_id=None, account_id=account_id
    )
    assert (contact["emails"], contact["title"]) == (LEAD["emails"], "CEO")
    assert contact["accounts"][0]["account_id"] == account["id"]
    assert "e164" not in contact["phones"][0]


@given(form=st.none() | st.integers(1, 10**6), own=st.none() | st.integers(1, 10**6))
def test_the_form_s_minutes_go_before_the_organisation_s(form: int | None, own: int | None) -> None:
    due = response_due(NOW, (form, own))
    minutes = form if form is not None else own
    assert due == (None if minutes is None else NOW + timedelta(minutes=minutes))


def test_a_reason_is_of_the_list_unless_any_is_taken() -> None:
    demand_reason("boring", reasons=(), is_free=True)
    demand_reason("no budget", reasons=("no budget",), is_free=False)
    with pytest.raises(ReasonUnknown, match="boring"):
        demand_reason("boring", reasons=("no budget",), is_free=False)


@given(count=st.integers(0, 50), keeps=st.booleans())
def test_recycling_counts_and_forgets_the_first_response(count: int, keeps: bool) -> None:
    columns = recycled({"recycled_count": count}, keeps_owner=keeps, now=NOW, due_at=None)
    assert (columns["status"], columns["recycled_count"]) == ("new", count + 1)
    assert columns["first_responded_at"] is None
    assert ("owner_id" in columns) is not keeps


@settings(deadline=None)  # the first name has the dictionary of pinyin read
@given(name=st.text(max_size=40), company=st.text(max_size=40))
def test_a_lead_with_any_name_is_called_by_it_and_found(name: str, company: str) -> None:
    columns = columns_from({"name": name, "company": company or None}, region="CN")
    if not name and not company:
        with pytest.raises(Invalid):
            name_for(columns)
        return
    columns["name"] = name_for(columns)
    words = found_by(columns)
    assert columns["name"] == (name or company)
    kinds = {key.partition(":")[0] for key in words["match_keys"]}
    assert kinds == ({"n", "c"} if company else {"n"})


@given(
    prefix=st.integers(0, 2**64 - 1), one=st.integers(0, 2**64 - 1), other=st.integers(0, 2**64 - 1)
)
def test_a_household_counts_as_one(prefix: int, one: int, other: int) -> None:
    addresses = [ipaddress.IPv6Address(prefix << 64 | host) for host in (one, other)]
    if any(address.ipv4_mapped for address in addresses):
        return
    assert len({counted_as(str(address)) for address in addresses}) == 1


@given(st.dictionaries(st.sampled_from(["name", "email", "fax", "status", "owner_id", "consent"]),
                       st.text(max_size=20) | st.booleans() | st.none() | st.integers(), max_size=6))  # fmt: skip
def test_a_form_gives_a_lead_nothing_that_it_does_not_ask_for(sent: dict[str, Any]) -> None:
    form = {
        "fields": [{"name": "name", "is_required": False}, {"name": "email", "is_required": False}],
        "honeypot": "fax", "consent_text": None, "is_consent_required": False,
    }  # fmt: skip
    texts = texts_of(sent)
    wrong = set(texts) & {"status", "owner_id", "consent"}
    if wrong:
        with pytest.raises(Invalid) as refused:
            lead_from(texts, form, {})
        assert set(refused.value.errors) == wrong
    else:
        assert set(lead_from(texts, form, {})) <= {"name", "emails"}
