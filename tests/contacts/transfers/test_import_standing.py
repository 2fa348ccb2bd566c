"""Imports move accounts by the same rules as requests, and each move is kept as the import's."""

from typing import Any

from tests.contacts.transfers.sending import Sender

HEADER = "external_id,name,lifecycle_stage,needs_tier,grade\n"


async def standing(send: Sender, external_id: str) -> dict[str, Any]:
    (account,) = await send.records(external_id=external_id)
    answer = await send.client.get(f"/v1/accounts/{account['id']}/standing")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_first_values_pass_whatever_they_are(send: Sender) -> None:
    made = await send.client.post("/v1/accounts", json={"name": "Beta", "external_id": "B"})
    assert made.status_code == 201
    rows = HEADER + "A,Acme,won_back,self_actualisation,A\nB,Beta,loyal,esteem,B\n"
    found = await send(rows, key="external_id", duplicates="update")
    assert found["job"]["counts"]["refused"] == 0
    new, changed = await standing(send, "A"), await standing(send, "B")
    assert {e["source"] for e in new["history"]} == {"import"}
    assert new["present"]["lifecycle_stage"]["value"] == "won_back"
    assert [(e["to"], e["source"], e["version"]) for e in changed["history"]] == [
        ("esteem", "import", 2),
        ("loyal", "import", 2),
        ("B", "import", 2),
        ("prospect", "by_hand", 1),
    ]


async def test_a_row_that_skips_is_refused_with_the_sentence_of_the_api(send: Sender) -> None:
    await send(HEADER + "A,Acme,active,survival,A\nB,Beta,lost,social,B\n", key="external_id")
    rows = HEADER + "A,Acme,at_risk,esteem,A\nB,Beta,active,social,B\nC,New,active,esteem,C\n"
    found = await send(rows, key="external_id", duplicates="update")
    counts = found["job"]["counts"]
    assert (counts["refused"], counts["created"], counts["updated"]) == (2, 1, 0)
    errors = await send.errors(found["id"])
    assert "security and social are not met yet" in errors
    assert "active is reached from" in errors
    assert (await standing(send, "A"))["version"] == 1


async def test_two_rows_of_one_file_are_two_moves(send: Sender) -> None:
    rows = HEADER + "A,Acme,active,survival,A\nA,Acme,lost,security,A\nA,Acme,won_back,social,A\n"
    found = await send(rows, key="external_id", duplicates="update")
    assert found["job"]["counts"]["updated"] == 2
    entries = (await standing(send, "A"))["history"]
    stages = [(e["from"], e["to"]) for e in entries if e["dimension"] == "lifecycle_stage"]
    assert stages == [("lost", "won_back"), ("active", "lost"), (None, "active")]


async def test_a_dry_run_moves_nothing(send: Sender) -> None:
    await send(HEADER + "A,Acme,active,survival,A\n", key="external_id")
    rows = HEADER + "A,Acme,lost,survival,A\n"
    found = await send(rows, key="external_id", duplicates="update", dry_run=True)
    assert found["job"]["counts"]["updated"] == 1
    assert len((await standing(send, "A"))["history"]) == 3
