"""Stories of composites, over the running suite."""

from typing import Any
from uuid import uuid4

import pytest

from tests.composite.conftest import one, perform, statuses
from tests.sync.conftest import Person, World, uid

pytestmark = pytest.mark.system


def word(start: str) -> str:
    return f"{start} {uuid4().hex[:10]}"


def named(by: Person, name: str) -> list[Any]:
    found: list[Any] = by.call("GET", "/v1/accounts", params={"name": name}).json()["data"]
    return found


def test_three_records_that_name_each_other_are_saved_in_one_round_trip(rep: Person) -> None:
    name = word("round trip")
    answer = perform(
        rep,
        one("POST", "/v1/accounts", {"name": name}, ref="account"),
        one("POST", "/v1/contacts", {"name": "王小明", "accounts": [{"account_id": "{{account.id}}"}]}, ref="who"),
        one("POST", "/v1/activities", {
            "kind": "note", "subject": "met {{who.name}} of {{account.name}}",
            "account_ids": ["{{account.id}}"], "contact_ids": ["{{who.id}}"],
        }, ref="note"),
        whole=True,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert statuses(answer) == [201, 201, 201]
    account, who, note = answer.json()["responses"]
    assert answer.json()["outcome"] == "done"
    assert account["headers"]["etag"] == '"1"'
    assert account["headers"]["location"] == f"/v1/accounts/{account['body']['id']}"
    assert who["body"]["accounts"][0]["account_id"] == account["body"]["id"]
    assert note["body"]["subject"] == f"met 王小明 of {name}"
    history = rep.found(f"/v1/accounts/{account['body']['id']}/history")["data"]
    assert {entry["channel"] for entry in history if entry["actor_kind"] == "user"} == {"composite"}


GONE, THERE = 404, 200


@pytest.mark.parametrize("refused_at", [0, 1, 2, 3])
def test_whatever_is_refused_nothing_is_kept(rep: Person, refused_at: int) -> None:
    """Create, change and delete before a refusal; at each place in turn."""
    old = rep.made("/v1/accounts", name=word("old"), industry="retail", tags=["a"])
    gone = rep.made("/v1/accounts", name=word("gone"))
    ids = uid()
    requests = [
        one("POST", "/v1/accounts", {"id": ids, "name": word("new")}, ref="new"),
        one("PATCH", f"/v1/accounts/{old['id']}", {"industry": "mining", "tags": ["b"], "parent_id": "{{new.id}}"}),
        one("DELETE", f"/v1/accounts/{gone['id']}"),
    ]  # fmt: skip
    requests.insert(refused_at, one("POST", "/v1/accounts", {"name": ""}))
    if refused_at == 0:
        requests[1]["reference_id"] = "new"
    answer = perform(rep, *requests, whole=True)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert (told["code"], told["outcome"]) == ("composite_refused", "nothing")
    assert f"requests[{refused_at}].body.name" in told["errors"]
    assert told["responses"][refused_at]["status"] == 422
    codes = [each["body"]["code"] for each in told["responses"]]
    assert codes[:refused_at] == ["undone"] * refused_at
    assert codes[refused_at + 1 :] == ["not_tried"] * (3 - refused_at)
    assert rep.call("GET", f"/v1/accounts/{ids}").status_code == GONE
    assert rep.call("GET", f"/v1/accounts/{gone['id']}").status_code == THERE
    now = rep.found(f"/v1/accounts/{old['id']}")
    for field in ("industry", "tags", "parent_id", "name"):
        assert now[field] == old[field], field


def test_the_services_are_many_and_the_last_one_undoes_the_first(rep: Person) -> None:
    name = word("several services")
    stage = rep.found("/v1/pipelines")["data"]
    assert stage is not None
    lead = rep.made("/v1/leads", name=word("lead"), company="x")
    answer = perform(
        rep,
        one("POST", "/v1/accounts", {"name": name}, ref="a"),
        one("PATCH", f"/v1/leads/{lead['id']}", {"company": "{{a.name}}"}),
        one("POST", "/v1/tickets", {"subject": "s", "account_id": "{{a.id}}", "kind": "nonsense"}),
        whole=True,
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["outcome"] == "nothing"
    assert rep.found(f"/v1/leads/{lead['id']}")["company"] == "x"
    assert named(rep, name) == []


def test_alone_each_request_stands_for_itself(rep: Person) -> None:
    name = word("alone")
    answer = perform(
        rep,
        one("POST", "/v1/accounts", {"name": ""}, ref="bad"),
        one("POST", "/v1/accounts", {"name": name}, ref="good"),
        one(
            "POST",
            "/v1/contacts",
            {"name": "x", "accounts": [{"account_id": "{{bad.id}}"}]},
            ref="built",
        ),
        one("GET", "/v1/accounts/{{good.id}}", ref="read"),
        one("PATCH", "/v1/accounts/{{good.id}}", {"industry": "{{read.nothing}}"}),
        one("GET", "/v1/contacts/{{built.id}}"),
        one("GET", f"/v1/accounts/{uid()}"),
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "answered"
    assert statuses(answer) == [422, 201, 424, 200, 424, 424, 404]
    told = answer.json()["responses"]
    assert "requests[0] (bad) was not done" in told[2]["body"]["detail"]
    assert "requests[4]" in told[4]["body"]["errors"]
    assert told[0]["body"]["errors"]["name"]
    assert len(named(rep, name)) == 1


def test_a_repeat_gets_the_same_outcome_and_does_nothing_twice(rep: Person) -> None:
    name, key = word("repeat"), uuid4().hex
    for whole in (True, False):
        asked = [
            one("POST", "/v1/accounts", {"name": f"{name} {whole}"}),
            one("GET", "/v1/accounts?limit=1"),
        ]
        first = perform(rep, *asked, whole=whole, key=f"{key}{whole}")
        rep.made("/v1/accounts", name=word("in between"))
        again = perform(rep, *asked, whole=whole, key=f"{key}{whole}")
        assert (first.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert len(named(rep, f"{name} {whole}")) == 1
        other = perform(rep, asked[0], whole=whole, key=f"{key}{whole}")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refusal_is_repeated_too(rep: Person) -> None:
    key, name = uuid4().hex, word("refused twice")
    asked = [one("POST", "/v1/accounts", {"name": name}), one("POST", "/v1/leads", {})]
    first, again = (perform(rep, *asked, whole=True, key=key) for _ in range(2))
    assert first.status_code == again.status_code == 422
    assert again.json() == first.json()
    assert again.headers["content-type"] == "application/problem+json"
    assert named(rep, name) == []


def test_what_can_be_told_before_is_refused_before_anything_is_done(world: World) -> None:
    by, others = world.rep, world.other
    theirs = others.made("/v1/accounts", name=word("theirs"))
    mine = by.made("/v1/accounts", name=word("mine"))
    new = one("POST", "/v1/accounts", {"name": word("before")})
    unseen = perform(
        by, new, one("PATCH", f"/v1/accounts/{theirs['id']}", {"industry": "x"}), whole=True
    )
    stale = perform(
        by,
        new,
        one("PATCH", f"/v1/accounts/{mine['id']}", {"industry": "x"}, if_match='"9"'),
        whole=True,
    )
    assert (unseen.status_code, statuses(unseen)) == (422, [424, 404])
    assert (stale.status_code, statuses(stale)) == (422, [424, 412])
    reader = perform(world.reader, new, whole=True)
    assert (reader.status_code, reader.json()["code"]) == (403, "permission_missing")
    assert named(by, new["body"]["name"]) == []
    alone = perform(world.reader, new)
    assert statuses(alone) == [403]


def test_one_record_may_be_made_changed_and_changed_again(rep: Person) -> None:
    name = word("in a row")
    steps = [
        one("POST", "/v1/accounts", {"name": name}, ref="a"),
        one("PATCH", "/v1/accounts/{{a.id}}", {"industry": "retail"}),
        one("PATCH", "/v1/accounts/{{a.id}}", {"industry": "mining"}),
    ]
    refused = perform(rep, *steps, one("POST", "/v1/leads", {}), whole=True)
    assert (refused.status_code, refused.json()["outcome"]) == (422, "nothing")
    assert named(rep, name) == []
    done = perform(rep, *steps, whole=True)
    assert statuses(done) == [201, 200, 200]
    assert [found["industry"] for found in named(rep, name)] == ["mining"]


def test_what_cannot_be_taken_back_may_be_the_last_request_alone(rep: Person) -> None:
    name = word("irreversible")
    new = one("POST", "/v1/tickets", {"subject": name}, ref="t")
    say = one("POST", "/v1/tickets/{{t.id}}/comments", {"body": "hello", "visibility": "public"})
    first = perform(rep, new, say, one("GET", "/v1/tickets/{{t.id}}"), whole=True)
    assert first.status_code == 422
    assert list(first.json()["errors"]) == ["requests[1].url"]
    assert statuses(perform(rep, new, say, whole=True)) == [201, 201]
