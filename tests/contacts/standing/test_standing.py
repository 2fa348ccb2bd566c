"""Where accounts stand: every way to move them keeps who, when and why."""

import asyncio
from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User

PATH = "/v1/accounts"
LOST = {"lifecycle_stage": "lost", "reason": "They signed with a competitor."}


async def created(client: Clients, user: User, **fields: Any) -> dict[str, Any]:
    answer = await client(user).post(PATH, json={"name": "北京未来科技有限公司", **fields})
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def standing(client: Clients, user: User, account: dict[str, Any], **asked: Any) -> Any:
    answer = await client(user).get(f"{PATH}/{account['id']}/standing", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (entry["dimension"], entry["from"], entry["to"], entry["reason"], entry["source"])
        for entry in found["history"]
    ]


async def test_a_new_account_stands_where_its_create_put_it_without_a_row_of_its_own(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    account = await created(client, organisation.rep, grade="B", needs_tier="esteem")
    found = await standing(client, organisation.rep, account)
    assert told(found) == [
        ("needs_tier", None, "esteem", None, "by_hand"),
        ("lifecycle_stage", None, "prospect", None, "by_hand"),
        ("grade", None, "B", None, "by_hand"),
    ]
    grade = found["present"]["grade"]
    assert (grade["value"], grade["how"]["at"]) == ("B", account["created_at"])
    assert grade["how"]["actor_id"] == str(organisation.rep.id)
    assert grade["how"]["actor_name"] == "rep"
    assert (grade["how"]["days"], grade["how"]["until"]) == (0, None)
    assert found["present"]["relationship_level"] == {
        "value": None, "how": None,
        "next": ["basic", "reactive", "accountable", "proactive", "partnership"],
    }  # fmt: skip
    assert [tier["is_met"] for tier in found["needs"]] == [True, True, True, True, False]
    rows = "SELECT count(*) AS n FROM standing_changes WHERE organisation_id = $2"
    assert (await service_database.fetch(organisation.id, rows, organisation.id))[0]["n"] == 0


async def test_a_move_keeps_its_reason_and_changes_the_account(
    client: Clients, organisation: Organisation
) -> None:
    account = await created(client, organisation.rep, lifecycle_stage="active", grade="B")
    sent = {
        "lifecycle_stage": "at_risk",
        "grade": "C",
        "reason": "Orders halved.",
        "source": "analytics",
    }
    answer = await client(organisation.manager).post(
        f"{PATH}/{account['id']}/standing", json=sent, headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert (record["lifecycle_stage"], record["grade"], record["version"]) == ("at_risk", "C", 2)
    assert answer.headers["etag"] == '"2"'
    found = await standing(client, organisation.rep, account)
    assert told(found)[:2] == [
        ("lifecycle_stage", "active", "at_risk", "Orders halved.", "analytics"),
        ("grade", "B", "C", "Orders halved.", "analytics"),
    ]
    how = found["present"]["grade"]["how"]
    assert (how["version"], how["actor_id"]) == (2, str(organisation.manager.id))
    assert how["at"] == record["updated_at"]
    history = (await client(organisation.rep).get(f"{PATH}/{account['id']}/history")).json()["data"]
    assert history[0]["changed"] == ["grade", "lifecycle_stage"]


async def test_a_patch_a_batch_and_an_upsert_are_kept_without_a_reason(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep, external_id="K1")
    assert (await rep.patch(f"{PATH}/{account['id']}", json={"grade": "A"})).status_code == 200
    operations = [
        {"op": "update", "id": account["id"], "data": {"needs_tier": "survival"}},
        {"op": "upsert", "match": {"field": "external_id", "value": "K1"}, "data": {"grade": None}},
    ]
    batch = await rep.post(f"{PATH}/batch", json={"operations": operations})
    assert batch.json()["succeeded"] == 2, batch.text
    assert told(await standing(client, organisation.rep, account)) == [
        ("grade", "A", None, None, "by_hand"),
        ("needs_tier", None, "survival", None, "by_hand"),
        ("grade", None, "A", None, "by_hand"),
        ("lifecycle_stage", None, "prospect", None, "by_hand"),
    ]


async def test_a_reason_explains_its_own_change_and_no_later_one(
    client: Clients, organisation: Organisation
) -> None:
    """What explains a change is bound to its transaction; the connection is used again."""
    rep = client(organisation.rep)
    account = await created(client, organisation.rep)
    for grade in ("A", "B", "C"):
        moved = {"grade": grade, "reason": f"because {grade}"}
        assert (await rep.post(f"{PATH}/{account['id']}/standing", json=moved)).status_code == 200
        assert (await rep.patch(f"{PATH}/{account['id']}", json={"grade": "D"})).status_code == 200
    reasons = [
        entry["reason"] for entry in (await standing(client, organisation.rep, account))["history"]
    ]
    assert reasons == [None, "because C", None, "because B", None, "because A", None]


@pytest.mark.parametrize(
    ("first", "then", "field", "says"),
    [
        ({"needs_tier": "security"}, {"needs_tier": "esteem"}, "needs_tier", "social"),
        ({"needs_tier": "survival"}, {"needs_tier": "self_actualisation"}, "needs_tier", "esteem"),
        ({"lifecycle_stage": "active"}, {"lifecycle_stage": "won_back"}, "lifecycle_stage", "lost"),
        ({"lifecycle_stage": "active"}, {"lifecycle_stage": "new"}, "lifecycle_stage", "prospect"),
        ({"lifecycle_stage": "lost"}, {"lifecycle_stage": "active"}, "lifecycle_stage", "prospect"),
    ],
)
async def test_every_way_refuses_a_move_that_skips_with_a_sentence_and_writes_nothing(
    client: Clients, organisation: Organisation, first: dict[str, str], then: dict[str, str],
    field: str, says: str,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    account = await created(client, organisation.rep, **first)
    one = f"{PATH}/{account['id']}"
    patched = await rep.patch(one, json={**then, "industry": "software"})
    moved = await rep.post(f"{one}/standing", json={**then, "reason": "so it is"})
    for answer in (patched, moved):
        assert answer.status_code == 422, answer.text
        assert says in answer.json()["errors"][field]
        assert answer.json()["code"] in ("tier_skipped", "stage_not_reachable")
    batch = await rep.post(
        f"{PATH}/batch",
        json={"mode": "independent", "operations": [{"op": "update", "id": account["id"], "data": then}]},
    )  # fmt: skip
    assert batch.json()["results"][0]["status"] == 422
    assert (await rep.get(one)).json() == account


async def test_a_correction_may_go_anywhere_and_says_that_it_is_one(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep, lifecycle_stage="active")
    sent = {"lifecycle_stage": "prospect", "reason": "Mixed up two firms.", "is_correction": True}
    answer = await rep.post(f"{PATH}/{account['id']}/standing", json=sent)
    assert answer.status_code == 200, answer.text
    found = await standing(client, organisation.rep, account)
    assert found["present"]["lifecycle_stage"]["how"]["is_correction"] is True


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"grade": "A"}, "reason"),
        ({"grade": "A", "reason": "   "}, "reason"),
        ({"grade": "A", "reason": "a\x00b"}, "reason"),
        ({"reason": "nothing moves"}, "body"),
        ({"grade": "E", "reason": "x"}, "grade"),
        ({"lifecycle_stage": None, "reason": "x"}, "lifecycle_stage"),
        ({"grade": "A", "reason": "x", "source": "gossip"}, "source"),
        ({"grade": "A", "reason": "x", "effective_on": "2999-01-01"}, "effective_on"),
        ({"grade": "A", "reason": "x", "effective_on": "yesterday"}, "effective_on"),
        ({"grade": "A", "reason": "x", "name": "other"}, "name"),
    ],
)
async def test_what_cannot_be_told_is_named(
    client: Clients, organisation: Organisation, sent: dict[str, Any], field: str
) -> None:
    account = await created(client, organisation.rep)
    answer = await client(organisation.rep).post(f"{PATH}/{account['id']}/standing", json=sent)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]
    assert (await standing(client, organisation.rep, account))["version"] == 1


async def test_days_are_counted_from_when_it_took_effect(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep, lifecycle_stage="active")
    one = f"{PATH}/{account['id']}/standing"
    for stage, day in (("lost", "2026-01-10"), ("won_back", "2026-03-01")):
        sent = {"lifecycle_stage": stage, "reason": "told late", "effective_on": day}
        assert (await rep.post(one, json=sent)).status_code == 200
    found = await standing(client, organisation.rep, account)
    now, lost, active = (e for e in found["history"] if e["dimension"] == "lifecycle_stage")
    assert (lost["since"], lost["until"], lost["days"]) == ("2026-01-10", "2026-03-01", 50)
    assert (now["since"], now["until"], now["effective_on"]) == ("2026-03-01", None, "2026-03-01")
    assert now["days"] > 0
    assert active["days"] == 0  # it was written down after it had ended
    early = {"lifecycle_stage": "lost", "reason": "x", "effective_on": "2026-02-28"}
    refused = await rep.post(one, json=early)
    assert refused.status_code == 422
    assert "2026-03-01" in refused.json()["errors"]["effective_on"]


async def test_the_history_is_paged_and_holds_each_entry_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep, grade="A", relationship_level="basic")
    for grade, level in (("B", "reactive"), ("C", "basic"), ("D", "proactive")):
        sent = {"grade": grade, "relationship_level": level}
        assert (await rep.patch(f"{PATH}/{account['id']}", json=sent)).status_code == 200
    whole = await standing(client, organisation.rep, account)
    assert len(whole["history"]) == 9
    assert whole["page"] == {"next_cursor": None, "has_more": False, "total": None}
    pages: list[Any] = []
    asked: dict[str, Any] = {"limit": 2}
    while True:
        found = await standing(client, organisation.rep, account, **asked)
        assert found["present"] == whole["present"]
        pages += found["history"]
        if not found["page"]["has_more"]:
            break
        asked["cursor"] = found["page"]["next_cursor"]
    assert pages == whole["history"]


@pytest.mark.parametrize(
    "asked",
    [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"limit": "9" * 30}, {"cursor": "x"},
     {"cursor": "1-nonsense"}, {"nonsense": "1"}],
)  # fmt: skip
async def test_a_bad_parameter_is_named(
    client: Clients, organisation: Organisation, asked: dict[str, str]
) -> None:
    account = await created(client, organisation.rep)
    answer = await client(organisation.rep).get(f"{PATH}/{account['id']}/standing", params=asked)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()["errors"]) == set(asked)


async def test_a_stale_move_is_refused_and_a_repeated_one_done_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep)
    one = f"{PATH}/{account['id']}"
    key = {"Idempotency-Key": str(new_id())}
    first = await rep.post(f"{one}/standing", json=LOST, headers=key)
    again = await rep.post(f"{one}/standing", json=LOST, headers=key)
    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    stale = await rep.post(
        f"{one}/standing", json={**LOST, "grade": "D"}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    assert stale.json()["differs"] == ["lifecycle_stage"]
    same = await rep.post(f"{one}/standing", json=LOST)  # moves nothing, so nothing is kept
    assert same.json() == first.json()
    assert len((await standing(client, organisation.rep, account))["history"]) == 2


async def test_of_many_moves_at_once_each_is_kept_and_they_follow_each_other(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await created(client, organisation.rep, grade="A")
    one = f"{PATH}/{account['id']}/standing"
    grades = [grade for _ in range(5) for grade in "BCDA"]
    answers = await asyncio.gather(
        *(rep.post(one, json={"grade": g, "reason": str(n)}) for n, g in enumerate(grades))
    )
    assert {answer.status_code for answer in answers} == {200}
    entries = (await standing(client, organisation.rep, account))["history"]
    graded = [e for e in entries if e["dimension"] == "grade"]
    assert [e["to"] for e in graded[1:]] == [e["from"] for e in graded[:-1]]
    version = (await rep.get(f"{PATH}/{account['id']}")).json()["version"]
    assert len(graded) == version  # every version moved the grade, the first one began it


async def test_strangers_neither_see_nor_move_and_readers_only_see(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    account = await created(client, organisation.rep)
    one = f"{PATH}/{account['id']}/standing"
    for user in (organisation.rep2, other_organisation.admin):
        assert (await client(user).get(one)).status_code == 404
        assert (await client(user).post(one, json=LOST)).status_code == 404
    reader = organisation.manager.but(permissions=("accounts:read",))
    assert (await client(reader).get(one)).status_code == 200
    assert (await client(reader).post(one, json=LOST)).status_code == 403
    assert (await standing(client, organisation.rep, account))["version"] == 1
