"""Tables of quotes that come back, and what a file changes of quotes that are there."""

from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.contacts.transfers.sending import Sender
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_event,
    share_state,
)
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.products.selling import cny, made
from tests.pipeline.quotes.offering import act, line, quote, sent_quote, told
from tests.pipeline.transfers.quoting import (
    BY_KEY,
    BY_NUMBER,
    OWN,
    PATH,
    TABLE,
    by_external_id,
    counts,
    found_by,
    refused,
)
from tests.pipeline.transfers.test_exports import exported, table


@pytest.fixture
def send(send: Sender) -> Sender:
    return send.of("quotes")


async def test_a_table_of_drafts_comes_back_whole(
    send: Sender, sold: dict[str, Any], person: Known
) -> None:
    await send(TABLE, **BY_KEY)
    ann = await person("Ann")
    await quote(
        send.client, line("9.99", name="Desk, big", quantity=2.5, description="Oak\nwaxed"),
        line("5", discount=12.5, tax_rate=6.5, unit="h"), discount={"amount": cny("1.25")},
        contact_id=ann, language="en", terms="30 days", tags=["a", "b"], update_opportunity=True,
        opportunity_id=sold["deal"]["id"],
    )  # fmt: skip
    await made(send.client, PATH, name="Empty")
    before = await send.records()
    content = await exported(send, resource="quotes", format="csv")
    rows = table(content)
    assert len(rows) == 7
    first, second = [row for row in rows if row["number"] == "A-1"]
    assert (first["account"], first["opportunity"], first["revision"]) == (
        "北京未来科技",
        "Cloud",
        "1",
    )
    assert (first["quote_discount"], first["sku"], second["product"]) == ("2.0", "GX-1", "安装")
    whole = next(each for each in before if each["number"] == "A-1")
    assert first["quote_total"] == second["sum_total"] == whole["total"]["amount"]
    assert [row["line_net"] for row in (first, second)] == [
        each["net"]["amount"] for each in whole["lines"]
    ]
    for key in ("id", "number"):
        again = await send(content, key=key, duplicates="update")
        assert counts(again) == {"unchanged": 7}, await refused(send, again)
    assert await send.records() == before

    await send.client.delete(f"{PATH}/{whole['id']}")
    fresh = content.decode("utf-8-sig").replace(whole["id"], str(new_id()))
    again = await send(fresh.replace("A-1", "A-2"), key="id", duplicates="update")
    assert counts(again) == {"created": 2, "unchanged": 5}, await refused(send, again)
    copy = next(each for each in await send.records() if each["number"] == "A-2")
    same = OWN | {"update_opportunity"}
    assert {n: v for n, v in copy.items() if n not in same} == {
        n: v for n, v in whole.items() if n not in same
    }


async def test_formats_agree_and_a_filter_and_fields_are_kept(
    send: Sender, sold: dict[str, Any]
) -> None:
    await send(TABLE, **BY_KEY)
    filters = [{"field": "currency", "operator": "eq", "value": "EUR"}]
    asked: dict[str, Any] = {
        "resource": "quotes", "document": {"filter_groups": [{"filters": filters}]},
        "fields": ["number", "lines", "discount", "account_id"],
    }  # fmt: skip
    (row,) = table(await exported(send, format="csv", **asked))
    assert (row["account"], row["sku"], row["unit_price"], row["line_gross"]) == (
        "ACME GmbH", "GX-2", "11.90", "35.70",
    )  # fmt: skip
    assert "status" not in row
    streamed = await send.client.get("/v1/quotes/export?currency=EUR&format=csv")
    assert streamed.status_code == 200, streamed.text
    assert [each["sku"] for each in table(streamed.content)] == ["GX-2"]


async def test_changes_follow_the_rules_of_patches(send: Sender, sold: dict[str, Any]) -> None:
    await send(TABLE, **BY_KEY)
    before = await by_external_id(send)
    news = """external_id,account,opportunity,sku,product,quantity,unit_price,discount,valid_until,tags,quote_discount_amount,currency
1,,,GX-1,,20,,,2099-03-01,"big, new",,
2,,,,,,,,,,1.00,EUR
3,ACME GmbH,,,,,,,,,,
"""
    found = await send(news, **BY_KEY)
    assert counts(found) == {"updated": 3}, await refused(send, found)
    after = await by_external_id(send)
    assert [each["quantity"] for each in after["1"]["lines"]] == [20]
    assert (after["1"]["valid_until"], after["1"]["tags"]) == ("2099-03-01", ["big", "new"])
    assert after["1"]["lines"][0]["unit_price"] == cny("90.00")
    assert after["1"]["number"] == "A-1"
    assert after["2"]["lines"][0]["amount"] == before["2"]["lines"][0]["amount"]
    assert after["2"]["totals"]["total"]["amount"] == "34.70"
    assert (after["3"]["account_id"], after["3"]["lines"][0]["unit_price"]) == (
        sold["de"], cny("80.00"),
    )  # fmt: skip
    assert await found_by(send.client, "acme cloud") == [after["3"]["id"]]
    for each in after.values():
        assert await told(send.client, each) == ["created", "updated"]
    assert counts(await send(news, **BY_KEY)) == {"unchanged": 3}


async def test_what_was_approved_is_a_draft_again_and_what_was_sent_is_sealed(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    rule = {"name": "Deep discounts", "discount_from": 20, "approver": "user",
            "approver_id": str(organisation.admin.id)}  # fmt: skip
    await made(send.client, "/v1/quotes/approval-rules", **rule)
    rep = client(organisation.rep)
    header = "external_id,product,quantity,unit_price,discount,status,tags\n"
    text = f"{header}1,Desk,1,100,50,,\n2,Desk,1,100,,,\n"
    found = await send.by(rep)(text, **BY_KEY)
    assert counts(found) == {"created": 2}
    mine = await by_external_id(send)
    refusal = await act(rep, mine["1"], "send", 409)
    assert refusal["code"] == "approval_required"
    await act(rep, mine["1"], "submit")
    await act(send.client, mine["1"], "approve")
    await act(rep, mine["2"], "send")
    dearer = f"{header}1,Desk,2,100,50,,\n2,Desk,1,99,,,\n"
    found = await send.by(rep)(dearer, **BY_KEY)
    assert counts(found) == {"updated": 1, "refused": 1}
    (said,) = await refused(send.by(rep), found)
    assert said.startswith("3: ")
    assert "A quote that is sent stays as it is" in said
    after = await by_external_id(send)
    assert (after["1"]["status"], after["1"]["approvals"]) == ("draft", [])
    aside = await send(f"{header}1,Desk,2,100,50,draft,\n2,Desk,1,100,,sent,won\n", **BY_KEY)
    assert counts(aside) == {"updated": 1, "unchanged": 1}, await refused(send, aside)
    for status in ("accepted", "draft"):
        found = await send(f"external_id,status\n2,{status}\n", **BY_KEY)
        (said,) = await refused(send, found)
        assert f"A quote that is sent does not become {status} by a file" in said


async def test_a_number_means_the_newest_version(send: Sender) -> None:
    first = await sent_quote(send.client)
    second = await act(send.client, first, "revise", 201)
    number = first["number"]
    news = "number,product,quantity,unit_price\n{number},Desk,7,1\n"
    found = await send(news.format(number=number), **BY_NUMBER)
    assert counts(found) == {"updated": 1}, await refused(send, found)
    shown = {each["id"]: each for each in await send.records()}
    assert shown[first["id"]]["lines"] == first["lines"]
    assert [each["quantity"] for each in shown[second["id"]]["lines"]] == [7]
    found = await send(f"number,revision,tags\n{number},1,x\n", **BY_NUMBER)
    (said,) = await refused(send, found)
    assert f"It is version 2 of {number}." in said
    content = await exported(send, resource="quotes", format="csv")
    again = await send(content, key="id", duplicates="update")
    assert counts(again) == {"unchanged": 2}, await refused(send, again)


async def test_an_amount_is_set_of_a_deal_alone_that_one_may_change(
    send: Sender, client: Clients, organisation: Organisation, stages: Stages,
    service_database: Database,
) -> None:  # fmt: skip
    rep, other = client(organisation.rep), client(organisation.other_rep)
    deal = await made(other, "/v1/opportunities", name="Theirs")
    share = share_state(deal["id"], resource="opportunities", user=organisation.rep)
    await apply_to_directory(service_database, [directory_event(organisation.id, "share", share)])
    mine = send.by(rep)
    header = "external_id,opportunity,update_opportunity,product,quantity,unit_price\n"
    found = await mine(f"{header}1,Theirs,yes,A,1,1\n2,Theirs,no,A,1,1\n", **BY_KEY)
    assert counts(found) == {"created": 1, "refused": 1}
    own = "2: opportunity: 'Theirs': you may read this opportunity but not change it."
    assert await refused(mine, found) == [own]
    for row in ("2,Theirs,yes,,,\n", "2,,yes,,,\n"):
        found = await mine(header + row, **BY_KEY)
        (said,) = await refused(mine, found)
        assert "change" in said, said
    (kept,) = await mine.records()
    assert not kept["update_opportunity"]
    assert counts(await send(f"{header}2,,yes,,,\n", **BY_KEY)) == {"updated": 1}
