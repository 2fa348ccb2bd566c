"""Accounts and contacts as cards of an address book, by what the Accept header asks for."""

import io
from typing import Any

import httpx
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_contacts.cards.rules import wanted_version
from guanxi_contacts.exports import rules
from guanxi_shared.errors import Malformed
from guanxi_shared.tables.content_lines import printable
from guanxi_shared.tables.vcard_writer import VcardWriter
from tests.factories import Clients, Organisation, User

V4 = {"accept": "text/vcard"}
V3 = {"accept": "text/vcard; version=3.0"}
PERSON: dict[str, Any] = {
    "family_name": "欧阳", "given_name": "伟明", "title": "经理; 销售", "department": "Sales, North",
    "birthday": "1980-03-15", "tags": ["重点", "a; b"],
    "description": "one, two\nthree\\four " + "长" * 60,
    "phones": [{"number": "010 1234", "kind": "work"}, {"number": "13800138000", "kind": "mobile", "is_primary": True}],
    "emails": [{"address": "o@weilai.example"}, {"address": "p@weilai.example", "kind": "home", "is_primary": True}],
    "addresses": [{"street": "中关村大街1号", "city": "北京", "country": "CN", "postcode": "100080", "latitude": 39.9},
                  {"kind": "home", "city": "天津", "latitude": 39.1, "longitude": 117.2}],
}  # fmt: skip


async def made(client: Clients, user: User, what: str, **fields: Any) -> dict[str, Any]:
    answer = await client(user).post(f"/v1/{what}", json=fields)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


def cards_of(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/vcard; charset=utf-8; version=")
    assert max(map(len, answer.content.split(b"\r\n"))) <= 75
    return list(vobject.readComponents(io.StringIO(answer.content.decode(), newline="")))


async def test_one_person_is_a_card_that_holds_all_of_them(
    client: Clients, organisation: Organisation
) -> None:
    account = await made(client, organisation.rep, "accounts", name="未来科技, 北京")
    link = [{"account_id": account["id"], "role": "buyer"}]
    person = await made(client, organisation.rep, "contacts", **PERSON, accounts=link)
    rep, path = client(organisation.rep), f"/v1/contacts/{person['id']}"
    [card] = cards_of(await rep.get(path, headers=V3))
    assert card.version.value == "3.0"
    assert (card.n.value.family, card.n.value.given) == ("欧阳", "伟明")
    assert card.sort_string.value == "Ouyang Weiming"
    assert card.org.value == ["未来科技, 北京", "Sales, North"]
    assert (card.title.value, card.note.value) == (PERSON["title"], PERSON["description"])
    assert [each.value for each in card.tel_list] == ["13800138000", "010 1234"]
    assert card.tel.params["TYPE"] == ["CELL", "PREF"]
    assert [each.value for each in card.email_list] == ["p@weilai.example", "o@weilai.example"]
    assert [each.value.city for each in card.adr_list] == ["北京", "天津"]
    assert (card.bday.value, card.uid.value) == ("1980-03-15", person["id"])
    assert card.categories.value == sorted(PERSON["tags"])
    whole = (await rep.get(path, headers=V4)).text.replace("\r\n ", "")
    for line in (
        "VERSION:4.0", "KIND:individual", f"UID:urn:uuid:{person['id']}", "BDAY:19800315",
        'N;SORT-AS="Ouyang,Weiming":欧阳;伟明;;;', "TEL;TYPE=cell;PREF=1:13800138000", "GEO:geo:39.1,117.2",
    ):  # fmt: skip
        assert f"\r\n{line}\r\n" in whole, line
    assert "\r\nREV:" in whole


async def test_a_company_is_an_organisation_and_a_consumer_is_not(
    client: Clients, organisation: Organisation
) -> None:
    firm = await made(
        client, organisation.rep, "accounts", name="Firma", website="https://f.example"
    )
    human = await made(client, organisation.rep, "accounts", name="Ann", kind="person")
    rep = client(organisation.rep)
    shown = (await rep.get(f"/v1/accounts/{firm['id']}", headers=V4)).text
    alone = (await rep.get(f"/v1/accounts/{human['id']}", headers=V4)).text
    assert ("KIND:org" in shown, "ORG:Firma" in shown) == (True, True)
    assert ("KIND:individual" in alone, "ORG" in alone) == (True, False)


async def test_a_list_and_a_search_are_pages_of_cards_to_the_end(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for n in range(5):
        await made(client, organisation.rep, "contacts", name=f"P{n}", department="Q" if n else "R")
    found, path = [], "/v1/contacts?limit=2&sort=name&department=Q"
    while path:
        answer = await rep.get(path, headers=V4)
        found.append([each.fn.value for each in cards_of(answer)])
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert found == [["P1", "P2"], ["P3", "P4"]]
    where = [{"filters": [{"field": "department", "operator": "eq", "value": "Q"}]}]
    document: dict[str, Any] = {"filter_groups": where, "sorts": ["-name"], "limit": 3}
    first = await rep.post("/v1/contacts/search", json=document, headers=V3)
    document["cursor"] = first.headers["x-next-cursor"]
    second = await rep.post("/v1/contacts/search", json=document, headers=V3)
    assert [c.fn.value for c in cards_of(first) + cards_of(second)] == ["P4", "P3", "P2", "P1"]
    assert "x-next-cursor" not in second.headers
    refused = await rep.get("/v1/contacts?nonsense=1", headers=V4)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["nonsense"])


async def test_cards_show_what_the_caller_sees_and_no_more(
    client: Clients, organisation: Organisation
) -> None:
    hidden = await made(client, organisation.other_rep, "accounts", name="Hidden Holding")
    theirs = await made(client, organisation.other_rep, "contacts", name="Theirs")
    link = [{"account_id": hidden["id"]}]
    mine = await made(client, organisation.admin, "contacts", name="Mine", accounts=link,
                      owner_id=str(organisation.rep.id))  # fmt: skip
    rep = client(organisation.rep)
    answer = await rep.get("/v1/contacts", headers=V4)
    assert [card.fn.value for card in cards_of(answer)] == ["Mine"]
    one = await rep.get(f"/v1/contacts/{mine['id']}", headers=V4)
    assert "Hidden" not in answer.text + one.text
    assert (await rep.get(f"/v1/contacts/{theirs['id']}", headers=V4)).status_code == 404
    assert (await client().get("/v1/contacts", headers=V4)).status_code == 401


async def test_an_unchanged_card_is_not_sent_again_and_an_erased_one_is_gone(
    client: Clients, organisation: Organisation
) -> None:
    person = await made(client, organisation.rep, "contacts", name="Erna Karte")
    rep, path = client(organisation.rep), f"/v1/contacts/{person['id']}"
    first = await rep.get(path, headers=V4)
    known = V4 | {"if-none-match": first.headers["etag"]}
    assert (await rep.get(path, headers=known)).status_code == 304
    assert (await rep.get(path)).headers["etag"] == '"1"'
    await rep.patch(path, json={"title": "Neu"})
    assert (await rep.get(path, headers=known)).status_code == 200
    body = {"reason": "subject_request"}
    await client(organisation.admin).post(path + "/erase", json=body)
    assert (await rep.get(path, headers=V4)).status_code == 410
    assert "Erna" not in (await rep.get("/v1/contacts", headers=V4)).text


async def test_chosen_fields_of_an_export_make_cards_with_a_name(
    client: Clients, organisation: Organisation
) -> None:
    await made(client, organisation.rep, "contacts", **PERSON)
    await made(client, organisation.rep, "accounts", name="Firma", phones=[{"number": "1"}])
    rep = client(organisation.rep)
    people = await rep.get("/v1/contacts/export?format=vcard-3.0&fields=phones")
    firms = await rep.get("/v1/accounts/export?format=vcard&fields=phones")
    [card] = vobject.readComponents(people.text)
    assert (card.n.value.family, card.tel.value) == ("欧阳", "13800138000")
    assert not hasattr(card, "title")
    assert "KIND:org" in firms.text


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("", None), ("*/*", None), ("application/json", None), ("text/vcard", "4.0"),
        ("text/vcard; version=3.0", "3.0"), ('TEXT/VCARD;version="4.0"', "4.0"), ("text/x-vcard", "4.0"),
        ("application/json, text/vcard", None), ("text/vcard, application/json", "4.0"),
        ("text/vcard;q=0.5, application/json", None), ("text/vcard, */*;q=0.1", "4.0"),
        ("text/vcard;q=0", None), ("text/vcard;q=x", None), ("text/vcard;version=3.0;q=0.8, text/vcard;q=0.9", "4.0"),
        ("text/vcard, */*", "4.0"), ("text/vcardigan", None),
    ],
)  # fmt: skip
def test_who_prefers_cards_gets_cards(accept: str, version: str | None) -> None:
    assert wanted_version(accept) == version


async def test_a_version_that_is_not_written_is_refused(
    client: Clients, organisation: Organisation
) -> None:
    with pytest.raises(Malformed):
        wanted_version("text/vcard; version=2.1")
    headers = {"accept": "text/vcard; version=2.1"}
    answer = await client(organisation.rep).get("/v1/accounts", headers=headers)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["accept"])


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
).filter(printable)


@settings(max_examples=100, deadline=None)
@given(family=TEXTS, given_name=TEXTS, note=TEXTS, tag=TEXTS, street=TEXTS)
def test_any_text_comes_back_from_a_card(
    family: str, given_name: str, note: str, tag: str, street: str
) -> None:
    person = {
        "id": "1", "name": family, "family_name": family, "given_name": given_name,
        "description": note, "tags": [tag], "addresses": [{"street": street, "city": "c"}],
    }  # fmt: skip
    raw = VcardWriter(version="3.0").rows([rules.card(person, account=lambda _: None)])
    card = vobject.readOne(raw.decode())
    assert card.fn.value == printable(family)
    assert card.n.value.family == printable(family)
    assert card.n.value.given == printable(given_name)
    assert card.note.value == printable(note)
    assert card.categories.value == [printable(tag)]
    assert card.adr.value.street == printable(street)
