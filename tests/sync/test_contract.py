"""Each line of the contract of `/v1/sync`, through the gateway of the running suite."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.deadlines import eventually
from tests.suite import locked, waiting
from tests.sync.conftest import Person, World, created, deleted, person, uid, updated

pytestmark = pytest.mark.system

TABLES = {
    "accounts", "contacts", "activities", "opportunities", "products", "tickets", "ticket_comments",
}  # fmt: skip
COLUMNS = {
    "accounts": "name industry region phone email latitude longitude owner_id grade updated_at",
    "contacts": "account_id name title phone email owner_id updated_at",
    "activities": "kind subject body status starts_at done_at account_id contact_id opportunity_id"
    " latitude longitude owner_id",
    "opportunities": "account_id name stage_id amount_minor currency close_on status owner_id updated_at",
    "products": "sku name price_minor currency",
    "tickets": "number subject status priority account_id contact_id updated_at",
    "ticket_comments": "ticket_id body visibility created_at",
}


def events_of(by: Person, path: str) -> list[str]:
    return [event["type"] for event in by.found(f"{path}/history")["data"]]


# --- pull -------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["null", "undefined", "", "0", None])
def test_a_first_sync_has_many_words_and_brings_everything_as_created(
    rep: Person, word: str | None
) -> None:
    account = rep.made("/v1/accounts", name="first sync")
    params = {} if word is None else {"last_pulled_at": word}
    answer = rep.client.get("/v1/sync/pull", params=params, headers=rep.headers).json()
    assert set(answer) == {"changes", "timestamp"}
    assert set(answer["changes"]) == TABLES
    for each in answer["changes"].values():
        assert set(each) == {"created", "updated", "deleted"}
        assert each["updated"] == each["deleted"] == []
    assert account["id"] in [row["id"] for row in answer["changes"]["accounts"]["created"]]
    assert type(answer["timestamp"]) is int
    assert 0 < answer["timestamp"] < 2**53


def test_rows_have_their_columns_and_no_others(world: World, rep: Person) -> None:
    account = rep.made(
        "/v1/accounts", name="columns", phones=[{"number": "010-6554 4321"}], grade="A",
        addresses=[{"city": "上海", "latitude": 31.2, "longitude": 121.5}],
    )  # fmt: skip
    someone = rep.made("/v1/contacts", name="李四", accounts=[{"account_id": account["id"]}])
    about = {"account_ids": [account["id"]], "contact_ids": [someone["id"]]}
    visit = rep.made(
        "/v1/activities", kind="visit", subject="v", starts_at="2026-11-02T01:00:00Z", **about
    )
    deal = rep.made(
        "/v1/opportunities", name="d", account_id=account["id"], close_on="2027-02-28",
        amount={"amount": "99.99", "currency": "USD"},
    )  # fmt: skip
    ticket = rep.made(
        "/v1/tickets", subject="t", account_id=account["id"], requester_id=someone["id"]
    )
    words = rep.made(f"/v1/tickets/{ticket['id']}/comments", body="said")
    pulled = rep.pull()
    rows = {
        "accounts": account, "contacts": someone, "activities": visit, "opportunities": deal,
        "tickets": ticket, "ticket_comments": words,
    }  # fmt: skip
    for table, record in rows.items():
        assert set(pulled.row(table, record["id"])) == {"id", *COLUMNS[table].split()}, table
    assert pulled.row("accounts", account["id"]) | {"updated_at": 0} == {
        "id": account["id"], "name": "columns", "industry": None, "region": None,
        "phone": "010-6554 4321", "email": None, "latitude": 31.2, "longitude": 121.5,
        "owner_id": rep.id, "grade": "A", "updated_at": 0,
    }  # fmt: skip
    assert pulled.row("contacts", someone["id"])["account_id"] == account["id"]
    assert pulled.row("activities", visit["id"])["starts_at"] == 1793581200000
    sold = pulled.row("opportunities", deal["id"])
    assert (sold["amount_minor"], sold["currency"], sold["close_on"]) == (9999, "USD", "2027-02-28")
    assert pulled.row("tickets", ticket["id"])["contact_id"] == someone["id"]
    assert pulled.row("ticket_comments", words["id"])["body"] == "said"
    products = pulled.body["changes"]["products"]["created"]
    assert [(p["sku"], p["price_minor"], p["currency"]) for p in products] == [
        ("P-1", 123450, "CNY")
    ]


def test_nothing_new_is_nothing_at_all_and_the_cursor_stays(rep: Person) -> None:
    first = rep.pull()
    second = rep.pull()
    assert second.is_empty
    assert second.timestamp == first.timestamp


def test_the_cursor_never_falls(rep: Person) -> None:
    seen = [rep.pull().timestamp]
    for number in range(4):
        rep.made("/v1/accounts", name=f"rising {number}")
        seen.append(rep.pull().timestamp)
    assert seen == sorted(set(seen))


def test_what_others_make_is_created_and_what_a_phone_made_itself_is_updated(
    world: World, rep: Person
) -> None:
    second, nameless = rep.another_phone(), Person(rep.client, rep.id, None)
    for phone in (rep, second, nameless):
        phone.pull()
    id = uid()
    assert rep.push(created("accounts", {"id": id, "name": "made on a phone"})).json() == {}
    assert rep.pull().where("accounts", id) == "updated"
    assert second.pull().where("accounts", id) == "created"
    assert nameless.pull().where("accounts", id) == "updated"
    assert rep.pull().where("accounts", id) is None


def test_a_change_is_updated_and_a_deletion_deleted(rep: Person) -> None:
    one = rep.made("/v1/accounts", name="one")
    rep.pull()
    rep.changed(f"/v1/accounts/{one['id']}", region="华东")
    assert rep.pull().row("accounts", one["id"])["region"] == "华东"
    rep.call("DELETE", f"/v1/accounts/{one['id']}").raise_for_status()
    assert rep.pull().where("accounts", one["id"]) == "deleted"
    rep.call("POST", f"/v1/accounts/{one['id']}/restore").raise_for_status()
    assert rep.pull().where("accounts", one["id"]) == "created"


def test_what_came_and_went_in_between_is_told_to_nobody_who_could_not_have_it(
    world: World, rep: Person
) -> None:
    rep.pull()
    theirs = world.other.made("/v1/accounts", name="never seen")
    world.other.call("DELETE", f"/v1/accounts/{theirs['id']}").raise_for_status()
    assert rep.pull().where("accounts", theirs["id"]) is None


def test_a_merged_account_goes_and_its_survivor_changes(rep: Person) -> None:
    stays = rep.made("/v1/accounts", name="survivor")
    goes = rep.made("/v1/accounts", name="double")
    mover = rep.made("/v1/contacts", name="moves", accounts=[{"account_id": goes["id"]}])
    rep.pull()
    rep.call(
        "POST", "/v1/merges",
        json={"resource": "accounts", "survivor_id": stays["id"], "source_ids": [goes["id"]]},
    ).raise_for_status()  # fmt: skip
    pulled = rep.pull()
    assert pulled.where("accounts", goes["id"]) == "deleted"
    assert pulled.row("contacts", mover["id"])["account_id"] == stays["id"]


@pytest.mark.parametrize("cursor", ["123456789", str(2**53 - 1), "99999999999999999999"[:16]])
def test_a_cursor_that_nobody_knows_gets_everything_as_a_replacement(
    rep: Person, cursor: str
) -> None:
    account = rep.made("/v1/accounts", name="replacement")
    rep.cursor = cursor
    pulled = rep.pull()
    assert pulled.is_anew
    assert pulled.where("accounts", account["id"]) == "created"
    assert 0 < pulled.timestamp < 2**53
    assert not rep.pull().is_anew


def test_another_persons_cursor_is_none(world: World, rep: Person) -> None:
    mine = world.other.another_phone()
    mine.pull()
    rep.cursor = mine.cursor
    assert rep.pull().is_anew


def test_many_lost_answers_do_not_lose_the_cursor_that_a_phone_has(rep: Person) -> None:
    rep.pull()
    held = rep.cursor
    ids = []
    for number in range(8):
        ids.append(rep.made("/v1/accounts", name=f"lost {number}")["id"])
        rep.cursor = held
        pulled = rep.pull()
        assert not pulled.is_anew
        assert [pulled.where("accounts", id) for id in ids] == ["created"] * len(ids)


def test_a_migration_brings_its_tables_whole_and_its_columns_where_they_hold_something(
    rep: Person,
) -> None:
    plain = rep.made("/v1/accounts", name="plain")
    graded = rep.made("/v1/accounts", name="graded", grade="B")
    task = rep.made("/v1/activities", kind="task", subject="task")
    rep.pull()
    migration = (
        '{"from":1,"tables":["activities","from_the_future"],'
        '"columns":[{"table":"accounts","columns":["grade","nonsense"]},{"table":"later","columns":["x"]}]}'
    )
    pulled = rep.pull(migration=migration)
    assert pulled.where("activities", task["id"]) == "created"
    assert pulled.where("accounts", graded["id"]) == "updated"
    assert pulled.where("accounts", plain["id"]) is None


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("last_pulled_at", "yesterday"), ("last_pulled_at", "-1"), ("last_pulled_at", "1.5"),
        ("last_pulled_at", "١٢"), ("migration", "{"), ("migration", "[1]"),
        ("migration", '{"columns":[1]}'), ("migration", '{"columns":[{"table":"accounts"}]}'),
    ],
)  # fmt: skip
def test_a_pull_that_makes_no_sense_is_told_what_is_wrong(
    rep: Person, parameter: str, value: str
) -> None:
    answer = rep.client.get("/v1/sync/pull", params={parameter: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [parameter]


def test_a_device_id_is_short(rep: Person) -> None:
    answer = rep.client.get("/v1/sync/pull", headers={"x-device-id": "x" * 65})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["X-Device-Id"])


def test_answers_are_packed_for_whoever_takes_it(rep: Person) -> None:
    for n in range(5):  # enough to be worth it, whatever ran before
        rep.made("/v1/accounts", name=f"packed {n}")
    plain = rep.client.get("/v1/sync/pull", headers={"accept-encoding": "identity"})
    packed = rep.client.get("/v1/sync/pull", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json()["changes"] == plain.json()["changes"]


# --- push -------------------------------------------------------------------------------------


def test_a_push_needs_no_content_type_and_drops_what_is_the_clients_own(rep: Person) -> None:
    rep.pull()
    id = uid()
    record = {
        "id": id,
        "name": "plain text",
        "_status": "created",
        "_changed": "",
        "other": {"a": 1},
    }
    answer = rep.push(created("accounts", record))
    assert (answer.status_code, answer.json()) == (200, {})
    assert rep.found(f"/v1/accounts/{id}")["name"] == "plain text"
    history = rep.found(f"/v1/accounts/{id}/history")["data"]
    assert [(e["type"], e["channel"], e["actor_id"]) for e in history] == [
        ("contacts.account.created", "sync", rep.id)
    ]


def test_a_created_that_exists_is_an_update_and_an_updated_that_never_was_a_create(
    rep: Person,
) -> None:
    known = rep.made("/v1/accounts", name="known")
    rep.pull()
    new = uid()
    sent = created("accounts", {"id": known["id"], "name": "renamed"})
    sent["accounts"]["updated"] = [{"id": new, "name": "never seen"}]
    assert rep.push(sent).json() == {}
    assert rep.found(f"/v1/accounts/{known['id']}")["name"] == "renamed"
    assert rep.found(f"/v1/accounts/{new}")["name"] == "never seen"


def test_an_update_of_what_was_deleted_has_to_pull_first(rep: Person) -> None:
    one = rep.made("/v1/accounts", name="to be deleted")
    rep.pull()
    rep.call("DELETE", f"/v1/accounts/{one['id']}").raise_for_status()
    answer = rep.push(updated("accounts", {"id": one["id"], "name": "too late"}))
    assert (answer.status_code, answer.json()["conflicts"]) == (409, {"accounts": [one["id"]]})
    assert rep.pull().where("accounts", one["id"]) == "deleted"
    # A phone that has it all the same, who knows why, is told once more instead of failing for ever.
    assert rep.push(updated("accounts", {"id": one["id"], "name": "x"})).status_code == 409
    assert rep.pull().where("accounts", one["id"]) == "deleted"


def test_deleting_what_is_unknown_or_gone_is_nothing(rep: Person, world: World) -> None:
    gone = rep.made("/v1/accounts", name="gone")
    theirs = world.other.made("/v1/accounts", name="not mine")
    rep.call("DELETE", f"/v1/accounts/{gone['id']}").raise_for_status()
    rep.pull()
    answer = rep.push(deleted("accounts", uid(), gone["id"], theirs["id"], "not-a-uuid"))
    assert (answer.status_code, answer.json()) == (200, {})
    assert world.other.found(f"/v1/accounts/{theirs['id']}")["name"] == "not mine"


def test_a_deletion_takes_along_what_belongs_to_it_alone(rep: Person) -> None:
    a, b = (rep.made("/v1/accounts", name=name)["id"] for name in ("goes", "stays"))
    alone = rep.made("/v1/contacts", name="alone", accounts=[{"account_id": a}])["id"]
    both = rep.made(
        "/v1/contacts", name="both", accounts=[{"account_id": a}, {"account_id": b}]
    )["id"]  # fmt: skip
    visit = rep.made("/v1/activities", kind="task", subject="t", account_ids=[a])["id"]
    deal = rep.made("/v1/opportunities", name="d", account_id=a)["id"]
    rep.pull()
    assert rep.push(deleted("accounts", a)).json() == {}
    for path, status in {
        f"/v1/accounts/{a}": 404, f"/v1/accounts/{b}": 200, f"/v1/contacts/{alone}": 404,
        f"/v1/contacts/{both}": 200, f"/v1/activities/{visit}": 404, f"/v1/opportunities/{deal}": 404,
    }.items():  # fmt: skip
        assert rep.call("GET", path).status_code == status, path
    pulled = rep.pull()
    for table, id in (("contacts", alone), ("activities", visit), ("opportunities", deal)):
        assert pulled.where(table, id) == "deleted"


def test_one_conflict_anywhere_keeps_everything_from_being_written(rep: Person) -> None:
    deal = rep.made("/v1/opportunities", name="contested")
    rep.pull()
    rep.changed(f"/v1/opportunities/{deal['id']}", name="by the office")
    id = uid()
    sent = created("accounts", {"id": id, "name": "waits"})
    sent |= updated("opportunities", {"id": deal["id"], "name": "by the phone"})
    answer = rep.push(sent)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["conflicts"] == {"opportunities": [deal["id"]]}
    assert rep.call("GET", f"/v1/accounts/{id}").status_code == 404
    rep.pull()
    assert rep.push(sent).json() == {}
    assert rep.found(f"/v1/opportunities/{deal['id']}")["name"] == "by the phone"
    assert rep.found(f"/v1/accounts/{id}")["name"] == "waits"


def test_deleting_what_somebody_edited_has_to_pull_first(rep: Person) -> None:
    one = rep.made("/v1/accounts", name="edited")
    rep.pull()
    rep.changed(f"/v1/accounts/{one['id']}", region="x")
    assert rep.push(deleted("accounts", one["id"])).status_code == 409
    assert rep.pull().where("accounts", one["id"]) == "updated"
    assert rep.push(deleted("accounts", one["id"])).json() == {}


def test_the_same_push_once_more_changes_nothing(rep: Person) -> None:
    rep.pull()
    a, c, v, o, t, w = (uid() for _ in range(6))
    sent = {
        **created("accounts", {"id": a, "name": "twice", "phone": "138 0013 8000", "latitude": 1.5, "longitude": 2.5}),
        **created("contacts", {"id": c, "name": "twice", "account_id": a, "email": "A.b@Weilai.Example"}),
        **created("activities", {"id": v, "kind": "visit", "subject": "twice", "starts_at": 1795940000000,
                                 "status": "done", "account_id": a, "contact_id": c, "opportunity_id": o}),
        **created("opportunities", {"id": o, "name": "twice", "account_id": a, "amount_minor": 100, "currency": "JPY"}),
        **created("tickets", {"id": t, "subject": "twice", "account_id": a, "contact_id": c}),
        **created("ticket_comments", {"id": w, "ticket_id": t, "body": "twice", "visibility": "public"}),
    }  # fmt: skip
    assert rep.push(sent).json() == {}
    paths = {
        f"/v1/accounts/{a}": 1, f"/v1/contacts/{c}": 1, f"/v1/activities/{v}": 1, f"/v1/opportunities/{o}": 1,
    }  # fmt: skip
    assert rep.found(f"/v1/opportunities/{o}")["amount"] == {"amount": "100", "currency": "JPY"}
    version = rep.found(f"/v1/tickets/{t}")["version"]
    for _ in range(2):
        assert rep.push(sent).json() == {}
    for path, wanted in paths.items():
        assert rep.found(path)["version"] == wanted, path
        assert len(events_of(rep, path)) == 1, path
    assert rep.found(f"/v1/tickets/{t}")["version"] == version
    assert len(rep.found(f"/v1/tickets/{t}/comments")["data"]) == 1


def test_what_a_rule_refuses_is_named_and_the_rest_is_written(world: World, rep: Person) -> None:
    theirs = world.other.made("/v1/accounts", name="theirs")
    shared = world.other.made("/v1/accounts", name="only to look at")
    world.admin.made(
        "/v1/shares", resource="accounts", record_id=shared["id"], user_id=rep.id, access="read"
    )
    rep.pull()
    good, nameless, stray, handed = (uid() for _ in range(4))
    sent = created(
        "accounts",
        {"id": good, "name": "good"},
        {"id": nameless, "name": "   "},
        {"id": "Ab3dEf6hIj9kLm2n", "name": "an id of WatermelonDB's own"},
        {"id": handed, "name": "given away", "owner_id": world.other.id},
    )
    sent["accounts"]["updated"] = [
        {"id": theirs["id"], "name": "mine now"}, {"id": shared["id"], "name": "changed"},
    ]  # fmt: skip
    sent |= created("contacts", {"id": stray, "name": "stray", "account_id": theirs["id"]})
    sent |= created("products", {"id": uid(), "sku": "new", "name": "new"})
    sent |= created("opportunities", {"id": uid(), "name": "x", "stage_id": uid()})
    answer = rep.push(sent)
    assert answer.status_code == 200
    rejected = answer.json()["experimentalRejectedIds"]
    wanted = {nameless, "Ab3dEf6hIj9kLm2n", handed, theirs["id"], shared["id"]}
    assert set(rejected.pop("accounts")) == wanted
    assert {table: len(ids) for table, ids in rejected.items()} == {
        "contacts": 1, "products": 1, "opportunities": 1,
    }  # fmt: skip
    assert rep.found(f"/v1/accounts/{good}")["name"] == "good"
    assert world.other.found(f"/v1/accounts/{theirs['id']}")["name"] == "theirs"
    assert world.other.found(f"/v1/accounts/{shared['id']}")["name"] == "only to look at"


CONTENT: list[tuple[str, Any, str, Any]] = [
    ("accounts", {"name": 12345}, "name", "12345"),
    ("accounts", {"name": "x" * 900}, "name", "x" * 300),
    ("accounts", {"name": "nul\x00 inside"}, "name", "nul inside"),
    ("accounts", {"name": "n", "industry": ["a"]}, "industry", None),
    ("accounts", {"name": "n", "grade": "AAA"}, "grade", None),
    ("accounts", {"name": "n", "email": "no address"}, "emails", []),
    ("accounts", {"name": "n", "latitude": 999, "longitude": 1}, "latitude", None),
    ("accounts", {"name": "n", "latitude": True, "longitude": 1}, "latitude", None),
    ("accounts", {"name": "n", "owner_id": "somebody"}, "name", "n"),
    ("activities", {"kind": "séance", "subject": "s"}, "kind", "note"),
    ("activities", {"kind": "task", "subject": "s", "status": "begun"}, "status", "planned"),
    ("activities", {"kind": "visit", "subject": "s", "starts_at": "soon"}, "starts_at", None),
    ("activities", {"kind": "visit", "subject": "s", "starts_at": 1e300}, "starts_at", None),
    ("activities", {"kind": "visit", "subject": "s", "status": "planned", "done_at": 1795940000000}, "done_at", None),
    ("activities", {"kind": "note", "subject": "s", "status": "planned", "starts_at": 5}, "status", "done"),
    ("opportunities", {"name": "n", "amount_minor": 10.5, "currency": "CNY"}, "amount", None),
    ("opportunities", {"name": "n", "amount_minor": 10, "currency": "ZZZ"}, "amount", {"amount": "0.10", "currency": "CNY"}),
    ("opportunities", {"name": "n", "close_on": "31/12/2027"}, "close_on", None),
    ("opportunities", {"name": "n", "close_on": 1798675200000}, "close_on", "2026-12-31"),
    ("tickets", {"subject": "s", "priority": "asap"}, "priority", "normal"),
    ("tickets", {"subject": "s", "status": "Very Broken"}, "status_kind", "new"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "record", "field", "wanted"), CONTENT)
def test_content_is_made_to_fit_or_left_out(
    rep: Person, table: str, record: dict[str, Any], field: str, wanted: Any
) -> None:
    rep.pull()
    id = uid()
    answer = rep.push(created(table, {"id": id, **record}))
    assert (answer.status_code, answer.json()) == (200, {})
    assert rep.found(f"/v1/{table}/{id}")[field] == wanted


MALFORMED: list[tuple[Any, str]] = [
    (b"", ""), (b"{", ""), (b"\xff\xfe", ""), ([], "body"), ("x", "body"),
    ({"planets": {"created": []}}, "planets"),
    ({"accounts": []}, "accounts"),
    ({"accounts": {"created": {}}}, "accounts.created"),
    ({"accounts": {"created": ["x"]}}, "accounts.created.0"),
    ({"accounts": {"created": [{"name": "x"}]}}, "accounts.created.0.id"),
    ({"accounts": {"created": [{"id": 5}]}}, "accounts.created.0.id"),
    ({"accounts": {"created": [{"id": "x" * 65}]}}, "accounts.created.0.id"),
    ({"accounts": {"deleted": [{"id": "x"}]}}, "accounts.deleted.0"),
    ({"accounts": {"deleted": [None]}}, "accounts.deleted.0"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "field"), MALFORMED)
def test_a_malformed_push_is_told_where_and_leaves_nothing(
    rep: Person, body: Any, field: str
) -> None:
    rep.pull()
    id = uid()
    if isinstance(body, dict):
        body = {**created("contacts", {"id": id, "name": "before the mistake"}), **body}
    answer = rep.push(body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ([field] if field else [])
    assert rep.call("GET", f"/v1/contacts/{id}").status_code == 404


def test_half_a_character_at_the_end_of_a_text_does_not_stop_a_phone(rep: Person) -> None:
    rep.pull()
    id = uid()
    raw = f'{{"accounts":{{"created":[{{"id":"{id}","name":"cut \\ud83d"}}]}}}}'.encode()
    assert rep.push(raw).json() == {}
    assert rep.found(f"/v1/accounts/{id}")["name"] == "cut"


def test_a_person_who_was_erased_goes_from_the_phone(world: World, rep: Person) -> None:
    person_id = rep.made("/v1/contacts", name="to be forgotten")["id"]
    rep.pull()
    world.admin.call(
        "POST", f"/v1/contacts/{person_id}/erase", json={"reason": "subject_request"}
    ).raise_for_status()
    assert rep.pull().where("contacts", person_id) == "deleted"
    answer = rep.push(updated("contacts", {"id": person_id, "name": "back"}))
    assert answer.status_code == 409 or answer.json() == {
        "experimentalRejectedIds": {"contacts": [person_id]}
    }
    assert rep.call("GET", f"/v1/contacts/{person_id}").status_code in (404, 410)


def test_a_push_may_be_packed_and_not_too_long(rep: Person) -> None:
    rep.pull()
    id = uid()
    raw = f'{{"accounts":{{"created":[{{"id":"{id}","name":"packed"}}]}}}}'.encode()
    headers = {"content-encoding": "gzip", **rep.headers}
    asked = {"last_pulled_at": str(rep.cursor)}
    sent = [gzip.compress(raw), raw, gzip.compress(raw)[:-9], gzip.compress(b" " * (11 << 20))]
    statuses = [
        rep.client.post("/v1/sync/push", params=asked, content=each, headers=headers).status_code
        for each in sent
    ]
    assert statuses == [200, 400, 400, 413]
    assert rep.found(f"/v1/accounts/{id}")["name"] == "packed"
    assert rep.push(b" " * ((10 << 20) + 1)).status_code == 413


def test_a_push_without_a_cursor_makes_but_does_not_overwrite(rep: Person) -> None:
    known = rep.made("/v1/accounts", name="known")
    id = uid()
    assert rep.push(created("accounts", {"id": id, "name": "new"})).json() == {}
    assert rep.push(updated("accounts", {"id": known["id"], "name": "x"})).status_code == 409
    rep.cursor = 12345
    assert rep.push(updated("accounts", {"id": known["id"], "name": "x"})).status_code == 409
    assert rep.push(updated("accounts", {"id": known["id"], "name": "known"})).json() == {}


def test_one_column_of_a_list_leaves_the_rest_of_it(rep: Person) -> None:
    one = rep.made(
        "/v1/accounts", name="lists",
        phones=[{"number": "010-1111 1111", "kind": "mobile", "is_primary": True}, {"number": "010-2222 2222"}],
        emails=[{"address": "a@weilai.example"}],
        addresses=[{"kind": "billing", "city": "北京"}, {"kind": "office", "city": "上海", "latitude": 1, "longitude": 2}],
    )  # fmt: skip
    rep.pull()
    record = {"id": one["id"], "phone": "010-3333 3333", "email": None, "latitude": 3.5}
    assert rep.push(updated("accounts", record)).json() == {}
    stored = rep.found(f"/v1/accounts/{one['id']}")
    assert [(p["number"], p["kind"], p["is_primary"]) for p in stored["phones"]] == [
        ("010-3333 3333", "mobile", True), ("010-2222 2222", "work", False),
    ]  # fmt: skip
    assert stored["emails"] == []
    assert [(a["city"], a.get("latitude"), a.get("longitude")) for a in stored["addresses"]] == [
        ("北京", None, None), ("上海", 3.5, 2),
    ]  # fmt: skip


def test_a_deal_moves_by_its_stage_and_a_visit_keeps_its_length(rep: Person) -> None:
    account = rep.made("/v1/accounts", name="of the deal")
    deal = rep.made(
        "/v1/opportunities", name="moves", account_id=account["id"], close_on="2027-06-30",
        amount={"amount": "100.00", "currency": "CNY"},
    )  # fmt: skip
    stages = rep.found("/v1/pipelines")["data"][0]["stages"]
    later = [s["id"] for s in stages if s["kind"] == "open"][1]
    visit = rep.made(
        "/v1/activities", kind="visit", subject="v",
        starts_at="2027-03-01T01:00:00Z", ends_at="2027-03-01T02:30:00Z",
    )  # fmt: skip
    rep.pull()
    sent = updated("opportunities", {"id": deal["id"], "stage_id": later})
    sent |= updated("activities", {"id": visit["id"], "starts_at": 1803873600000})
    assert rep.push(sent).json() == {}
    assert rep.found(f"/v1/opportunities/{deal['id']}")["stage_id"] == later
    assert events_of(rep, f"/v1/opportunities/{deal['id']}")[0] == "pipeline.opportunity.moved"
    moved = rep.found(f"/v1/activities/{visit['id']}")
    assert (moved["starts_at"], moved["ends_at"]) == (
        "2027-03-01T04:00:00Z", "2027-03-01T05:30:00Z",
    )  # fmt: skip


def test_a_word_that_nobody_knows_does_not_make_a_note_public(rep: Person) -> None:
    ticket = rep.made("/v1/tickets", subject="quiet")
    rep.pull()
    id = uid()
    record = {"id": id, "ticket_id": ticket["id"], "body": "psst", "visibility": "team-only"}
    assert rep.push(created("ticket_comments", record)).json() == {}
    assert rep.found(f"/v1/tickets/{ticket['id']}/comments/{id}")["visibility"] == "internal"


# --- who sees what ----------------------------------------------------------------------------


def test_a_team_sees_what_is_its_and_a_leader_what_their_people_have(world: World) -> None:
    leader, mate, mover = (
        world.people[name].another_phone() for name in ("leader", "mate", "mover")
    )
    record = mate.made("/v1/accounts", name="of a mate")
    assert leader.pull().where("accounts", record["id"]) == "created"
    assert mover.pull().where("accounts", record["id"]) is None
    mate.changed(f"/v1/accounts/{record['id']}", team_id=world.teams["south"])
    assert mover.pull().where("accounts", record["id"]) == "created"
    mate.changed(f"/v1/accounts/{record['id']}", team_id=None)
    assert mover.pull().where("accounts", record["id"]) == "deleted"
    assert leader.pull().where("accounts", record["id"]) == "updated"


def test_another_organisation_neither_sees_nor_reaches_anything(world: World, rep: Person) -> None:
    secret = rep.made("/v1/accounts", name="canary-7f3a")
    rep.pull()
    made = world.suite.new_organisation("Strangers")
    stranger = person(world.suite, "", made.email, made.password)
    answer = stranger.call("GET", "/v1/sync/pull")
    assert "canary-7f3a" not in answer.text
    assert secret["id"] not in answer.text
    stranger.cursor = rep.cursor
    assert stranger.pull().is_anew
    push = stranger.push(deleted("accounts", secret["id"]))
    assert (push.status_code, push.json()) == (200, {})
    assert rep.found(f"/v1/accounts/{secret['id']}")["name"] == "canary-7f3a"


def test_who_may_not_write_may_not_push(world: World) -> None:
    reader = world.reader
    assert reader.push(created("accounts", {"id": uid(), "name": "x"})).status_code == 403
    nobody = httpx.post(f"{world.suite.url}/v1/sync/push", content=b"{}")
    assert nobody.status_code == 401


def test_a_profile_narrows_a_phone_and_widens_it_again(world: World) -> None:
    leader = world.leader.another_phone()
    own = leader.made("/v1/accounts", name="the leader's own")
    mates = world.mate.made("/v1/accounts", name="a mate's")
    old = leader.made(
        "/v1/activities", kind="call", subject="long ago", status="done",
        starts_at="2020-01-01T00:00:00Z", done_at="2020-01-01T00:00:00Z",
    )  # fmt: skip
    assert leader.found("/v1/sync/profile") == {"records": "all", "activity_days": None}
    first = leader.pull()
    assert first.where("accounts", mates["id"]) == first.where("activities", old["id"]) == "created"
    wanted = {"records": "mine", "activity_days": 90}
    try:
        assert leader.call("PUT", "/v1/sync/profile", json=wanted).json() == wanted
        narrowed = leader.pull()
        assert narrowed.where("accounts", mates["id"]) == "deleted"
        assert narrowed.where("accounts", own["id"]) is None
        assert narrowed.where("activities", old["id"]) == "deleted"
        assert leader.pull().is_empty
        leader.call("PUT", "/v1/sync/profile", json={"records": "team"}).raise_for_status()
        widened = leader.pull()
        assert widened.where("accounts", mates["id"]) == "created"
        assert widened.where("activities", old["id"]) == "created"
    finally:
        leader.call("PUT", "/v1/sync/profile", json={}).raise_for_status()
    refused = leader.call("PUT", "/v1/sync/profile", json={"records": "everything"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["records"])


# --- when things break ------------------------------------------------------------------------


def test_what_ended_between_two_services_is_completed_by_the_same_push(
    world: World, rep: Person
) -> None:
    """Contacts has written its part, pipeline was never asked: as after a crash in between."""
    rep.pull()
    a, o = uid(), uid()
    sent = created("accounts", {"id": a, "name": "half way"})
    sent |= created("opportunities", {"id": o, "name": "half way", "account_id": a})
    contacts = next(p["port"] for p in world.suite.processes() if p["name"] == "contacts")
    part = {"device_id": rep.device, "changes": {"accounts": sent["accounts"]}}
    done = httpx.post(
        f"http://127.0.0.1:{contacts}/internal/sync/apply", json=part,
        headers={"authorization": f"Bearer {rep.token}"},
    )  # fmt: skip
    assert done.json() == {"conflicts": {}, "rejected": {}, "gone": {}}
    assert rep.found(f"/v1/accounts/{a}")["version"] == 1
    assert rep.push(sent).json() == {}
    assert rep.found(f"/v1/opportunities/{o}")["account_id"] == a
    assert rep.found(f"/v1/accounts/{a}")["version"] == 1
    assert rep.pull().where("accounts", a) == "updated"


def test_a_deletion_that_reached_one_service_alone_is_completed_by_the_next_pull(
    world: World, rep: Person
) -> None:
    """Killed while pipeline waits for a row: contacts has deleted, its deals are still there. WatermelonDB then
    pulls first, and says no more that the account was to go."""
    a, kept = (rep.made("/v1/accounts", name=name)["id"] for name in ("torn", "brought back"))
    deal, other = (
        rep.made("/v1/opportunities", name="d", account_id=id)["id"] for id in (a, kept)
    )  # fmt: skip
    rep.pull()
    with ThreadPoolExecutor(1) as pool, locked(world.suite, "pipeline.opportunities", deal, other):
        pushing = pool.submit(rep.push, deleted("accounts", a, kept))
        eventually(lambda: rep.call("GET", f"/v1/accounts/{a}").status_code == 404)
        world.suite.kill("gateway", "pipeline")
        with pytest.raises(httpx.TransportError):
            pushing.result()
    world.suite.until_ready()
    assert rep.call("GET", f"/v1/opportunities/{deal}").status_code == 200, "nothing was torn"
    rep.call("POST", f"/v1/accounts/{kept}/restore").raise_for_status()
    pulled = rep.pull()
    assert pulled.where("accounts", a) == "deleted"
    assert pulled.where("opportunities", deal) == "deleted"
    assert rep.call("GET", f"/v1/opportunities/{deal}").status_code == 404
    for path in (f"/v1/accounts/{kept}", f"/v1/opportunities/{other}"):
        assert rep.call("GET", path).status_code == 200, path
    rep.made("/v1/opportunities", name="later", account_id=kept)
    assert rep.pull().where("opportunities", other) is None


def test_a_push_that_waits_for_whoever_waits_for_it_is_written_all_the_same(
    world: World, rep: Person
) -> None:
    """What goes along with a deleted account is found on the way, in no order that others keep."""
    a = rep.made("/v1/accounts", name="waits")["id"]
    alone = rep.made("/v1/contacts", name="alone", accounts=[{"account_id": a}])["id"]
    rep.pull()
    with ThreadPoolExecutor(1) as pool:
        with locked(world.suite, "contacts.contacts", alone) as hold:
            pushing = pool.submit(rep.push, deleted("accounts", a))
            eventually(lambda: waiting(world.suite))
            hold("contacts.accounts", a)
        answer = pushing.result()
    assert (answer.status_code, answer.json()) == (200, {})
    for path in (f"/v1/accounts/{a}", f"/v1/contacts/{alone}"):
        assert rep.call("GET", path).status_code == 404, path


def test_the_same_push_at_once_makes_one_of_each(rep: Person) -> None:
    rep.pull()
    ids = [uid() for _ in range(5)]
    sent = created("accounts", *({"id": id, "name": f"at once {id}"} for id in ids))
    with ThreadPoolExecutor(4) as pool:
        answers = [f.result() for f in [pool.submit(rep.push, sent) for _ in range(4)]]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert all("experimentalRejectedIds" not in answer.json() for answer in answers)
    assert rep.push(sent).json() == {}
    for id in ids:
        assert rep.found(f"/v1/accounts/{id}")["version"] == 1
